import path from 'node:path';
import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/platform/database.js';
import { listen } from '../../src/platform/listener.js';
import { createLogger } from '../../src/platform/logger.js';
import { listMigrations, migrate } from '../../src/platform/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { HAS_PGBOUNCER, startPgBouncer } from '../support/pgbouncer.js';
import { type Pooler, startPooler } from '../support/pooler.js';
import { until } from '../support/process.js';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');

/** The first one is always there; the second one where it is installed. */
const POOLERS: [string, (url: string) => Promise<Pooler>][] = [
  ['a pooler in transaction mode', startPooler],
  ...(HAS_PGBOUNCER ? [['PgBouncer', startPgBouncer] as [string, typeof startPgBouncer]] : []),
];

describe.each(POOLERS)('behind %s', (_name, start) => {
  let database: TestDatabase;
  let pooler: Pooler;
  const opened: Database[] = [];
  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await start(database.url);
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
  });
  afterAll(async () => {
    await pooler.close();
    await database.drop();
  });

  /** As a server of its own opens it. */
  function open(options: Partial<DatabaseOptions> = {}): Database {
    const db = openDatabase({
      url: pooler.url,
      connectionsMax: 4,
      statementTimeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      ...options,
    });
    opened.push(db);
    return db;
  }

  test('servers that send their statements in different orders get the answers to their own', async () => {
    const statements = Array.from({ length: 12 }, (_, n) => ({
      n,
      sql: `SELECT ${String(n)} AS n, $1::int AS value`,
    }));
    const [one, other] = [open(), open()];
    const ask = (db: Database, order: typeof statements) =>
      Promise.all(
        Array.from({ length: 10 }, () => order)
          .flat()
          .map(async ({ n, sql }, value) => {
            const rows = await db.query<{ n: number; value: number }>(sql, [value]);
            expect(rows).toEqual([{ n, value }]);
          }),
      );
    await Promise.all([ask(one, statements), ask(other, statements.toReversed())]);
  });

  test('a server never gets the answer to what another one prepared in the same session', async () => {
    // In its sessions nothing is prepared yet.
    const fresh = await start(database.url);
    const own = { url: fresh.url, connectionsMax: 1 };
    const [one, other] = [open(own), open(own)];
    for (let round = 0; round < 4; round += 1) {
      expect(await one.query(`SELECT 'one' AS whose`, [])).toEqual([{ whose: 'one' }]);
      expect(await other.query(`SELECT 'other' AS whose`, [])).toEqual([{ whose: 'other' }]);
      // With one statement more they swap sessions, where the pooler takes turns.
      await other.query('SELECT 1', [], { plannedAnew: true });
    }
    await Promise.all([one.close(), other.close()]);
    opened.length = 0;
    await fresh.close();
  });

  test('what a pooler loses is sent unprepared from then on, and said once', async () => {
    let told = 0;
    const db = open({ onUnprepared: () => (told += 1) });
    for (let value = 0; value < 20; value += 1) {
      const rows = await Promise.all(
        [1, 2, 3].map((n) => db.query(`SELECT ${String(n)} AS n, 'lost' AS what`, [])),
      );
      expect(rows).toEqual([1, 2, 3].map((n) => [{ n, what: 'lost' }]));
    }
    expect(told).toBeLessThanOrEqual(1);
  });

  test.each<[string, (db: Database) => Promise<unknown>]>([
    ['a statement', (db) => db.query('SELECT pg_sleep(600)', [])],
    ['a statement of Prisma', (db) => db.prisma.$queryRaw`SELECT pg_sleep(600)::text`],
    [
      'a statement of a transaction',
      (db) => db.transaction((tx) => tx.$queryRaw`SELECT pg_sleep(600)::text`),
    ],
  ])(
    '%s that takes too long is cancelled at PostgreSQL, and its session goes on',
    async (_what, ask) => {
      const db = open({ statementTimeoutMs: 500 });
      await expect(ask(db)).rejects.toThrow();
      await until('the statement to end', async () => {
        const rows = await database.query(
          `SELECT FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
            AND datname = current_database() AND query LIKE '%pg_sleep(600)%'`,
        );
        return rows.length === 0 ? true : undefined;
      });
      expect(await open().query('SELECT 1 AS one', [])).toEqual([{ one: 1 }]);
    },
  );

  test('the limits of a transaction end with it', async () => {
    const db = open({ statementTimeoutMs: 30_000 });
    const limits = `SELECT current_setting('statement_timeout') AS statement,
                           current_setting('idle_in_transaction_session_timeout') AS idle`;
    const within = await db.transaction((tx) => tx.$queryRawUnsafe(limits));
    expect(within).toEqual([{ statement: '30s', idle: '35s' }]);
    expect(await db.query(limits, [])).toEqual([{ statement: '0', idle: '0' }]);
  });

  test('servers that start together apply each migration once, and leave no lock behind', async () => {
    const empty = await createTestDatabase({ migrated: false });
    const inFront = await start(empty.url);
    try {
      const applied = await Promise.all([
        migrate(inFront.url, MIGRATIONS),
        migrate(inFront.url, MIGRATIONS),
      ]);
      expect(applied.flat().sort()).toEqual(await listMigrations(MIGRATIONS));
      const locks = await empty.query(
        `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE l.locktype = 'advisory' AND d.datname = current_database()`,
      );
      expect(locks).toHaveLength(0);
    } finally {
      await inFront.close();
      await empty.drop();
    }
  });

  describe('a server', () => {
    let app: App;
    const log: string[] = [];
    beforeAll(async () => {
      const logger = createLogger('info', { write: (line) => log.push(line) });
      const config = readConfig({
        DATABASE_URL: pooler.url,
        DATABASE_CONNECT_TIMEOUT_MS: '60000',
        DATABASE_STATEMENT_TIMEOUT_MS: '60000',
      });
      app = await createApp(config, pooler.url, { logger, isCommand: true });
    });
    afterAll(() => app.stop());

    const search = async (text: string) => {
      const { body } = await app.server.inject({
        method: 'POST',
        url: '/graphql',
        headers: { 'content-type': 'application/json' },
        payload: {
          query: `{ models(first: 50, filter: { search: "${text}" }) { edges { node { slug } } } }`,
        },
      });
      const { data } = JSON.parse(body) as {
        data: { models: { edges: { node: { slug: string } }[] } };
      };
      return data.models.edges.map(({ node }) => node.slug).sort();
    };

    test('finds as much with a letter wrong as without', async () => {
      const right = await search('siglip');
      expect(right.length).toBeGreaterThan(1);
      // cspell:ignore siglpi
      expect(await search('siglpi')).toEqual(right);
    });

    test('warns that notifications may not arrive', async () => {
      await until('the warning', () =>
        log.some((line) => line.includes('DATABASE_DIRECT_URL')) ? true : undefined,
      );
    });
  });

  test('past it, nothing is said of a pooler', async () => {
    let said = 0;
    const heard: string[] = [];
    const listener = listen(
      database.url,
      { news: { onMessage: (text) => heard.push(text), onGap: () => undefined } },
      { onPooler: () => (said += 1) },
    );
    await until('it to hear', async () => {
      await database.query(`SELECT pg_notify('news', 'hello')`);
      return heard[0];
    });
    await listener.stop();
    expect(said).toBe(0);
  });
});

test('no connection sends a start-up option that a pooler refuses or drops', async () => {
  const database = await createTestDatabase();
  const pooler = await startPooler(database.url);
  const db = openDatabase({
    url: pooler.url,
    connectionsMax: 1,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  await db.query('SELECT 1', []);
  await db.close();
  await migrate(pooler.url, MIGRATIONS);
  // What PgBouncer takes unless it is told otherwise.
  const taken = ['application_name', 'client_encoding', 'database', 'user'];
  expect(taken).toEqual(expect.arrayContaining([...pooler.startUpNames]));
  await pooler.close();
  await database.drop();
});
