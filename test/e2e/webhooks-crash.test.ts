import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';
import { killLeftServers, startServer, until } from '../support/process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';

let database: TestDatabase;
let receiver: Receiver;
const folder = temporaryFolder();
beforeAll(async () => {
  database = await createTestDatabase({ seeded: false });
  receiver = await startReceiver();
});
afterEach(killLeftServers);
afterAll(async () => {
  receiver.close();
  await database.drop();
  folder.remove();
});

const start = () =>
  startServer({
    DATABASE_URL: database.url,
    DATA_DIR: folder.path,
    // Nothing answers there, and nothing is asked.
    PREDICTOR_URL: 'http://127.0.0.1:9',
    STRIPE_DOUBLE_PORT: '0',
    WEBHOOK_ALLOW: '127.0.0.1',
  });

/** Notifications with a webhook and a mail each. */
async function seed(count: number): Promise<void> {
  const accountId: AccountId = newId('acct');
  const endpointId = newId('whe');
  await database.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'Test')`, [
    accountId,
  ]);
  await database.query(
    `INSERT INTO webhook_endpoint (id, account_id, url, description, secret) VALUES ($1, $2, $3, '', $4)`,
    [endpointId, accountId, receiver.url, `whsec_${btoa('a secret of ours')}`],
  );
  for (let n = 0; n < count; n += 1) {
    const id = `crash:${String(n)}`;
    await database.query(
      `INSERT INTO notification (id, type, account_id, data, mail_subject, mail_text)
       VALUES ($1, 'model.live', $2, '{}', 'News', 'Hello.')`,
      [id, accountId],
    );
    await database.query(
      `INSERT INTO notification_delivery (id, notification_id, queue, endpoint_id, recipient)
       VALUES ($1, $3, $4, $4, NULL), ($2, $3, 'mail', NULL, 'somebody@test.example')`,
      [newId('dlv'), newId('dlv'), id, endpointId],
    );
  }
}

/** As when its time has passed. */
const endLeases = () =>
  database.query(
    `UPDATE notification_delivery SET next_attempt_at = now(), lease_until = now() WHERE state = 'WAITING'`,
  );
const states = async () =>
  (await database.query<{ state: string }>('SELECT state::text FROM notification_delivery')).map(
    ({ state }) => state,
  );

test('kill -9 while webhooks are being sent: nobody is missed, and what comes twice has the same id', async () => {
  const COUNT = 12;
  await seed(COUNT);
  let kills = 0;
  for (const nth of [1, 3, 5]) {
    const server = start();
    let seen = 0;
    receiver.answer = (response) => {
      seen += 1;
      // Received and not answered yet: whoever sent it will not know.
      if (seen === nth) {
        server.child.kill('SIGKILL');
        kills += 1;
      } else response.writeHead(204).end();
    };
    await server.ended();
    await endLeases();
  }
  expect(kills).toBe(3);
  receiver.answer = (response) => response.writeHead(204).end();
  const server = start();
  await server.ready();
  await until('all to be delivered', async () =>
    (await states()).every((state) => state === 'DELIVERED') ? true : undefined,
  );
  const ids = receiver.received.map(({ id }) => id);
  expect([...new Set(ids)].sort()).toEqual(
    Array.from({ length: COUNT }, (_, n) => `crash:${String(n)}`).sort(),
  );
  expect(ids.length).toBeGreaterThan(COUNT);
  // What came twice says the same, to the byte.
  expect(new Set(receiver.received.map(({ id, text }) => `${id} ${text}`)).size).toBe(COUNT);
  const mails = readdirSync(path.join(folder.path, 'outbox')).filter((name) =>
    name.endsWith('.eml'),
  );
  expect(mails).toHaveLength(COUNT);
});
