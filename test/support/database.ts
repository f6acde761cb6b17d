import { randomBytes } from 'node:crypto';
import pg from 'pg';

const EMPTY_TEMPLATE = 'test_template_empty';
const SEEDED_TEMPLATE = 'test_template_seeded';

export interface TestDatabase {
  readonly url: string;
  /** Runs one statement as the owner, past the application. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a statement in a transaction that stays open, to make others wait for its locks. */
  hold(sql: string): Promise<{ waiting(): Promise<boolean>; release(): Promise<void> }>;
  /** Ends every connection to it and removes it. */
  drop(): Promise<void>;
}

/** The address of a database on the run's server. */
function databaseUrl(name: string): string {
  const server = process.env.GIGAROUTER_TEST_SERVER_URL;
  if (server === undefined) throw new Error('The global set-up has not run.');
  return Object.assign(new URL(server), { pathname: `/${name}` }).href;
}

/**
 * A database of the test's own, copied from a template in some 30 ms.
 * @param options `migrated: false` gives one without a table.
 */
export async function createTestDatabase({
  seeded = true,
  migrated = true,
} = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = !migrated ? 'template0' : seeded ? SEEDED_TEMPLATE : EMPTY_TEMPLATE;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = databaseUrl(name);
  return {
    url,
    query: async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Row>(sql, values)).rows;
      } finally {
        await client.end();
      }
    },
    hold: async (sql) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`BEGIN; ${sql}`);
      return {
        waiting: async () => {
          const { rowCount } = await client.query(
            `SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = $1)`,
            [name],
          );
          return rowCount !== 0;
        },
        release: () => client.end(),
      };
    },
    drop: () => onServer(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
