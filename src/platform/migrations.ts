import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { AppError } from '../errors.js';

/** Any constant: the lock that lets one process migrate at a time. */
const LOCK_KEY = 7_270_236_911;

const SERVER_VERSION_MIN = 180_000;
const READ_VERSION = `SELECT current_setting('server_version_num')::int AS version`;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** Prisma's own table, so that `prisma migrate deploy` would find what was applied here, and the reverse. */
const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`;

/**
 * Applies what is missing, in the order of the folder names, each migration and its history row in
 * one transaction. Runs once however many processes call it together (an advisory lock of each transaction: one of the
 * session would stay behind in a pooler). Prisma's WebAssembly engine would do the same, but sends a script cut at every semicolon, which breaks
 * SQL functions (docs/decisions/0002).
 *
 * @param onApplied called after each migration with its name.
 * @returns names of the migrations applied by this call, oldest first.
 * @throws AppError CONFLICT when the server is too old, and when an applied migration was changed, is unknown here, or failed before.
 */
export async function migrate(
  databaseUrl: string,
  folder: string,
  onApplied: (name: string) => void = () => undefined,
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'gigarouter migrate',
  });
  // A connection that is lost fails the statement that waits; without a listener it would end the process, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ version: number }>(READ_VERSION);
    refuseOldServer(rows[0]?.version ?? 0);
    const applied: string[] = [];
    for (;;) {
      const name = await locked(client, () => applyNext(client, migrations));
      if (name === undefined) break;
      applied.push(name);
      onApplied(name);
    }
    await locked(client, () => disableJit(client));
    return applied;
  } finally {
    await client.end();
  }
}

/**
 * The embedded PostgreSQL is 18, and no other major version is tested; migrations use aggregates that 17 lacks.
 * @param version as `server_version_num`: 180004 is 18.4
 * @throws AppError CONFLICT
 */
export function refuseOldServer(version: number): void {
  if (version >= SERVER_VERSION_MIN) return;
  const found = `${String(Math.floor(version / 10_000))}.${String(version % 10_000)}`;
  throw new AppError(
    'CONFLICT',
    `gigarouter needs PostgreSQL 18 or newer; DATABASE_URL points to PostgreSQL ${found}. Upgrade that server, or unset DATABASE_URL to use the embedded one.`,
  );
}

/** Names of the migrations of the folder that the database has not finished; runs one statement. */
export async function pendingMigrations(
  query: (sql: string, values: readonly unknown[]) => Promise<{ migration_name: string }[]>,
  names: readonly string[],
): Promise<string[]> {
  const rows = await query(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    [],
  );
  const finished = new Set(rows.map((row) => row.migration_name));
  return names.filter((name) => !finished.has(name));
}

/** Folder names, oldest first. */
export async function listMigrations(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function readMigrations(folder: string): Promise<Migration[]> {
  return Promise.all(
    (await listMigrations(folder)).map(async (name) => {
      const sql = await readFile(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function findPending(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{
    migration_name: string;
    checksum: string;
    finished: boolean;
  }>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of rows) {
    const known = byName.get(row.migration_name);
    if (!row.finished) {
      throw new AppError(
        'CONFLICT',
        `Migration ${row.migration_name} failed before and was not resolved.`,
      );
    }
    if (known === undefined) {
      throw new AppError(
        'CONFLICT',
        `The database has migration ${row.migration_name}, which this version does not know. Start the version that applied it, or a newer one.`,
      );
    }
    if (known.checksum !== row.checksum) {
      throw new AppError(
        'CONFLICT',
        `Migration ${row.migration_name} was changed after it had been applied.`,
      );
    }
  }
  const applied = new Set(rows.map((row) => row.migration_name));
  return migrations.filter((migration) => !applied.has(migration.name));
}

/** A transaction that no other process is in. */
async function locked<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** @returns its name; undefined: none was left */
async function applyNext(client: pg.Client, migrations: Migration[]): Promise<string | undefined> {
  await client.query(CREATE_HISTORY);
  const [migration] = await findPending(client, migrations);
  if (migration === undefined) return undefined;
  try {
    await client.query(migration.sql);
    // The transaction began before it waited for its turn.
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
  } catch (cause) {
    throw new Error(`Migration ${migration.name} failed; nothing of it was applied.`, { cause });
  }
  return migration.name;
}

/**
 * Compiling a statement takes longer than any of ours runs, where the planner believes that it reads much. A default of
 * the database, as no session may depend on what it was opened with; left to its owner where this role is not.
 */
async function disableJit(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ sql: string }>(
    `SELECT format('ALTER DATABASE %I SET jit = off', datname) AS sql FROM pg_database
      WHERE datname = current_database() AND current_setting('jit')::boolean
        AND pg_has_role(datdba, 'USAGE')`,
  );
  for (const { sql } of rows) await client.query(sql);
}
