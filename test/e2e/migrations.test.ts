import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { listMigrations, migrate } from '../../src/platform/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';
import { insertModel } from '../support/models.js';
import { until } from '../support/process.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MIGRATIONS = path.join(ROOT, 'prisma/migrations');
/** Later than any migration of ours, so that it comes last. */
const LAST = '99990101000000_last';

let database: TestDatabase;
let folder: ReturnType<typeof temporaryFolder>;
let migrations: string;
let names: string[];

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  folder = temporaryFolder();
  migrations = path.join(folder.path, 'migrations');
  await cp(MIGRATIONS, migrations, { recursive: true });
  names = await listMigrations(MIGRATIONS);
});
afterEach(async () => {
  await database.drop();
  folder.remove();
});

async function addMigration(name: string, sql: string): Promise<void> {
  await mkdir(path.join(migrations, name), { recursive: true });
  await writeFile(path.join(migrations, name, 'migration.sql'), sql);
}

/** Names in the history, in the order in which they were applied. */
async function history(): Promise<string[]> {
  const rows = await database.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations ORDER BY started_at',
  );
  return rows.map((row) => row.migration_name);
}

/** What Prisma's own engine says about the database. */
async function askPrisma(): Promise<{ sql: string; history: unknown }> {
  const program = path.join(ROOT, 'test/support/schema-engine.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, database.url]);
  return JSON.parse(stdout) as { sql: string; history: unknown };
}

describe('the migrations', () => {
  test('make the database that schema.prisma describes, and a history that Prisma reads as its own', async () => {
    await migrate(database.url, MIGRATIONS);
    expect(await askPrisma()).toEqual({
      sql: '-- This is an empty migration.\n',
      history: {
        hasMigrationsTable: true,
        editedMigrationNames: [],
        failedMigrationNames: [],
        history: null, // In step with the folder.
      },
    });
  });

  test('are seen to differ from schema.prisma when a column was added by hand', async () => {
    await migrate(database.url, MIGRATIONS);
    await database.query('ALTER TABLE model ADD COLUMN surprise text');
    expect((await askPrisma()).sql).toContain('ALTER TABLE "model" DROP COLUMN "surprise"');
  });

  test('are seen to differ from schema.prisma when an index is missing', async () => {
    await migrate(database.url, MIGRATIONS);
    await database.query('DROP INDEX model_downloads_idx');
    expect((await askPrisma()).sql).toContain('CREATE INDEX "model_downloads_idx"');
  });
});

describe('migrate', () => {
  test('applies every migration in the order of the names, and says which', async () => {
    const told: string[] = [];
    expect(await migrate(database.url, MIGRATIONS, (name) => told.push(name))).toEqual(names);
    expect(told).toEqual(names);
    expect(await history()).toEqual(names);
  });

  test('applies nothing the second time', async () => {
    await migrate(database.url, MIGRATIONS);
    expect(await migrate(database.url, MIGRATIONS)).toEqual([]);
    expect(await history()).toEqual(names);
  });

  test('makes new sessions leave out the compiling of statements', async () => {
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`ALTER DATABASE ${name} SET jit = on`);
    await migrate(database.url, MIGRATIONS);
    expect(await database.query('SHOW jit')).toEqual([{ jit: 'off' }]);
  });

  test('applies only what came later', async () => {
    await migrate(database.url, MIGRATIONS);
    await addMigration(LAST, 'CREATE TABLE later (id int)');
    expect(await migrate(database.url, migrations)).toEqual([LAST]);
  });

  test('applies each migration once when two processes do it at the same time', async () => {
    // Both are let go at the same moment: what they wait for is the lock of migrations.ts.
    const lock = await database.hold('SELECT pg_advisory_xact_lock(7270236911)');
    const env = { PATH: process.env.PATH ?? '', DATABASE_URL: database.url };
    const started = [1, 2].map(() =>
      promisify(execFile)(process.execPath, ['dist/cli.js', 'migrate', '--json'], {
        cwd: ROOT,
        env,
      }),
    );
    await until('both to wait', async () => {
      const waiting = await database.query(
        `SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
          WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()`,
      );
      return waiting.length === 2 ? true : undefined;
    });
    await lock.release();
    const applied = (await Promise.all(started)).map(
      ({ stdout }) => (JSON.parse(stdout) as { applied: string[] }).applied,
    );
    expect(applied.flat().sort()).toEqual(names);
    expect(await history()).toEqual(names);
  });

  test('refuses a migration that was changed after it had been applied', async () => {
    await migrate(database.url, migrations);
    const [changed = ''] = names;
    await appendFile(path.join(migrations, changed, 'migration.sql'), '-- One comment more.\n');
    await addMigration(LAST, 'CREATE TABLE later (id int)');
    await expect(migrate(database.url, migrations)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`${changed} was changed`),
    });
    expect(await history()).toEqual(names);
  });

  test('refuses a database of a newer version, by the migration that is not known here', async () => {
    await addMigration(LAST, 'CREATE TABLE later (id int)');
    await migrate(database.url, migrations);
    await expect(migrate(database.url, MIGRATIONS)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(LAST),
    });
  });

  test('refuses a database where Prisma began a migration and did not finish it', async () => {
    await migrate(database.url, MIGRATIONS);
    await database.query('UPDATE _prisma_migrations SET finished_at = NULL');
    await expect(migrate(database.url, MIGRATIONS)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`${names[0] ?? ''} failed before`),
    });
  });

  test('leaves nothing of a migration that cannot be entered in the history', async () => {
    await addMigration(LAST, 'CREATE TABLE half (id int); DROP TABLE _prisma_migrations;');
    await expect(migrate(database.url, migrations)).rejects.toThrow(LAST);
    expect(await history()).toEqual(names);
    expect(await database.query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
  });

  test('leaves nothing of a migration that fails, and goes on from there once it is correct', async () => {
    await addMigration(
      LAST,
      'CREATE TABLE half (id int); INSERT INTO half VALUES (1); SELECT 1 / 0;',
    );
    await expect(migrate(database.url, migrations)).rejects.toMatchObject({
      message: `Migration ${LAST} failed; nothing of it was applied.`,
      cause: { message: 'division by zero' },
    });
    expect(await history()).toEqual(names);
    expect(await database.query("SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);

    await addMigration(LAST, 'CREATE TABLE half (id int)');
    expect(await migrate(database.url, migrations)).toEqual([LAST]);
    expect(await history()).toEqual([...names, LAST]);
  });

  test('says which migration lacks its file', async () => {
    await addMigration(LAST, '');
    await rm(path.join(migrations, LAST, 'migration.sql'));
    await expect(migrate(database.url, migrations)).rejects.toThrow(LAST);
  });

  test('keeps its history in the table that Prisma makes', async () => {
    await migrate(database.url, MIGRATIONS);
    const columns = await database.query(
      `SELECT column_name AS name, data_type AS type, character_maximum_length AS length,
              is_nullable = 'YES' AS nullable, column_default AS default
         FROM information_schema.columns WHERE table_name = '_prisma_migrations'
        ORDER BY ordinal_position`,
    );
    const column = (name: string, type: string, rest = {}) => ({
      ...{ name, type, length: null, nullable: false, default: null },
      ...rest,
    });
    // As create_migrations_table in prisma-engines, sql-schema-connector/src/flavour/postgres.rs.
    expect(columns).toEqual([
      column('id', 'character varying', { length: 36 }),
      column('checksum', 'character varying', { length: 64 }),
      column('finished_at', 'timestamp with time zone', { nullable: true }),
      column('migration_name', 'character varying', { length: 255 }),
      column('logs', 'text', { nullable: true }),
      column('rolled_back_at', 'timestamp with time zone', { nullable: true }),
      column('started_at', 'timestamp with time zone', { default: 'now()' }),
      column('applied_steps_count', 'integer', { default: '0' }),
    ]);
  });
});

describe('a price that was published', () => {
  const RESTRICT_VIOLATION = '23001';

  test.each([
    'UPDATE price_version SET nanos_per_unit = 1',
    'DELETE FROM price_version',
    'TRUNCATE price_version',
    'TRUNCATE model CASCADE',
    'DELETE FROM model',
  ])('outlives %s', async (sql) => {
    await migrate(database.url, MIGRATIONS);
    const model = await insertModel(database, { slug: 'owner/model' });
    await database.query(
      `INSERT INTO price_version (id, model_id, unit, nanos_per_unit, effective_from)
       VALUES ('prc_1', $1, 'IMAGE', 500, now())`,
      [model],
    );
    await expect(database.query(sql)).rejects.toMatchObject({ code: RESTRICT_VIOLATION });
    expect(await database.query('SELECT nanos_per_unit FROM price_version')).toEqual([
      { nanos_per_unit: '500' },
    ]);
  });
});
