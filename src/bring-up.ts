import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { App } from './app.js';
import { readCatalogFolder, seedCatalog } from './catalog/index.js';
import { childEnvironment, type Config } from './config.js';
import { anonymous, SCOPES } from './platform/actor.js';
import { STRIPE_API_VERSION, type StripeOptions } from './payments/index.js';
import { openDatabase } from './platform/database.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres/index.js';
import type { Logger } from './platform/logger.js';
import { migrate } from './platform/migrations.js';
import { PredictorChild } from './predictor/child.js';
import { demoKeyFile } from './production.js';
import { type MailViewer, startMailViewer } from './mail-viewer/mail-viewer.js';
import { startStripeDouble } from './stripe-double/double.js';
import {
  compile,
  copyCheckpoint,
  listModelFolders,
  modelFolder,
  openModel,
  type Variant,
} from './siglip/index.js';

/** One line of progress for whoever watches the start. */
export type Say = (line: string) => void;

export interface DatabaseInUse {
  readonly url: string;
  readonly embedded: boolean;
  /** Stops the embedded server, if this process started it. */
  stop(): Promise<void>;
}

/** The database that the configuration names, or the embedded one, started. */
export async function bringUpDatabase(config: Config, say: Say): Promise<DatabaseInUse> {
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

export async function bringUpMigrations(
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

export async function bringUpCatalog(config: Config, databaseUrl: string, say: Say) {
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

export const DEMO_MODEL = 'gigarouter/demo-shapes';

/** Compiles the demo model where there is no model yet, so that the first run has something to run. */
export async function bringUpModels(
  {
    modelsDir,
    modelVariant,
    demoModelDir,
  }: Pick<Config, 'modelsDir' | 'modelVariant' | 'demoModelDir'>,
  say: Say,
): Promise<void> {
  const slugs = await listModelFolders(modelsDir);
  const folder = modelFolder(modelsDir, DEMO_MODEL);
  if (slugs.length === 0 && existsSync(demoModelDir)) {
    await copyCheckpoint(demoModelDir, folder);
    await compile(folder, { int8: true });
    slugs.push(DEMO_MODEL);
    say(`models: compiled ${DEMO_MODEL}, which knows drawn shapes`);
  } else if (slugs.includes(DEMO_MODEL)) {
    // Whatever is wrong with it is no reason not to start.
    await compileAnew(folder, modelVariant, say).catch((error: unknown) => {
      say(`models: ${DEMO_MODEL} could not be compiled anew: ${(error as Error).message}`);
    });
  }
  say(`models: ${slugs.join(', ') || 'none'}`);
}

/** Where it was compiled by another version, or without what is wanted now. */
async function compileAnew(folder: string, wanted: Variant, say: Say): Promise<void> {
  const model = await openModel(folder).catch(() => undefined);
  if (model?.variants[wanted] !== undefined) return;
  await compile(folder, { int8: true });
  say(`models: compiled ${DEMO_MODEL} anew`);
}

/** A predictor for `modelsDir` as a child of this process, not started yet. It loads what calls run, no more. */
export function createPredictorChild(
  { modelVariant, shutdownTimeoutMs }: Pick<Config, 'modelVariant' | 'shutdownTimeoutMs'>,
  logger: Logger,
  env: Readonly<Record<string, string>> = {},
): PredictorChild {
  return new PredictorChild({
    // From src/ too, where tests run us.
    args: [path.resolve(import.meta.dirname, '../dist/cli.js'), 'predictor', '--port', '0'],
    logger,
    env: childEnvironment({ PREDICTOR_VARIANTS: modelVariant, ...env }),
    stopTimeoutMs: shutdownTimeoutMs,
  });
}

/** The double of Stripe for payments without an account there, and how the SDK finds it. */
export async function bringUpStripeDouble(
  { stripeDouble }: Pick<Config, 'stripeDouble'>,
  say: Say,
) {
  const { host, port, file } = stripeDouble;
  const double = await startStripeDouble({ host, port, file }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startStripeDouble({ host, port: 0, file });
  });
  say(`payments: NO MONEY MOVES, a local double of Stripe at ${double.url}`);
  const secret = `whsec_${randomBytes(24).toString('hex')}`;
  return {
    options: doubleOptions(stripeDouble, double.url, secret),
    sendEventsTo: (apiPort: number) => {
      const url = `http://127.0.0.1:${String(apiPort)}/webhooks/stripe`;
      double.addEndpoint({ url, secret, apiVersion: STRIPE_API_VERSION });
    },
    stop: () => double.stop(),
  };
}

/** A page that shows the mails of a server without SMTP. On another port when the configured one is taken. */
export async function bringUpMailViewer({
  mail: { outboxDir },
  mailViewerPort: port,
}: Pick<Config, 'mail' | 'mailViewerPort'>): Promise<MailViewer> {
  return startMailViewer({ outboxDir, port }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startMailViewer({ outboxDir, port: 0 });
  });
}

/** Stripe for a command: the configured one, the double of a server that runs, or one of our own. */
export async function findStripe(
  { stripe, stripeDouble }: Pick<Config, 'stripe' | 'stripeDouble'>,
  say: Say,
): Promise<{ options: StripeOptions; stop: () => Promise<void> }> {
  if (stripe !== undefined) return { options: stripe, stop: () => Promise.resolve() };
  const url = `http://localhost:${String(stripeDouble.port)}`;
  const page = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.text(),
    () => '',
  );
  if (!page.includes('Stripe double')) return bringUpStripeDouble({ stripeDouble }, say);
  const options = doubleOptions(stripeDouble, url, 'whsec_unused');
  return { options, stop: () => Promise.resolve() };
}

