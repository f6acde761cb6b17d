import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UNLIMITED } from './unlimited.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Everything that it wrote to stderr so far. */
  progress(): string;
  /** Everything that it wrote to stdout so far: its log. */
  log(): string;
  /** Resolves with the base URL when it is ready. */
  ready(): Promise<string>;
  /** Resolves with the exit status when it ends; null when a signal ended it. */
  ended(): Promise<number | null>;
}

const started: ServerProcess[] = [];

/** Ends what a failed test left running; for `afterEach`. */
export async function killLeftServers(): Promise<void> {
  for (const { child, ended } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended();
  }
}

/**
 * Starts the compiled server in a process group of its own.
 * @param program `scripts/start.mjs` for what `npm start` runs: the server is its child then
 */
export function startServer(
  env: Record<string, string>,
  program: 'dist/main.js' | 'scripts/start.mjs' = 'dist/main.js',
): ServerProcess {
  const child = spawn(process.execPath, [program], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...UNLIMITED,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let progress = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (progress += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const server: ServerProcess = {
    child,
    progress: () => progress,
    log: () => log,
    ready: () =>
      until('the server to be ready', () => {
        if (child.exitCode !== null) throw new Error(`It ended instead:\n${progress}`);
        return /(http:\S+)\/graphql/.exec(progress)?.[1];
      }),
    ended: () => ended,
  };
  started.push(server);
  return server;
}

/** Polls until `probe` gives something; fails after `timeoutMs`. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 240_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new Error(`Waited ${String(timeoutMs)} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ids of the processes whose command line or working folder names `needle` (Linux). */
export function processesNaming(needle: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && commandLine(pid).includes(needle));
}

/** Ids of the processes that this one started (Linux). */
export function childrenOf(pid: number): number[] {
  return processesNaming('').filter((id) => parentOf(id) === pid);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // It has ended.
  }
}

function commandLine(pid: number): string {
  const file = `/proc/${String(pid)}/cmdline`;
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return ''; // It ended between the two.
  }
}
