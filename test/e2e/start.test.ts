import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { postGraphQL } from '../support/app.js';
import { createTestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';
import {
  childrenOf,
  killLeftServers,
  processesNaming,
  startServer,
  until,
} from '../support/process.js';

// cspell:ignore geheim

const folder = temporaryFolder();
const env = { DATA_DIR: folder.path };
const lockFile = path.join(folder.path, 'postgres/cluster/postmaster.pid');
afterEach(killLeftServers);
afterAll(() => {
  folder.remove();
});

const leftover = () => processesNaming(folder.path).length;

test('a first start makes everything, and an interrupt leaves no process', async () => {
  const server = startServer(env);
  const url = await server.ready();
  const { body } = await postGraphQL(url, { query: '{ models { totalCount } }' });
  expect(body.data.models.totalCount).toBeGreaterThanOrEqual(13);
  expect(server.progress()).toMatch(/migrations: applied \d+_catalog/);
  expect(server.progress()).toContain('curl');

  process.kill(-(server.child.pid ?? 0), 'SIGINT');
  expect(await server.ended()).toBe(0);
  expect(leftover()).toBe(0);
});

test.each(['SIGINT', 'SIGKILL'] as const)('its predictor ends with it: %s', async (signal) => {
  const server = startServer(env);
  await server.ready();
  expect(server.progress()).toContain('gigarouter/demo-shapes');
  const pid = server.child.pid ?? 0;
  const predictors = await until('a predictor', () => {
    const found = childrenOf(pid).filter((id) => processesNaming('cli.js').includes(id));
    return found.length > 0 ? found : undefined;
  });
  process.kill(signal === 'SIGINT' ? -pid : pid, signal);
  await server.ended();
  await until('it to be gone', () =>
    predictors.some((id) => processesNaming('cli.js').includes(id)) ? undefined : true,
  );
  expect(server.progress()).not.toContain('started again');
});

test('the call that the start prints works as it is printed', async () => {
  const server = startServer(env);
  await server.ready();
  const body = /-d '(\{.*\})'/.exec(server.progress())?.[1] ?? '';
  const url = /curl -s (\S+)\/graphql/.exec(server.progress())?.[1] ?? '';
  const answer = await postGraphQL(url, body);
  expect(answer.body.data.models.edges).toHaveLength(3);
  process.kill(-(server.child.pid ?? 0), 'SIGINT');
  await server.ended();
});

test('after a crash the next start takes the database over, and stops it', async () => {
  const crashed = startServer(env);
  await crashed.ready();
  crashed.child.kill('SIGKILL');
  await crashed.ended();
  expect(leftover()).toBeGreaterThan(0);

  const next = startServer(env);
  const url = await next.ready();
  expect(next.progress()).toContain('taken over');
  expect((await postGraphQL(url, { query: '{ tasks { task } }' })).status).toBe(200);
  next.child.kill('SIGTERM');
  expect(await next.ended()).toBe(0);
  expect(leftover()).toBe(0);
});

test('a stale lock file that names somebody else’s process does not block the start', async () => {
  writeFileSync(
    lockFile,
    `${String(process.pid)}\n${path.dirname(lockFile)}\n0\n1\n\n127.0.0.1\n\nready\n`,
  );
  const server = startServer(env);
  await server.ready();
  expect(readFileSync(lockFile, 'utf8')).not.toMatch(new RegExp(`^${String(process.pid)}\n`));
  server.child.kill('SIGTERM');
  expect(await server.ended()).toBe(0);
});

test('a second process on the same folder shares the database and leaves it running', async () => {
  const first = startServer(env);
  const url = await first.ready();
  const second = startServer(env);
  await second.ready();
  expect(second.progress()).toContain('shared');
  second.child.kill('SIGTERM');
  expect(await second.ended()).toBe(0);
  expect((await postGraphQL(url, { query: '{ tasks { task } }' })).status).toBe(200);
  first.child.kill('SIGTERM');
  expect(await first.ended()).toBe(0);
  expect(leftover()).toBe(0);
});

test('a taken port is reported with the process that has it, before anything is started', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  const server = startServer({ ...env, PORT: String(port) });
  expect(await server.ended()).toBe(1);
  expect(server.progress()).toContain(
    `Port ${String(port)} is in use by process ${String(process.pid)}`,
  );
  expect(server.progress()).not.toContain('database:');
  holder.close();
});

test('every wrong variable is reported at once, by name, without its value', async () => {
  const server = startServer({
    PORT: 'abc',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://root:geheim@db',
  });
  expect(await server.ended()).toBe(1);
  for (const name of ['PORT', 'LOG_LEVEL', 'DATABASE_URL'])
    expect(server.progress()).toContain(name);
  expect(server.progress()).not.toContain('geheim');
});

test('a database that cannot be reached ends the start with the reason', async () => {
  const server = startServer({ DATABASE_URL: 'postgresql://user:geheim@127.0.0.1:1/x' });
  expect(await server.ended()).toBe(1);
  expect(server.progress()).toContain('ECONNREFUSED');
  expect(server.progress()).not.toContain('geheim');
});

test('DATABASE_URL is migrated, and nothing else is done to it or started', async () => {
  const database = await createTestDatabase({ seeded: false });
  await database.query('DROP SCHEMA public CASCADE');
  await database.query('CREATE SCHEMA public');
  const server = startServer({ ...env, DATABASE_URL: database.url });
  await server.ready();
  expect(server.progress()).toMatch(/migrations: applied \d+_catalog/);
  expect(await database.query('SELECT FROM model')).toHaveLength(0);
  expect(leftover()).toBe(0);
  server.child.kill('SIGTERM');
  expect(await server.ended()).toBe(0);
  await database.drop();
});

test('SIGTERM lets a request in flight finish, and refuses new ones', async () => {
  const database = await createTestDatabase();
  const server = startServer({
    DATABASE_URL: database.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '20000',
  });
  const url = await server.ready();
  const lock = await database.hold('LOCK TABLE model IN ACCESS EXCLUSIVE MODE');
  const inFlight = postGraphQL(url, { query: '{ models { totalCount } }' });
  await until('the request to wait', async () => (await lock.waiting()) || undefined);

  server.child.kill('SIGTERM');
  await until('new connections to be refused', () =>
    fetch(`${url}/healthz`).then(
      (response) => (response.status === 503 ? true : undefined),
      () => true as const,
    ),
  );
  await lock.release();
  expect((await inFlight).status).toBe(200);
  expect(await server.ended()).toBe(0);
  await database.drop();
});
