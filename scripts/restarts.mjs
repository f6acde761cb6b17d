// When a server that ended is started again.

/** Exit statuses of a failure that nothing handled: ours (src/main.ts), and Node's when the handler fails as well. */
const FAILED = [70, 7];
/** Signals by which the system ends a process that crashed, or had no memory left. */
const CRASHED = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGKILL', 'SIGSEGV', 'SIGTRAP'];

/** A server that ran for this long had started well: what ends it then is no reason to give up. */
export const SETTLED_MS = 60_000;
/** Failures in a row, each before SETTLED_MS, after which it is not started again. */
export const FAILURES_MAX = 5;
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 30_000;

/** Whether a server ended by a failure, and not because it was told to or refused its configuration. */
export function isFailure({ code, signal }) {
  return signal === null ? FAILED.includes(code) : CRASHED.includes(signal);
}

/** Decides after each failure of a server: wait and start it again, or give up. */
export class Restarts {
  #failures = 0;

  /**
   * @param ranMs how long the server ran, in milliseconds
   * @returns milliseconds to wait before the next start; undefined: it failed too often
   */
  next(ranMs) {
    this.#failures = ranMs < SETTLED_MS ? this.#failures + 1 : 1;
    if (this.#failures >= FAILURES_MAX) return undefined;
    return Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), WAIT_MS_MAX);
  }
}
