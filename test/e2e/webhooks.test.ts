import { createServer } from 'node:net';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import type { NewNotification } from '../../src/notifications/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';
import { type Receiver, startReceiver, verify } from '../support/receiver.js';

let t: TestApp;
let receiver: Receiver;
const outbox = temporaryFolder();
beforeAll(async () => {
  t = await startTestApp({
    seeded: false,
    config: {
      webhooks: { allow: ['127.0.0.1'], timeoutMs: 700 },
      mail: {
        smtpUrl: undefined,
        from: 'gigarouter <noreply@test.example>',
        outboxDir: outbox.path,
      },
    },
  });
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => {
  receiver.close();
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const admin = () => newCaller(t, 0n, { scopes: ['ADMIN', 'READ'] });

interface Endpoint {
  readonly id: string;
  readonly secret: string;
}

async function endpoint(caller: Caller, url = receiver.url, types = '[]'): Promise<Endpoint> {
  const { body } = await caller.gql(
    `mutation($url: String!) { createWebhookEndpoint(input: { url: $url, types: ${types} }) { secret endpoint { id } } }`,
    { url },
  );
  expect(body.errors).toBeUndefined();
  const { secret, endpoint: made } = body.data.createWebhookEndpoint;
  return { id: made.id, secret };
}

let count = 0;
const news = (accountId: NewNotification['accountId'], more: Partial<NewNotification> = {}) => ({
  id: `test:${String((count += 1))}`,
  type: 'model.live' as const,
  accountId,
  data: { model: 'a/b', n: 1 },
  mail: undefined,
  ...more,
});
/** Posts, and begins a turn without waiting for the next one. */
async function post(...all: NewNotification[]): Promise<number> {
  const { notifications } = t.app.services;
  const fresh = await t.app.database.prisma.$transaction((tx) => notifications.post(tx, all));
  void notifications.turn();
  return fresh;
}

async function log(caller: Caller, endpointId: string) {
  const { body } = await caller.gql(
    `query($id: ID!) { webhookDeliveries(endpointId: $id) { edges { node {
       id webhookId type state attempts responseCode durationMs error nextAttemptAt endedAt } } } }`,
    { id: endpointId },
  );
  expect(body.errors).toBeUndefined();
  // Untyped on purpose: tests look into whatever came.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return body.data.webhookDeliveries.edges.map(({ node }: any) => node);
}
const settled = (caller: Caller, id: string) =>
  until('a delivery to be tried', async () => {
    const [row] = await log(caller, id);
    return row?.attempts > 0 && (row.durationMs !== null || row.endedAt !== null) ? row : undefined;
  });
/** Makes what waits due now. */
const hurry = () =>
  t.database.query(
    `UPDATE notification_delivery SET next_attempt_at = now() WHERE state = 'WAITING' AND lease_until IS NULL`,
  );
/** What the platform knows of an endpoint. */
async function find(caller: Caller, id: string) {
  const { body } = await caller.gql(
    '{ webhookEndpoints { id enabled disabledReason failingSince previousSecretUntil } }',
  );
  return body.data.webhookEndpoints.find((each: { id: string }) => each.id === id);
}

test('a webhook is signed as the Standard Webhooks libraries verify it', async () => {
  const caller = await admin();
  const { id, secret } = await endpoint(caller);
  const notification = news(caller.accountId);
  expect(await post(notification)).toBe(1);
  const delivery = await settled(caller, id);
  expect(delivery).toMatchObject({
    state: 'DELIVERED',
    webhookId: notification.id,
    type: 'MODEL_LIVE',
    responseCode: 204,
    error: null,
    nextAttemptAt: null,
  });
  const [webhook] = receiver.received;
  if (webhook === undefined) throw new Error('Nothing came.');
  expect(webhook.id).toBe(notification.id);
  expect(verify(secret, webhook)).toEqual({
    type: 'model.live',
    timestamp: expect.stringMatching(/^\d{4}-/) as string,
    data: notification.data,
  });
  expect(() => verify(`whsec_${btoa('another secret')}`, webhook)).toThrow();
  expect(() => verify(secret, { ...webhook, text: `${webhook.text} ` })).toThrow();
});

test('what is posted twice is told once, and what is rolled back is not told', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  const once = news(caller.accountId);
  expect(await post(once, once)).toBe(1);
  expect(await post(once)).toBe(0);
  const dropped = news(caller.accountId);
  await expect(
    t.app.database.prisma.$transaction(async (tx) => {
      await t.app.services.notifications.post(tx, [dropped]);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  await settled(caller, id);
  expect(await log(caller, id)).toHaveLength(1);
  expect(receiver.received.map((webhook) => webhook.id)).toEqual([once.id]);
});

test('an endpoint gets the types that it wants, of its own account', async () => {
  const [caller, other] = await Promise.all([admin(), admin()]);
  const { id } = await endpoint(caller, receiver.url, '[BALANCE_LOW]');
  const wanted = news(caller.accountId, { type: 'balance.low' });
  await post(news(caller.accountId), wanted, news(other.accountId, { type: 'balance.low' }));
  await settled(caller, id);
  expect((await log(caller, id)).map((row: { webhookId: string }) => row.webhookId)).toEqual([
    wanted.id,
  ]);
});

test('each recipient of a mail gets one of their own, and a second sending is the same file', async () => {
  const mail = { to: ['a@test.example', 'b@test.example'], subject: 'News', text: 'Hello.' };
  const { id } = news(undefined);
  await post({ ...news(undefined), id, mail });
  const delivered = async () =>
    (
      await t.database.query<{ id: string; state: string; recipient: string }>(
        'SELECT id, state, recipient FROM notification_delivery WHERE notification_id = $1 ORDER BY recipient',
        [id],
      )
    ).filter(({ state }) => state === 'DELIVERED');
  const rows = await until('both mails', async () => {
    const found = await delivered();
    return found.length === 2 ? found : undefined;
  });
  const files = () => readdirSync(outbox.path).filter((name) => name.endsWith('.eml'));
  expect(files().sort()).toEqual(rows.map((row) => `${row.id}.eml`).sort());
  // As after a crash between sending and marking.
  await t.database.query(
    `UPDATE notification_delivery SET state = 'WAITING', ended_at = NULL, next_attempt_at = now() WHERE notification_id = $1`,
    [id],
  );
  await until('them to be sent again', async () =>
    (await delivered()).length === 2 ? true : undefined,
  );
  expect(files()).toHaveLength(2);
  for (const row of rows) {
    const text = readFileSync(path.join(outbox.path, `${row.id}.eml`), 'utf8');
    expect(text).toContain(`Message-ID: <${row.id}@test.example>`);
    expect(text).toContain(`To: ${row.recipient}`);
  }
});

test('a failure is tried again under the same webhook-id, with the same body, and its success counts', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  receiver.answer = (response) => response.writeHead(500).end('no luck\n today');
  await post(news(caller.accountId));
  const failed = await settled(caller, id);
  expect(failed).toMatchObject({
    state: 'WAITING',
    attempts: 1,
    responseCode: 500,
    error: 'The answer was 500: no luck today',
  });
  const waitS = (Date.parse(failed.nextAttemptAt) - Date.now()) / 1_000;
  expect(waitS).toBeGreaterThan(2);
  expect(waitS).toBeLessThan(6);
  expect((await find(caller, id)).failingSince).not.toBeNull();
  receiver.answer = (response) => response.writeHead(200).end();
  await hurry();
  await until('it to arrive', async () =>
    (await log(caller, id))[0].state === 'DELIVERED' ? true : undefined,
  );
  const [first, second] = receiver.received;
  expect(second?.id).toBe(first?.id);
  expect(second?.text).toBe(first?.text);
  expect((await find(caller, id)).failingSince).toBeNull();
});

test('Retry-After is honoured, up to a day', async () => {
  for (const [asked, expected] of [
    ['120', 120],
    ['9999999', 24 * 3_600],
  ] as const) {
    const caller = await admin();
    const { id } = await endpoint(caller);
    receiver.answer = (response) => response.writeHead(429, { 'retry-after': asked }).end();
    await post(news(caller.accountId));
    const { nextAttemptAt } = await settled(caller, id);
    const waitS = (Date.parse(nextAttemptAt) - Date.now()) / 1_000;
    expect(Math.abs(waitS - expected)).toBeLessThan(20);
  }
});

test('the last attempt ends it; one replay, or all since a time, brings it back', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  receiver.answer = (response) => response.writeHead(503).end();
  await post(news(caller.accountId), news(caller.accountId));
  await until('both to be tried', () => (receiver.received.length === 2 ? true : undefined));
  await settled(caller, id);
  await t.database.query(
    `UPDATE notification_delivery SET attempts = 9, next_attempt_at = now() WHERE endpoint_id = $1 AND state = 'WAITING'`,
    [id],
  );
  const dead = await until('both to be given up', async () => {
    const rows = await log(caller, id);
    return rows.every((row: { state: string }) => row.state === 'DEAD') ? rows : undefined;
  });
  expect(dead[0]).toMatchObject({ attempts: 10, nextAttemptAt: null });
  receiver.answer = (response) => response.writeHead(200).end();
  const one = await caller.gql('mutation($id: ID!) { replayWebhookDelivery(id: $id) { state } }', {
    id: dead[0].id,
  });
  expect(one.body.data.replayWebhookDelivery).toEqual({ state: 'WAITING' });
  const again = (since: string) =>
    caller.gql(
      'mutation($id: ID!, $since: DateTimeISO!) { replayFailedWebhookDeliveries(endpointId: $id, since: $since) }',
      { id, since },
    );
  expect((await again('2100-01-01T00:00:00Z')).body.data.replayFailedWebhookDeliveries).toBe(0);
  expect((await again('2000-01-01T00:00:00Z')).body.data.replayFailedWebhookDeliveries).toBe(1);
  await until('both to arrive', async () =>
    (await log(caller, id)).every((row: { state: string }) => row.state === 'DELIVERED')
      ? true
      : undefined,
  );
  expect(new Set(receiver.received.map((webhook) => webhook.id)).size).toBe(2);
});

test.each([
  ['410 Gone, at once', 410, '2 hours'],
  ['failures for three days', 500, '73 hours'],
])(
  '%s, switches an endpoint off, once, and its owner is told by mail',
  async (_name, status, since) => {
    const caller = await admin();
    await t.database.query(`INSERT INTO app_user (id, name, email) VALUES ($1, 'Owner', $2)`, [
      `usr_${caller.accountId}`,
      `${caller.accountId}@test.example`,
    ]);
    await t.database.query(
      `INSERT INTO membership (account_id, user_id, role) VALUES ($1, $2, 'OWNER')`,
      [caller.accountId, `usr_${caller.accountId}`],
    );
    const { id } = await endpoint(caller);
    await t.database.query(
      `UPDATE webhook_endpoint SET failing_since = now() - $2::interval WHERE id = $1`,
      [id, since],
    );
    receiver.answer = (response) => response.writeHead(status).end();
    await post(news(caller.accountId), news(caller.accountId), news(caller.accountId));
    const off = await until('it to be switched off', async () => {
      const found = await find(caller, id);
      return found.enabled === false ? found : undefined;
    });
    expect(off.disabledReason).toMatch(status === 410 ? /410/ : /3 days/);
    // One that is in hand when the endpoint is switched off ends by itself.
    await until('all of its deliveries to be given up', async () =>
      (await log(caller, id)).every((row: { state: string }) => row.state === 'DEAD')
        ? true
        : undefined,
    );
    const mails = await t.database.query(
      `SELECT d.recipient FROM notification n JOIN notification_delivery d ON d.notification_id = n.id
      WHERE n.account_id = $1 AND n.type = 'webhook.disabled'`,
      [caller.accountId],
    );
    expect(mails).toEqual([{ recipient: `${caller.accountId}@test.example` }]);
    expect(await post(news(caller.accountId))).toBe(1);
    expect(await log(caller, id)).toHaveLength(3);
    const on = await caller.gql(
      'mutation($id: ID!) { updateWebhookEndpoint(id: $id, input: { enabled: true }) { enabled disabledReason failingSince } }',
      { id },
    );
    expect(on.body.data.updateWebhookEndpoint).toEqual({
      enabled: true,
      disabledReason: null,
      failingSince: null,
    });
  },
);

test('after a rotation both secrets verify, until the old one’s time is over', async () => {
  const caller = await admin();
  const { id, secret: old } = await endpoint(caller);
  const rotated = await caller.gql(
    'mutation($id: ID!) { rotateWebhookSecret(id: $id, graceHours: 1) { secret } }',
    { id },
  );
  const { secret } = rotated.body.data.rotateWebhookSecret;
  const test = () => caller.gql('mutation($id: ID!) { sendTestWebhook(id: $id) { id } }', { id });
  await test();
  const first = await until('a test event', () => receiver.received[0]);
  expect(verify(secret, first)).toMatchObject({ type: 'webhook.test' });
  expect(verify(old, first)).toMatchObject({ type: 'webhook.test' });
  await t.database.query(
    `UPDATE webhook_endpoint SET previous_secret_until = now() - interval '1 s' WHERE id = $1`,
    [id],
  );
  await test();
  const second = await until('another test event', () => receiver.received[1]);
  expect(verify(secret, second)).toMatchObject({ type: 'webhook.test' });
  expect(() => verify(old, second)).toThrow();
});

test.each([
  ['never answers', () => undefined, /no answer within 700 ms/],
  [
    'redirects to this machine',
    (response: Parameters<Receiver['answer']>[0]) =>
      response.writeHead(302, { location: `http://127.0.0.1:1/` }).end(),
    /302; redirects are not followed/,
  ],
  [
    'answers byte by byte',
    (response: Parameters<Receiver['answer']>[0]) => {
      response.writeHead(500);
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
  receiver.answer = answer;
  await post(news(caller.accountId));
  const delivery = await settled(caller, id);
  expect(delivery.error).toMatch(error);
  expect(delivery.durationMs).toBeLessThan(1_500);
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
  const startedAt = Date.now();
  await post(...Array.from({ length: 20 }, () => news(quick.accountId)));
  await until('the quick one to have all', async () => {
    const rows = await log(quick, id);
    return rows.every((row: { state: string }) => row.state === 'DELIVERED') ? true : undefined;
  });
  // 500 deliveries of 0.7 s each lie before them; 20 of its own, 4 at once, take some turns.
  expect(Date.now() - startedAt).toBeLessThan(10_000);
  silent.close();
  await t.database.query('DELETE FROM webhook_endpoint WHERE account_id = $1', [slow.accountId]);
});

test('what a process had in hand when it died comes again, under the same id', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  // Sent, and the process died before it was marked.
  await post(news(caller.accountId));
  await settled(caller, id);
  await t.database.query(
    `UPDATE notification_delivery SET state = 'WAITING', ended_at = NULL, next_attempt_at = now(),
            lease_until = now() - interval '1 s' WHERE endpoint_id = $1`,
    [id],
  );
  await until('it to come again', () => (receiver.received.length === 2 ? true : undefined));
  expect(receiver.received[1]?.id).toBe(receiver.received[0]?.id);
});

test('an account has ten endpoints at most, also when they are made at once', async () => {
  const caller = await admin();
  const answers = await Promise.all(
    Array.from({ length: 14 }, () =>
      caller.gql(
        'mutation($url: String!) { createWebhookEndpoint(input: { url: $url }) { secret } }',
        { url: receiver.url },
      ),
    ),
  );
  const codes = answers.map(({ body }) => body.errors?.[0].extensions.code ?? 'made').sort();
  expect(codes).toEqual([...Array(4).fill('CONFLICT'), ...Array(10).fill('made')]);
});

test('another account’s endpoints and deliveries answer as absent ones', async () => {
  const [owner, stranger] = await Promise.all([admin(), admin()]);
  const { id } = await endpoint(owner);
  await post(news(owner.accountId));
  const delivery = await settled(owner, id);
  const absent = { id: 'whe_none', delivery: 'dlv_none' };
  const operations = (ids: { id: string; delivery: string }) => [
    `{ webhookDeliveries(endpointId: "${ids.id}") { edges { cursor } } }`,
    `mutation { updateWebhookEndpoint(id: "${ids.id}", input: { enabled: false }) { id } }`,
    `mutation { deleteWebhookEndpoint(id: "${ids.id}") { id } }`,
    `mutation { rotateWebhookSecret(id: "${ids.id}") { secret } }`,
    `mutation { sendTestWebhook(id: "${ids.id}") { id } }`,
    `mutation { replayWebhookDelivery(id: "${ids.delivery}") { id } }`,
    `mutation { replayFailedWebhookDeliveries(endpointId: "${ids.id}", since: "2026-01-01T00:00:00Z") }`,
  ];
  const theirs = operations({ id, delivery: delivery.id });
  for (const [n, operation] of operations(absent).entries()) {
    const [one, other] = await Promise.all([
      stranger.gql(theirs[n] ?? ''),
      stranger.gql(operation),
    ]);
    const said = ({ body }: typeof one) => {
      const { message, extensions } = body.errors[0];
      return [message, extensions.code];
    };
    expect(said(one)).toEqual(said(other));
    expect(said(one)[1]).toBe('NOT_FOUND');
  }
  expect((await find(owner, id)).enabled).toBe(true);
});

test('secrets stand in no log line and no audit event', async () => {
  const caller = await admin();
  const { id, secret } = await endpoint(caller);
  await caller.gql('mutation($id: ID!) { rotateWebhookSecret(id: $id) { secret } }', { id });
  const events = await t.database.query(
    'SELECT action, details FROM audit_event WHERE target = $1',
    [id],
  );
  expect(events.map(({ action }) => action as string).sort()).toEqual([
    'webhook.created',
    'webhook.secret-rotated',
  ]);
  expect(JSON.stringify(events)).not.toContain(secret);
  expect(t.log.join('\n')).not.toContain('whsec_');
});

test('old notifications are deleted with their log, unless something waits', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  await post(news(caller.accountId));
  await settled(caller, id);
  receiver.answer = (response) => response.writeHead(500).end();
  const waits = news(caller.accountId);
  await post(waits);
  await settled(caller, id);
  await t.database.query(
    `UPDATE notification SET created_at = now() - interval '91 days' WHERE account_id = $1`,
    [caller.accountId],
  );
  expect(await t.app.services.notifications.prune()).toBe(false);
  expect((await log(caller, id)).map((row: { webhookId: string }) => row.webhookId)).toEqual([
    waits.id,
  ]);
});
