import { type AddressInfo, createServer } from 'node:net';
import { addMember } from '../support/members.js';
import { until } from '../support/process.js';
import type { Receiver } from '../support/receiver.js';
import { useWebhooks } from '../support/webhooks.js';

const rig = useWebhooks();
const { admin, endpoint, news, post, log, settled, find } = rig;

test('a failure is tried again under the same webhook-id, with the same body, and its success counts', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  rig.receiver.answer = (response) => response.writeHead(500).end('no luck\n today');
  await post(news(caller.accountId));
  const failed = await settled(caller, id);
  expect(failed).toMatchObject({
    state: 'WAITING',
    attempts: 1,
    responseCode: 500,
    error: 'The answer was 500: no luck today',
  });
  const [{ waitS }] = (await rig.t.database.query(
    `SELECT extract(epoch FROM next_attempt_at - attempted_at)::float AS "waitS"
       FROM notification_delivery WHERE endpoint_id = $1`,
    [id],
  )) as [{ waitS: number }];
  // Five seconds, give or take a tenth, after an attempt that may have taken a while.
  expect(waitS).toBeGreaterThan(4);
  expect(waitS).toBeLessThan(20);
  expect((await find(caller, id)).failingSince).not.toBeNull();
  rig.receiver.answer = (response) => response.writeHead(200).end();
  await rig.hurry();
  await until('it to arrive', async () =>
    (await log(caller, id))[0].state === 'DELIVERED' ? true : undefined,
  );
  const [first, second] = rig.receiver.received;
  expect(second?.id).toBe(first?.id);
  expect(second?.text).toBe(first?.text);
  expect((await find(caller, id)).failingSince).toBeNull();
});

test('Retry-After is honored, up to a day', async () => {
  for (const [asked, expected] of [
    ['120', 120],
    ['9999999', 24 * 3_600],
  ] as const) {
    const caller = await admin();
    const { id } = await endpoint(caller);
    rig.receiver.answer = (response) => response.writeHead(429, { 'retry-after': asked }).end();
    await post(news(caller.accountId));
    const { nextAttemptAt } = await settled(caller, id);
    const waitS = (Date.parse(nextAttemptAt) - Date.now()) / 1_000;
    expect(Math.abs(waitS - expected)).toBeLessThan(20);
  }
});

test('the last attempt ends it; one replay, or all since a time, brings it back', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  rig.receiver.answer = (response) => response.writeHead(503).end();
  await post(news(caller.accountId), news(caller.accountId));
  await until('both to be tried', () => (rig.receiver.received.length === 2 ? true : undefined));
  await settled(caller, id);
  await rig.t.database.query(
    `UPDATE notification_delivery SET attempts = 9, next_attempt_at = now() WHERE endpoint_id = $1 AND state = 'WAITING'`,
    [id],
  );
  const dead = await until('both to be given up', async () => {
    const rows = await log(caller, id);
    return rows.every((row: { state: string }) => row.state === 'DEAD') ? rows : undefined;
  });
  expect(dead[0]).toMatchObject({ attempts: 10, nextAttemptAt: null });
  rig.receiver.answer = (response) => response.writeHead(200).end();
  const one = await caller.gql(
    'mutation ($id: ID!) { replayWebhookDelivery(input: { id: $id }) { webhookDelivery { state } userErrors { code message path details } } }',
    { id: dead[0].id },
  );
  expect(one.body.data.replayWebhookDelivery.webhookDelivery).toEqual({ state: 'WAITING' });
  const again = async (since: string) => {
    const { body } = await caller.gql(
      `mutation ($id: ID!, $since: DateTimeISO!) {
        replayFailedWebhookDeliveries(input: { endpointId: $id, since: $since }) {
          count
          userErrors { code message path details }
        }
      }`,
      { id, since },
    );
    return body.data.replayFailedWebhookDeliveries as object;
  };
  expect(await again('2100-01-01T00:00:00Z')).toEqual({ count: 0, userErrors: [] });
  expect(await again('2000-01-01T00:00:00Z')).toEqual({ count: 1, userErrors: [] });
  await until('both to arrive', async () =>
    (await log(caller, id)).every((row: { state: string }) => row.state === 'DELIVERED')
      ? true
      : undefined,
  );
  expect(new Set(rig.receiver.received.map((webhook) => webhook.id)).size).toBe(2);
});

