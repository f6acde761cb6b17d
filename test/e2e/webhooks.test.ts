import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { until } from '../support/process.js';
import { verify } from '../support/receiver.js';
import { useWebhooks } from '../support/webhooks.js';

const rig = useWebhooks();
const { admin, endpoint, news, post, log, settled } = rig;

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
  const [webhook] = rig.receiver.received;
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
    rig.t.app.database.transaction(async (tx) => {
      await rig.t.app.services.notifications.post(tx, [dropped]);
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  await settled(caller, id);
  expect(await log(caller, id)).toHaveLength(1);
  expect(rig.receiver.received.map((webhook) => webhook.id)).toEqual([once.id]);
});

test('an endpoint gets the types that it wants, of its own account', async () => {
  const [caller, other] = await Promise.all([admin(), admin()]);
  const { id } = await endpoint(caller, rig.receiver.url, '[BALANCE_LOW]');
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
      await rig.t.database.query<{ id: string; state: string; recipient: string }>(
        'SELECT id, state, recipient FROM notification_delivery WHERE notification_id = $1 ORDER BY recipient',
        [id],
      )
    ).filter(({ state }) => state === 'DELIVERED');
  const rows = await until('both mails', async () => {
    const found = await delivered();
    return found.length === 2 ? found : undefined;
  });
  const files = () => readdirSync(rig.outbox).filter((name) => name.endsWith('.eml'));
  expect(files().sort()).toEqual(rows.map((row) => `${row.id}.eml`).sort());
  // As after a crash between sending and marking.
  await rig.t.database.query(
    `UPDATE notification_delivery SET state = 'WAITING', ended_at = NULL, next_attempt_at = now() WHERE notification_id = $1`,
    [id],
  );
  await until('them to be sent again', async () =>
    (await delivered()).length === 2 ? true : undefined,
  );
  expect(files()).toHaveLength(2);
  for (const row of rows) {
    const text = readFileSync(path.join(rig.outbox, `${row.id}.eml`), 'utf8');
    expect(text).toContain(`Message-ID: <${row.id}@test.example>`);
    expect(text).toContain(`To: ${row.recipient}`);
  }
});

test('what a process had in hand when it died comes again, under the same id', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  // Sent, and the process died before it was marked.
  await post(news(caller.accountId));
  await settled(caller, id);
  await rig.t.database.query(
    `UPDATE notification_delivery SET state = 'WAITING', ended_at = NULL, next_attempt_at = now(),
            lease_until = now() - interval '1 s' WHERE endpoint_id = $1`,
    [id],
  );
  await until('it to come again', () => (rig.receiver.received.length === 2 ? true : undefined));
  expect(rig.receiver.received[1]?.id).toBe(rig.receiver.received[0]?.id);
});

test('old notifications are deleted with their log, unless something waits', async () => {
  const caller = await admin();
  const { id } = await endpoint(caller);
  await post(news(caller.accountId));
  await settled(caller, id);
  rig.receiver.answer = (response) => response.writeHead(500).end();
  const waits = news(caller.accountId);
  await post(waits);
  await settled(caller, id);
  await rig.t.database.query(
    `UPDATE notification SET created_at = now() - interval '91 days' WHERE account_id = $1`,
    [caller.accountId],
  );
  expect(await rig.t.app.services.notifications.prune()).toBe(false);
  expect((await log(caller, id)).map((row: { webhookId: string }) => row.webhookId)).toEqual([
    waits.id,
  ]);
});
