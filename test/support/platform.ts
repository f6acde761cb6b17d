import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { AppParts } from '../../src/app/app.js';
import type { Config } from '../../src/config/config.js';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import type { NewKey } from '../../src/accounts/new-key.js';
import { compile } from '../../src/siglip/index.js';
import { type GraphQLAnswer, postGraphQL, startTestApp, type TestApp } from './app.js';
import { temporaryFolder } from './folder.js';
import { startPredictorProcess } from './predictor.js';

const DEMO = path.resolve(import.meta.dirname, '../../models/demo-shapes');

export const DEMO_MODEL = 'gigarouter/demo-shapes';

/** A sample picture of the demo model, in base64. */
export function sample(name: string): string {
  return readFileSync(path.join(DEMO, 'samples', name)).toString('base64');
}

export interface Caller {
  readonly accountId: AccountId;
  readonly secret: string;
  gql(query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
}

export interface TestPlatform extends TestApp {
  readonly modelsDir: string;
  readonly predictorUrl: string;
  /** A new account with that much credit, and a key of it. */
  caller(nanos: bigint, key?: Partial<NewKey>): Promise<Caller>;
  /** Fails unless every promise of the ledger holds. */
  verify(): Promise<void>;
}

/** The whole app with a predictor process that serves the demo model. */
export async function startPlatform(
  config: Partial<Config> = {},
  predictorEnv: Record<string, string> = {},
  parts: AppParts & { background?: boolean } = {},
): Promise<TestPlatform> {
  const folder = temporaryFolder();
  cpSync(DEMO, path.join(folder.path, DEMO_MODEL), { recursive: true });
  await compile(path.join(folder.path, DEMO_MODEL), { int8: false });
  const predictor = await startPredictorProcess(folder.path, predictorEnv);
  const t = await startTestApp({
    ...parts,
    config: { modelsDir: folder.path, predictorUrl: predictor.url, ...config },
  });
  return {
    ...t,
    modelsDir: folder.path,
    predictorUrl: predictor.url,
    caller: (nanos, key) => newCaller(t, nanos, key),
    verify: async () => {
      const findings = await t.app.services.credits.verify();
      expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
    },
    stop: async () => {
      await t.stop();
      await predictor.end('SIGKILL');
      folder.remove();
    },
  };
}

/** A new account with that much credit, and a key of it. */
export async function newCaller(
  { app: { services }, url }: Pick<TestApp, 'app' | 'url'>,
  nanos: bigint,
  key: Partial<NewKey> = {},
): Promise<Caller> {
  const accountId = await services.accounts.openAccount('Test');
  if (nanos > 0n) {
    await services.credits.grant({ accountId, nanos, reason: 'test', actor: 'system' });
  }
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await services.keys.create(actor, accountId, {
    name: newId('key'),
    scopes: ['INFERENCE', 'READ'],
    ...key,
  });
  return {
    accountId,
    secret,
    gql: (query, variables) => postGraphQL(url, { query, variables }, bearer(secret)),
  };
}

export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}
