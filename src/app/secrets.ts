import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/config.js';
import { demoKeyFile } from '../config/production.js';
import { anonymous, SCOPES } from '../platform/actor.js';
import type { Services } from './services.js';

/** Signs sessions; made at the first start and kept, so that they outlive the process. */
export async function ensureAuthSecret({ authSecret, dataDir }: Config): Promise<string> {
  return (
    authSecret ??
    keepSecret(path.join(dataDir, 'auth-secret'), () => randomBytes(32).toString('base64url'))
  );
}

/** What the demo account gets, 1 USD, and what its key may spend. */
const DEMO_NANOS = 1_000_000_000n;

/** The key of an account for trying things, with some credit; the same one at each start. */
export async function ensureDemoKey(
  { dataDir }: Pick<Config, 'dataDir'>,
  { accounts, keys, keyAuthenticator, credits }: Services,
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
  const valid = await keyAuthenticator.authenticate(kept, '127.0.0.1').catch(() => undefined);
  return valid === undefined ? keepSecret(file, create, { anew: true }) : kept;
}

/** Ends the demo account's key and removes its file. @returns whether there was one that worked */
export async function revokeDemoKey(
  config: Pick<Config, 'dataDir'>,
  { keys, keyAuthenticator }: Pick<Services, 'keys' | 'keyAuthenticator'>,
): Promise<boolean> {
  const secret = await readFile(demoKeyFile(config), 'utf8').catch(() => '');
  const actor = await keyAuthenticator
    .authenticate(secret.trim(), '127.0.0.1')
    .catch(() => undefined);
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
