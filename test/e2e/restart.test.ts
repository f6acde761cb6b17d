import path from 'node:path';
import { postGraphQL } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import {
  childrenOf,
  killLeftServers,
  processesNaming,
  type ServerProcess,
  startServer,
  until,
} from '../support/process.js';

const { Restarts, FAILURES_MAX, isFailure, SETTLED_MS } = jest.requireActual<{
  readonly Restarts: new () => { next(ranMs: number): number | undefined };
  readonly FAILURES_MAX: number;
  readonly isFailure: (end: { code: number | null; signal: string | null }) => boolean;
  readonly SETTLED_MS: number;
}>('../../scripts/restarts.mjs');
const PRELOAD = path.resolve(import.meta.dirname, '../support/failing-server.mjs');

const folder = temporaryFolder();
const env = {
  DATA_DIR: folder.path,
  STRIPE_DOUBLE_PORT: '0',
  NODE_OPTIONS: `--import=${PRELOAD}`,
};
const npmStart = (more: Record<string, string> = {}) =>
  startServer({ ...env, ...more }, 'scripts/start.mjs');

afterEach(killLeftServers);
afterAll(() => {
  folder.remove();
});

/** The server that `npm start` runs. */
const serverOf = ({ child: { pid = 0 } }: ServerProcess) =>
  until('the server', () => {
    const servers = new Set(processesNaming('dist/main.js'));
    return childrenOf(pid).find((id) => servers.has(id));
  });

/** Resolves with its URL when the server was ready so many times. */
const readyTimes = ({ child, progress }: ServerProcess, times: number) =>
  until('the server to be ready', () => {
    if (child.exitCode !== null) throw new Error(`It ended instead:\n${progress()}`);
    const urls = [...progress().matchAll(/Open (http:\S+) in a browser/g)];
    return urls.length >= times ? urls.at(-1)?.[1] : undefined;
  });

const isServed = async (url: string) =>
  (await postGraphQL(url, { query: '{ models { totalCount } }' })).status === 200;

async function stopped(start: ServerProcess): Promise<void> {
  process.kill(-(start.child.pid ?? 0), 'SIGINT');
  expect(await start.ended()).toBe(0);
  expect(processesNaming(folder.path)).toEqual([]);
}

test('a server that failed is started again, says so, and stops as ever', async () => {
  const start = npmStart();
  await readyTimes(start, 1);
  const first = await serverOf(start);
  process.kill(first, 'SIGUSR2');
  const url = await readyTimes(start, 2);
  expect(await serverOf(start)).not.toBe(first);
  expect(await isServed(url)).toBe(true);
  expect(start.progress()).toContain('gigarouter failed: Error: a failure that nothing handles');
  expect(start.progress()).toContain('The server failed (exit status 70). It is started again in');
  // PostgreSQL was stopped by the one that failed.
  expect(start.progress()).not.toContain('taken over');
  await stopped(start);
});

test('a server that was killed is started again, and takes its database over', async () => {
  const start = npmStart();
  await readyTimes(start, 1);
  process.kill(await serverOf(start), 'SIGKILL');
  expect(await isServed(await readyTimes(start, 2))).toBe(true);
  expect(start.progress()).toContain('The server failed (SIGKILL)');
  expect(start.progress()).toContain('taken over');
  await stopped(start);
});

test('a server that always fails is given up with the reason, and leaves nothing', async () => {
  const start = npmStart({ FAIL_AT_START: 'yes' });
  expect(await start.ended()).toBe(70);
  const failures = start.progress().match(/a failure that nothing handles/g);
  expect(failures).toHaveLength(FAILURES_MAX);
  expect(start.progress()).toContain('It is not started any more');
});

test('a configuration that is refused ends it at once', async () => {
  const start = npmStart({ PORT: 'abc' });
  expect(await start.ended()).toBe(1);
  expect(start.progress()).toContain('PORT');
  expect(start.progress()).not.toContain('again');
});

test('what is told to end while it waits to start again ends', async () => {
  const start = npmStart({ FAIL_AT_START: 'yes' });
  await until('a failure', () => start.progress().includes('started again in 1 s') || undefined);
  start.child.kill('SIGTERM');
  expect(await start.ended()).toBe(0);
});

describe('restarts', () => {
  test('wait twice as long each time, and begin anew after a server that ran well', () => {
    const restarts = new Restarts();
    expect([0, 0, 0].map((ranMs) => restarts.next(ranMs))).toEqual([500, 1_000, 2_000]);
    expect(restarts.next(SETTLED_MS)).toBe(500);
    for (let n = 2; n < FAILURES_MAX; n++) expect(restarts.next(0)).toBeGreaterThan(0);
    expect(restarts.next(0)).toBeUndefined();
  });

  test.each([
    [{ code: 70, signal: null }, true],
    [{ code: 0, signal: null }, false],
    [{ code: 1, signal: null }, false],
    [{ code: null, signal: 'SIGSEGV' }, true],
    [{ code: null, signal: 'SIGTERM' }, false],
  ])('after %j: %j', (end, failed) => {
    expect(isFailure(end)).toBe(failed);
  });
});
