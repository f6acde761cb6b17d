// Runs outside of jest's module system, so it uses the compiled code.
import 'reflect-metadata';
import path from 'node:path';
import pg from 'pg';
import { applyMigrations, seedCatalogFolder } from '../../dist/app/startup.js';
import { readConfig } from '../../dist/config/config.js';
import { startEmbeddedPostgres } from '../../dist/platform/embedded-postgres/index.js';

/** TEST_DATA_DIR: another one, for a second run at the same time. */
const DATA_DIR = path.resolve(
  process.env.TEST_DATA_DIR ?? path.join(import.meta.dirname, '../../.data/test'),
);

/** A real PostgreSQL for the run, with one migrated and one seeded database to copy from. */
export default async function setUp() {
  const postgres = await startEmbeddedPostgres(DATA_DIR, {
    settings: {
      // Nobody needs the data after a power cut.
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '300',
    },
  });
  if (postgres.origin === 'shared') {
    throw new Error('Another test run uses this folder’s database: wait for it, or stop it.');
  }
  globalThis.stopTestPostgres = () => postgres.stop();
  process.env.GIGAROUTER_TEST_SERVER_URL = postgres.url;

  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'`,
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);

    const config = readConfig({});
    const quiet = () => undefined;
    const urlOf = (name) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
    await client.query('CREATE DATABASE test_template_empty');
    await applyMigrations(config, urlOf('test_template_empty'), quiet);
    await client.query('CREATE DATABASE test_template_seeded TEMPLATE test_template_empty');
    await seedCatalogFolder(config, urlOf('test_template_seeded'), quiet);
  } finally {
    await client.end();
  }
}