function doubleOptions(
  { tax, invoices, timeoutMs }: Config['stripeDouble'],
  apiUrl: string,
  webhookSecret: string,
): StripeOptions {
  const webhookSecrets = [webhookSecret];
  return { secretKey: 'sk_test_double', webhookSecrets, apiUrl, tax, invoices, timeoutMs };
}

/** Signs sessions; made at the first start and kept, so that they outlive the process. */
export async function bringUpAuthSecret({ authSecret, dataDir }: Config): Promise<string> {
  return (
    authSecret ??
    keepSecret(path.join(dataDir, 'auth-secret'), () => randomBytes(32).toString('base64url'))
  );
}

/** What the demo account gets, 1 USD, and what its key may spend. */
const DEMO_NANOS = 1_000_000_000n;

/** The key of an account for trying things, with some credit; the same one at each start. */
export async function bringUpDemoKey(
  { dataDir }: Pick<Config, 'dataDir'>,
  { accounts, keys, credits }: App['services'],
): Promise<string> {
  const file = demoKeyFile({ dataDir });
  const create = async () => {
    const accountId = await accounts.openAccount('Demo');
    const reason = 'Credit of the demo account';
    await credits.grant({ accountId, nanos: DEMO_NANOS, reason, actor: 'system' });
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const key = { name: 'Demo key', scopes: ['INFERENCE', 'READ', 'BILLING'] as const };
    return (await keys.create(actor, accountId, key)).secret;
  };
  const kept = await keepSecret(file, create);
  // The file may be older than the database.
  const valid = await keys.authenticate(kept, '127.0.0.1').catch(() => undefined);
  return valid === undefined ? keepSecret(file, create, { anew: true }) : kept;
}

/** Ends the demo account's key and removes its file. @returns whether there was one that worked */
export async function revokeDemoKey(
  config: Pick<Config, 'dataDir'>,
  { keys }: Pick<App['services'], 'keys'>,
): Promise<boolean> {
  const secret = await readFile(demoKeyFile(config), 'utf8').catch(() => '');
  const actor = await keys.authenticate(secret.trim(), '127.0.0.1').catch(() => undefined);
  if (actor?.accountId !== undefined && actor.keyId !== undefined) {
    await keys.revoke(actor, actor.accountId, actor.keyId);
  }
  await rm(demoKeyFile(config), { force: true });
  return actor !== undefined;
}

/** Reads a file that only we may read, or makes it. */
async function keepSecret(
  file: string,
  create: () => string | Promise<string>,
  { anew = false } = {},
): Promise<string> {
  const kept = anew ? '' : await readFile(file, 'utf8').catch(() => '');
  if (kept.trim() !== '') return kept.trim();
  const secret = await create();
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

/** Host and database of a URL, without user and password. */
function describeUrl(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
