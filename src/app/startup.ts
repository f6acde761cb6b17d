import { readCatalogFolder, seedCatalog } from '../catalog/index.js';
import type { Config } from '../config/config.js';
import { type MailViewer, startMailViewer } from '../mail-viewer/mail-viewer.js';
import { openDatabase } from '../platform/database.js';
import { startEmbeddedPostgres } from '../platform/embedded-postgres/index.js';
import { migrate } from '../platform/migrations.js';

/** One line of progress for whoever watches the start. */
export type Say = (line: string) => void;

export interface DatabaseInUse {
  readonly url: string;
  readonly embedded: boolean;
  /** Stops the embedded server, if this process started it. */
  stop(): Promise<void>;
}

/** The database that the configuration names, or the embedded one, started. */
export async function startDatabase(config: Config, say: Say): Promise<DatabaseInUse> {
  if (config.databaseUrl !== undefined) {
    say(`database: ${describeUrl(config.databaseUrl)} (DATABASE_URL)`);
    return { url: config.databaseUrl, embedded: false, stop: () => Promise.resolve() };
  }
  const startedAt = performance.now();
  const postgres = await startEmbeddedPostgres(config.dataDir);
  const how = {
    started: `started in ${String(Math.round(performance.now() - startedAt))} ms`,
    adopted: 'was left running by a process that died; taken over',
    shared: 'already running for another gigarouter process; shared',
  }[postgres.origin];
  say(`database: embedded PostgreSQL ${how}`);
  return { url: postgres.url, embedded: true, stop: () => postgres.stop() };
}

/** Applies the migrations that the database lacks. @returns their names */
export async function applyMigrations(
  config: Config,
  databaseUrl: string,
  say: Say,
): Promise<string[]> {
  const applied = await migrate(databaseUrl, config.migrationsDir, (name) => {
    say(`migrations: applied ${name}`);
  });
  if (applied.length === 0) say('migrations: nothing to do');
  return applied;
}

/** Brings the catalog to what its files say; operators’ edits stay. */
export async function seedCatalogFolder(config: Config, databaseUrl: string, say: Say) {
  const files = await readCatalogFolder(config.catalogDir);
  const database = openDatabase({
    url: databaseUrl,
    connectionsMax: 1,
    statementTimeoutMs: config.databaseStatementTimeoutMs,
    connectTimeoutMs: config.databaseConnectTimeoutMs,
  });
  try {
    const summary = await seedCatalog(database, files);
    const { added, updated, unchanged, kept } = summary;
    say(
      `catalog: ${String(added)} added, ${String(updated)} updated, ${String(unchanged)} unchanged`,
    );
    for (const field of kept) say(`catalog: kept what an operator wrote: ${field}`);
    return summary;
  } finally {
    await database.close();
  }
}

/** A page that shows the mails of a server without SMTP. On another port when the configured one is taken. */
export async function serveMails({
  mail: { outboxDir },
  mailViewerPort: port,
}: Pick<Config, 'mail' | 'mailViewerPort'>): Promise<MailViewer> {
  return startMailViewer({ outboxDir, port }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startMailViewer({ outboxDir, port: 0 });
  });
}

/** Host and database of a URL, without user and password. */
function describeUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
