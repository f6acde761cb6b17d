import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { migrate } from '../../src/platform/migrations.js';
import { createTestDatabase } from './database.js';
import { temporaryFolder } from './folder.js';

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations');

export interface EarlierSchema {
  /** Several statements at a time. */
  readonly sql: Awaited<ReturnType<typeof createTestDatabase>>['query'];
  readonly database: Database;
  /** Runs the migration, and those after it. */
  migrate(): Promise<void>;
  stop(): Promise<void>;
}

/** A database as it was before a migration. @param migration name of its folder */
export async function startBefore(migration: string): Promise<EarlierSchema> {
  const { url, query, drop } = await createTestDatabase({ migrated: false });
  const folder = temporaryFolder();
  const before = path.join(folder.path, 'migrations');
  await cp(MIGRATIONS, before, { recursive: true });
  for (const name of await readdir(before)) {
    if (name >= migration && name !== 'migration_lock.toml') {
      await rm(path.join(before, name), { recursive: true });
    }
  }
  await migrate(url, before);
  folder.remove();
  const timeouts = { statementTimeoutMs: 60_000, connectTimeoutMs: 60_000 };
  const database = openDatabase({ url, connectionsMax: 2, ...timeouts });
  return {
    sql: query,
    database,
    migrate: async () => {
      await migrate(url, MIGRATIONS);
    },
    stop: async () => {
      await database.close();
      await drop();
    },
  };
}
