import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { type Installation, prepareInstallation } from './binaries.js';
import { commandOf, isAlive } from '../processes.js';

/**
 * Fewer checkpoints, and no zeros written ahead of the log: both held up commits for 50 ms when much is
 * written. As durable as before.
 */
const STEADY_WRITES = { min_wal_size: '1GB', max_wal_size: '2GB', wal_init_zero: 'off' } as const;

/** Compiling a statement takes longer than any of ours runs, where the planner believes that it reads much. */
const QUICK_STATEMENTS = { jit: 'off' } as const;

export interface EmbeddedPostgres {
  /** `postgresql://…` of a superuser, on the loopback address. */
  readonly url: string;
  /** `started`: by this call. `adopted`: left running by a process that died. `shared`: another live process owns it. */
  readonly origin: 'started' | 'adopted' | 'shared';
  /** Stops the server and waits for it, unless another process owns it. Safe to repeat. */
  stop(): Promise<void>;
}

const USER = 'gigarouter';
const DATABASE = 'gigarouter';
const START_TIMEOUT_S = 60;
const REACH_RETRY_MS = 100;

export interface EmbeddedPostgresOptions {
  /** Left out: a free one. */
  port?: number;
  /** Server settings, as `{ fsync: 'off' }`. */
  settings?: Readonly<Record<string, string>>;
  /** How long a server that was left running may take to let somebody in, before it is started anew; 60 s. */
  reachMs?: number;
}

/**
 * Starts the PostgreSQL that comes with the package, with its data in `<dataDir>/postgres`; the first
 * call also makes the cluster. Built on `pg_ctl`, which detaches the server from the terminal: Ctrl-C
 * reaches only us, and we drain before the database goes.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const installation = prepareInstallation(path.resolve(dataDir));
  const cluster = path.join(installation.home, 'cluster');
  if (!existsSync(path.join(cluster, 'PG_VERSION'))) await initialize(installation, cluster);

  let running = runningPort(cluster);
  const shared = running !== undefined && ownerIsAlive(installation.home);
  const at = (port: number) =>
    `postgresql://${USER}:${readPassword(installation.home)}@127.0.0.1:${String(port)}`;
  if (running !== undefined && !shared && !(await isReached(at(running), options.reachMs))) {
    // Seen after a disk was full during recovery: the server runs, for ever, and lets nobody in.
    await stop(installation, cluster, 'immediate');
    running = undefined;
  }
  const port = running ?? (await start(installation, cluster, options));
  if (!shared) writeFileSync(ownerFile(installation.home), String(process.pid));

  const server = at(port);
  await createDatabase(server);

  let stopping: Promise<void> | undefined;
  return {
    url: `${server}/${DATABASE}`,
    origin: shared ? 'shared' : running === undefined ? 'started' : 'adopted',
    stop: () => (stopping ??= shared ? Promise.resolve() : stop(installation, cluster)),
  };
}

/** Made beside its place and renamed: a cluster cut short by a crash is never taken for a whole one. */
async function initialize(installation: Installation, cluster: string): Promise<void> {
  const partial = mkdtempSync(`${cluster}.`);
  const passwordFile = path.join(installation.home, 'password');
  writeFileSync(passwordFile, randomBytes(24).toString('hex'), { mode: 0o600 });
  giveTo(installation, partial, passwordFile);
  try {
    await run(installation, installation.initdb, [
      `--pgdata=${partial}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
    ]);
    renameSync(partial, cluster);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function start(
  installation: Installation,
  cluster: string,
  { port: wantedPort, settings }: EmbeddedPostgresOptions,
): Promise<number> {
  removeStaleLock(cluster);
  const port = wantedPort ?? (await freePort());
  const log = path.join(installation.home, 'log');
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...STEADY_WRITES,
    ...QUICK_STATEMENTS,
    ...settings,
  };
  const flags = Object.entries(all).map(([name, value]) => `-c ${name}='${value}'`);
  try {
    await run(installation, installation.pgCtl, [
      'start',
      '--wait',
      `--timeout=${String(START_TIMEOUT_S)}`,
      `--pgdata=${cluster}`,
      `--log=${log}`,
      `--options=-p ${String(port)} ${flags.join(' ')}`,
    ]);
  } catch (cause) {
    const lastLines = existsSync(log)
      ? readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n  ')
      : '';
    throw new Error(`PostgreSQL did not start. The end of ${log}:\n  ${lastLines}`, { cause });
  }
  return port;
}

/** Whether the server lets somebody in, within so long: after a crash it recovers first. */
async function isReached(server: string, withinMs = START_TIMEOUT_S * 1_000): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  do {
    const client = new pg.Client({
      connectionString: `${server}/postgres`,
      connectionTimeoutMillis: withinMs,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await pause(REACH_RETRY_MS);
    }
  } while (performance.now() < deadline);
  return false;
}

async function createDatabase(server: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  // A connection that is lost fails the statement that waits; without a listener it would end the process, too.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
      DATABASE,
    ]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** @param mode "fast" ends open sessions, "immediate" is a crash; the default would wait for sessions for ever */
async function stop(
  installation: Installation,
  cluster: string,
  mode: 'fast' | 'immediate' = 'fast',
): Promise<void> {
  await run(installation, installation.pgCtl, [
    'stop',
    `--mode=${mode}`,
    '--wait',
    `--pgdata=${cluster}`,
  ]);
  rmSync(ownerFile(installation.home), { force: true });
}

/** Port of the server that runs on this cluster, from its lock file; undefined when none does. */
function runningPort(cluster: string): number | undefined {
  const lock = readLock(cluster);
  return lock !== undefined && isPostgres(lock.pid) && lock.ready ? lock.port : undefined;
}

/** After a crash of the machine the lock may name a process id that something else has now. */
function removeStaleLock(cluster: string): void {
  const lock = readLock(cluster);
  if (lock !== undefined && !isPostgres(lock.pid))
    rmSync(path.join(cluster, 'postmaster.pid'), { force: true });
}

/** Lines 1, 4 and 8 of `postmaster.pid`: process id, port, status (PostgreSQL, miscinit.h). */
function readLock(cluster: string): { pid: number; port: number; ready: boolean } | undefined {
  const file = path.join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

function isPostgres(pid: number): boolean {
  return isAlive(pid) && (commandOf(pid)?.includes('postgres') ?? true);
}

function ownerIsAlive(home: string): boolean {
  if (!existsSync(ownerFile(home))) return false;
  const pid = Number(readFileSync(ownerFile(home), 'utf8'));
  return pid !== process.pid && isAlive(pid) && (commandOf(pid)?.includes('node') ?? true);
}

function ownerFile(home: string): string {
  return path.join(home, 'owner.pid');
}

function readPassword(home: string): string {
  return readFileSync(path.join(home, 'password'), 'utf8').trim();
}

function giveTo({ runAs }: Installation, ...files: string[]): void {
  if (runAs === undefined) return;
  for (const file of files) chownSync(file, runAs.uid, runAs.gid);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** @throws Error with what the program wrote, when it does not end with 0. */
function run({ runAs, home }: Installation, program: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...runAs,
      cwd: home,
      // A small, fixed environment: PGPORT, PGDATA or a locale of the user's would change the server.
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      // A pipe that fails loses words, no more: the exit status says what happened.
      stream.on('error', () => undefined);
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    child.once('error', reject);
    // `exit`, not `close`: the server that pg_ctl leaves behind holds its pipes open.
    child.once('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else
        reject(new Error(`${path.basename(program)} ended with ${String(code)}: ${output.trim()}`));
    });
  });
}
