// Runs programs of the project in the foreground, one after the other; signals reach the one that runs.
import { spawn } from 'node:child_process';
import { node, root } from './prepare.mjs';

/** Told once when the process is asked to end. */
function onStop(stop) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  // npm hands a SIGTERM to the shell between us, and that shell keeps it: see it by our parent's end.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return;
  setInterval(() => process.ppid === parent || stop('SIGTERM'), 500).unref();
}

export class Foreground {
  #child;
  #wake = () => undefined;
  /** Whether this process was asked to end. */
  isStopping = false;

  constructor() {
    onStop((signal) => {
      this.isStopping = true;
      this.#child?.kill(signal);
      this.#wake();
    });
  }

  /** Runs a compiled program to its end. @returns exit status, or the signal that ended it; how long it ran */
  async run(program, args) {
    const startedAt = performance.now();
    const child = spawn(node(), ['--enable-source-maps', program, ...args], {
      cwd: root,
      stdio: 'inherit',
    });
    this.#child = child;
    const [code, signal] = await new Promise((resolve, reject) => {
      child.once('error', reject).once('exit', (...end) => resolve(end));
    });
    this.#child = undefined;
    return { code, signal, ranMs: performance.now() - startedAt };
  }

  /** Waits; until this process is asked to end, at most. */
  async pause(ms) {
    let timer;
    await new Promise((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}

/** Ends this process as a program has ended. Never resolves. */
export async function endAs({ code, signal }) {
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  process.exit(code ?? 1);
}
