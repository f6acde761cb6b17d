import { codeOf, errorOf } from '../support/app.js';
import { until } from '../support/process.js';
import { verify } from '../support/receiver.js';
import { useWebhooks } from '../support/webhooks.js';

const rig = useWebhooks();
const { admin, endpoint, news, post, settled, find } = rig;

test('after a rotation both secrets verify, until the old one’s time is over', async () => {
  const caller = await admin();
  const { id, secret: old } = await endpoint(caller);
  const rotated = await caller.gql(
    'mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id, graceHours: 1 }) { secret userErrors { code message path details } } }',
    { id },
  );
  const { secret } = rotated.body.data.rotateWebhookSecret;
  const test = () =>
    caller.gql(
      'mutation ($id: ID!) { sendTestWebhook(input: { id: $id }) { webhookEndpoint { id } userErrors { code message path details } } }',
      { id },
    );
  await test();
  const first = await until('a test event', () => rig.receiver.received[0]);
  expect(verify(secret, first)).toMatchObject({ type: 'webhook.test' });
  expect(verify(old, first)).toMatchObject({ type: 'webhook.test' });
  await rig.t.database.query(
    `UPDATE webhook_endpoint SET previous_secret_until = now() - interval '1 s' WHERE id = $1`,
    [id],
  );
  await test();
  const second = await until('another test event', () => rig.receiver.received[1]);
  expect(verify(secret, second)).toMatchObject({ type: 'webhook.test' });
  expect(() => verify(old, second)).toThrow();
});

test('an account has ten endpoints at most, also when they are made at once', async () => {
  const caller = await admin();
  const answers = await Promise.all(
    Array.from({ length: 14 }, () =>
      caller.gql(
        'mutation ($url: String!) { createWebhookEndpoint(input: { url: $url }) { secret userErrors { code message path details } } }',
        { url: rig.receiver.url },
      ),
    ),
  );
  const codes = answers.map(({ body }) => codeOf({ body }) ?? 'made').sort();
  expect(codes).toEqual([...Array(4).fill('CONFLICT'), ...Array(10).fill('made')]);
});

test('another account’s endpoints and deliveries answer as absent ones', async () => {
  const [owner, stranger] = await Promise.all([admin(), admin()]);
  const { id } = await endpoint(owner);
  await post(news(owner.accountId));
  const delivery = await settled(owner, id);
  const absent = { id: 'whe_none', delivery: 'dlv_none' };
  const operations = (ids: { id: string; delivery: string }) => [
    `{ account { webhookDeliveries(endpointId: "${ids.id}") { edges { cursor } } } }`,
    `mutation { updateWebhookEndpoint(input: { id: "${ids.id}", isEnabled: false }) { webhookEndpoint { id } userErrors { code message path details } } }`,
    `mutation { deleteWebhookEndpoint(input: { id: "${ids.id}" }) { deletedWebhookEndpointId userErrors { code message path details } } }`,
    `mutation { rotateWebhookSecret(input: { id: "${ids.id}" }) { secret userErrors { code message path details } } }`,
    `mutation { sendTestWebhook(input: { id: "${ids.id}" }) { webhookEndpoint { id } userErrors { code message path details } } }`,
    `mutation { replayWebhookDelivery(input: { id: "${ids.delivery}" }) { webhookDelivery { id } userErrors { code message path details } } }`,
    `mutation { replayFailedWebhookDeliveries(input: { endpointId: "${ids.id}", since: "2026-01-01T00:00:00Z" }) { count userErrors { code message path details } } }`,
  ];
  const theirs = operations({ id, delivery: delivery.id });
  for (const [n, operation] of operations(absent).entries()) {
    const [one, other] = await Promise.all([
      stranger.gql(theirs[n] ?? ''),
      stranger.gql(operation),
    ]);
    const said = (answer: typeof one) => {
      const { message, code } = errorOf(answer) ?? {};
      return [message, code];
    };
    expect(said(one)).toEqual(said(other));
    expect(said(one)[1]).toBe('NOT_FOUND');
  }
  expect((await find(owner, id)).isEnabled).toBe(true);
});

test('secrets stand in no log line and no audit event', async () => {
  const caller = await admin();
  const { id, secret } = await endpoint(caller);
  await caller.gql(
    'mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id }) { secret userErrors { code message path details } } }',
    { id },
  );
  const events = await rig.t.database.query(
    'SELECT action, details FROM audit_event WHERE target = $1',
    [id],
  );
  expect(events.map(({ action }) => action as string).sort()).toEqual([
    'webhook.created',
    'webhook.secret-rotated',
  ]);
  expect(JSON.stringify(events)).not.toContain(secret);
  expect(rig.t.log.join('\n')).not.toContain('whsec_');
});
