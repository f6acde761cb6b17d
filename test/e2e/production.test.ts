import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { codeOf, postGraphQL } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { killLeftServers, startServer } from '../support/process.js';

/** A data folder that was used for development goes to production. */

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path };
const production = { ...env, NODE_ENV: 'production', AUTH_SECRET: 'x'.repeat(32) };
const demoKeyFile = path.join(folder.path, 'demo-key');
afterEach(killLeftServers);
afterAll(() => {
  folder.remove();
});

const balanceFor = async (url: string, key: string) => {
  const { body } = await postGraphQL(
    url,
    { query: '{ account { balance { postedNanos } } }' },
    { authorization: `Bearer ${key}` },
  );
  return codeOf({ body }) ?? 'OK';
};
const stop = async (server: ReturnType<typeof startServer>) => {
  server.child.kill('SIGTERM');
  expect(await server.ended()).toBe(0);
};

test('what development leaves open is refused in production, and can be closed', async () => {
  const development = startServer(env);
  await development.ready();
  await stop(development);
  const key = readFileSync(demoKeyFile, 'utf8').trim();

  const refused = startServer(production);
  expect(await refused.ended()).toBe(1);
  for (const name of ['STRIPE_SECRET_KEY', 'ALLOW_STRIPE_DOUBLE', '--revoke-key'])
    expect(refused.progress()).toContain(name);
  expect(refused.progress()).not.toMatch(/database:|AUTH_SECRET/);
  expect(refused.progress()).not.toContain(key);

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['dist/cli.js', 'demo', '--revoke-key'],
    { env: { PATH: process.env.PATH, ...env } },
  );
  expect(stdout).toContain('revoked');
  expect(existsSync(demoKeyFile)).toBe(false);

  const server = startServer({ ...production, ALLOW_STRIPE_DOUBLE: 'true' });
  const url = await server.ready();
  expect(await balanceFor(url, key)).toBe('UNAUTHENTICATED');
  expect(existsSync(demoKeyFile)).toBe(false);
  expect(server.progress()).not.toContain('A key with some credit');
  await stop(server);
});
