import { type Database, openDatabase } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type Proxy, startProxy, through } from '../support/proxy.js';
import { until } from '../support/process.js';

/** PostgreSQL's protocol: length, code, and whose statement is to be cancelled. */
const CANCEL_REQUEST_CODE = 80877102;
const isCancelRequest = (bytes: Buffer) =>
  bytes.length >= 16 && bytes.readInt32BE(4) === CANCEL_REQUEST_CODE;

let database: TestDatabase;
let proxy: Proxy;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startProxy(() => Number(new URL(database.url).port));
  db = openDatabase({
    url: through(proxy, database.url),
    connectionsMax: 1,
    statementTimeoutMs: 1_000,
    connectTimeoutMs: 60_000,
  });
});
afterAll(async () => {
  await db.close();
  await proxy.close();
  await database.drop();
});

const SLOW = 'SELECT pg_backend_pid() AS pid, pg_sleep(2)::text';
const sessionOf = (rows: readonly { pid: number }[]) => rows[0]?.pid;

test.each([
  ['a statement', () => db.query<{ pid: number }>(SLOW, [])],
  ['a statement of Prisma', () => db.prisma.$queryRawUnsafe<{ pid: number }[]>(SLOW)],
])(
  'the request to cancel %s cannot end the next one, which gets another session',
  async (_name, ask) => {
    let pass: (isPassed: boolean) => void = () => undefined;
    const passed = new Promise<boolean>((resolve) => (pass = resolve));
    let held = 0;
    proxy.hooks.toServer = (bytes) => {
      if (!isCancelRequest(bytes)) return true;
      held += 1;
      return passed;
    };
    // It is answered before the request arrives.
    const session = sessionOf(await ask());
    expect(session).toBeGreaterThan(0);
    expect(held).toBe(1);
    pass(true);
    expect(sessionOf(await db.query('SELECT pg_backend_pid() AS pid', []))).not.toBe(session);
    await until('the session to end', async () => {
      const rows = await database.query(
        `SELECT FROM pg_stat_activity WHERE pid = ${String(session)}`,
      );
      return rows.length === 0 ? true : undefined;
    });
    proxy.hooks = {};
  },
);

test('a connection whose statements are answered in time stays, however long it is in use', async () => {
  const patient = openDatabase({
    url: database.url,
    connectionsMax: 1,
    statementTimeoutMs: 3_000,
    connectTimeoutMs: 60_000,
  });
  const sessions = new Set<number | undefined>();
  for (let n = 0; n < 9; n += 1) {
    const rows = await patient.query<{ pid: number }>(
      'SELECT pg_backend_pid() AS pid, pg_sleep(0.4)::text',
      [],
    );
    sessions.add(sessionOf(rows));
  }
  await patient.close();
  expect(sessions.size).toBe(1);
});
