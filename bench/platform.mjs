// A whole platform for measurements of calls: PostgreSQL, a predictor with the demo model, an account with
// credit, a key, and one api process; all on this machine, in a folder that goes away.
import { fork } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import 'reflect-metadata';
import { KeysService } from '../dist/accounts/index.js';
import { createPredictorChild, DEMO_MODEL } from '../dist/app/local-models.js';
import { applyMigrations, seedCatalogFolder } from '../dist/app/startup.js';
import { readConfig } from '../dist/config/config.js';
import { CreditsService } from '../dist/credits/index.js';
import { anonymous, SCOPES } from '../dist/platform/actor.js';
import { openDatabase } from '../dist/platform/database.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';
import { newId } from '../dist/platform/ids.js';
import { createLogger } from '../dist/platform/logger.js';
import { compile } from '../dist/siglip/index.js';

export { DEMO_MODEL };
export const root = path.resolve(import.meta.dirname, '..');

/** Starts a program of this folder; it sends what it is reached by. */
export async function start(program, env = {}, execArgv = []) {
  const child = fork(path.join(root, 'bench', program), {
    env: { PATH: process.env.PATH, ...env },
    execArgv,
  });
  const { url } = await new Promise((resolve) => child.once('message', resolve));
  return {
    url,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

export async function startPlatform() {
  const folder = mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
  chmodSync(folder, 0o755);
  const modelsDir = path.join(folder, 'models');
  const model = path.join(modelsDir, DEMO_MODEL);
  cpSync(path.join(root, 'models/demo-shapes'), model, { recursive: true });
  await compile(model, { int8: false });
  const postgres = await startEmbeddedPostgres(folder);
  const config = readConfig({});
  await applyMigrations(config, postgres.url, () => undefined);
  await seedCatalogFolder(config, postgres.url, () => undefined);
  const predictor = createPredictorChild(config, createLogger('fatal'), {
    MODELS_DIR: modelsDir,
    PREDICTOR_THREADS: '1',
  });
  await predictor.start();
  const db = openDatabase({
    url: postgres.url,
    connectionsMax: 2,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 3_000,
  });
  const credits = new CreditsService(db);
  const accountId = newId('acct');
  await db.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'bench')`, [
    accountId,
  ]);
  await credits.grant({ accountId, nanos: 10n ** 15n, reason: 'bench', actor: 'system' });
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await new KeysService(db).create(actor, accountId, {
    name: 'bench',
    scopes: ['INFERENCE', 'READ'],
  });
  const api = await start('gigarouter.mjs', {
    DATABASE_URL: postgres.url,
    MODELS_DIR: modelsDir,
    PREDICTOR_URL: predictor.address().url,
    PREDICTOR_TOKEN: predictor.address().token ?? '',
    RATE_PER_MINUTE: '10000000',
    CONCURRENCY_MAX: '1000',
    LOG_LEVEL: 'fatal',
  });
  return {
    url: api.url,
    secret,
    /** How many promises of the ledger do not hold. */
    drift: async () => (await credits.verify()).filter(({ broken }) => broken > 0n).length,
    stop: async () => {
      await api.stop();
      await db.close();
      await predictor.stop();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