test.each([
  ['410 Gone, at once', 410, '2 hours'],
  ['failures for three days', 500, '73 hours'],
])(
  '%s, switches an endpoint off, once, and its owner is told by mail',
  async (_name, status, since) => {
    const caller = await admin();
    const owner = await addMember(rig.t.database, caller.accountId);
    const { id } = await endpoint(caller);
    await rig.t.database.query(
      `UPDATE webhook_endpoint SET failing_since = now() - $2::interval WHERE id = $1`,
      [id, since],
    );
    rig.receiver.answer = (response) => response.writeHead(status).end();
    await post(news(caller.accountId), news(caller.accountId), news(caller.accountId));
    const off = await until('it to be switched off', async () => {
      const found = await find(caller, id);
      return found.isEnabled === false ? found : undefined;
    });
    expect(off.disabledReason).toMatch(status === 410 ? /410/ : /3 days/);
    // One that is in hand when the endpoint is switched off ends by itself.
    await until('all of its deliveries to be given up', async () =>
      (await log(caller, id)).every((row: { state: string }) => row.state === 'DEAD')
        ? true
        : undefined,
    );
    const mails = await rig.t.database.query(
      `SELECT d.recipient FROM notification n JOIN notification_delivery d ON d.notification_id = n.id
      WHERE n.account_id = $1 AND n.type = 'webhook.disabled'`,
      [caller.accountId],
    );
    expect(mails).toEqual([{ recipient: owner }]);
    expect(await post(news(caller.accountId))).toBe(1);
    expect(await log(caller, id)).toHaveLength(3);
    const on = await caller.gql(
      `mutation ($id: ID!) {
        updateWebhookEndpoint(input: { id: $id, isEnabled: true }) {
          webhookEndpoint { isEnabled disabledReason failingSince }
          userErrors { code message path details }
        }
      }`,
      { id },
    );
    expect(on.body.data.updateWebhookEndpoint.webhookEndpoint).toEqual({
      isEnabled: true,
      disabledReason: null,
      failingSince: null,
    });
  },
);

describe('with three seconds for an answer', () => {
  const rig = useWebhooks(3_000);
  const { admin, endpoint, news, post, log, settled } = rig;

  test.each([
    ['never answers', () => undefined, /no answer within 3000 ms/],
    [
      'redirects to this machine',
      (response: Parameters<Receiver['answer']>[0]) =>
        response.writeHead(302, { location: `http://127.0.0.1:1/` }).end(),
      /302; redirects are not followed/,
    ],
    [
      'answers byte by byte',
      (response: Parameters<Receiver['answer']>[0]) => {
        response.writeHead(500).write('x');
        const timer = setInterval(() => response.write('x'), 100);
        response.on('close', () => {
          clearInterval(timer);
        });
      },
      /500: x+$/,
    ],
    [
      'answers without an end',
      (response: Parameters<Receiver['answer']>[0]) => {
        response.writeHead(500);
        const write = () => {
          while (!response.destroyed && response.write('y'.repeat(65_536)));
        };
        response.on('drain', write);
        write();
      },
      /500: y{300}$/,
    ],
  ])('a receiver that %s is a failure within the time-out', async (_name, answer, error) => {
    const caller = await admin();
    const { id } = await endpoint(caller);
    rig.receiver.answer = answer;
    await post(news(caller.accountId));
    const delivery = await settled(caller, id);
    expect(delivery.error).toMatch(error);
    // Three seconds, and what a busy machine takes; two of these would go on for ever.
    expect(delivery.durationMs).toBeLessThan(20_000);
  });

  test('endpoints that never answer hold nobody up', async () => {
    const [slow, quick] = await Promise.all([admin(), admin()]);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    for (let n = 0; n < 10; n += 1) {
      await endpoint(slow, `http://127.0.0.1:${String(port)}/${String(n)}`);
    }
    await post(...Array.from({ length: 50 }, () => news(slow.accountId)));
    const { id } = await endpoint(quick);
    await post(...Array.from({ length: 20 }, () => news(quick.accountId)));
    await until('the quick one to have all', async () => {
      const rows = await log(quick, id);
      return rows.every((row: { state: string }) => row.state === 'DELIVERED') ? true : undefined;
    });
    // 500 deliveries of 3 s each lie before them, of which most have not even begun.
    const [{ untried }] = (await rig.t.database.query(
      `SELECT count(*)::int AS untried FROM notification_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
        WHERE e.account_id = $1 AND d.attempts = 0`,
      [slow.accountId],
    )) as [{ untried: number }];
    expect(untried).toBeGreaterThan(250);
    silent.close();
    await rig.t.database.query('DELETE FROM webhook_endpoint WHERE account_id = $1', [
      slow.accountId,
    ]);
  });
});
