import { type Database, openDatabase } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type Proxy, startProxy, through } from '../support/proxy.js';
import { until } from '../support/process.js';

let database: TestDatabase;
let proxy: Proxy;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startProxy(() => Number(new URL(database.url).port));
  db = openDatabase({
    url: through(proxy, database.url),
    connectionsMax: 2,
    statementTimeoutMs: 1_000,
    connectTimeoutMs: 60_000,
  });
});
afterAll(async () => {
  proxy.cut();
  await db.close();
  await proxy.close();
  await database.drop();
});

test.each([
  ['a statement', () => db.query('SELECT 1', [])],
  ['a statement of Prisma', () => db.prisma.$queryRaw`SELECT 1`],
  ['a transaction', () => db.transaction((tx) => tx.$queryRaw`SELECT 1`)],
])(
  '%s on a connection whose other end is gone fails, and the next ones work',
  async (_name, ask) => {
    await ask();
    expect(proxy.silence()).toBeGreaterThan(0);
    await expect(ask()).rejects.toThrow();
    // A connection that is still in the pool may be silent too.
    await until('an answer', () =>
      ask().then(
        () => true,
        () => undefined,
      ),
    );
    expect(db.poolUse().waiting).toBe(0);
  },
);

test('it is an outage to callers', async () => {
  await db.query('SELECT 1', []);
  proxy.silence();
  await expect(db.query('SELECT 1', [])).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
});

test('a transaction that was begun on it lets its locks go', async () => {
  await until('an answer', () =>
    db.query('SELECT 1', []).then(
      () => true,
      () => undefined,
    ),
  );
  const begun = db.transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE account IN ACCESS EXCLUSIVE MODE`;
    proxy.silence();
    await tx.$queryRaw`SELECT 1`;
  });
  await expect(begun).rejects.toThrow();
  await until('the lock to be free', async () => {
    const [row] = await database.query<{ held: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'account'::regclass AND mode = 'AccessExclusiveLock') AS held`,
    );
    return row?.held === false ? true : undefined;
  });
});

test('a long transaction of background work is not taken for one', async () => {
  // Longer than the time-out of a statement and what a connection may be silent beyond it.
  const rows = await db.longTransaction((tx) => tx.$queryRaw`SELECT pg_sleep(8)::text`);
  expect(rows).toHaveLength(1);
});
