import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { AppError } from '../errors.js';
import type { Logger } from '../platform/logger.js';
import type { PasswordTask } from './password-hasher.thread.js';

/** One hash keeps one core busy for 50 ms and uses 32 MiB. Three of four cores stay with paid work. */
const THREADS = Math.max(1, Math.floor(availableParallelism() / 4));
/** The last in the queue waits for about a second. */
const WAITING_PER_THREAD = 16;
/** At random, so that those who are refused together do not come back together. */
const RETRY_AFTER_S = { min: 1, max: 4 } as const;

// Tests run the sources.
const THREAD_FILE = new URL(`./password-hasher.thread${extname(import.meta.url)}`, import.meta.url);

/**
 * Hashes and compares passwords in threads of its own, a few at once. libuv's pool stays free for image decoding, so
 * a flood of sign-ins delays sign-ins, and no call.
 */
export class PasswordHasher {
  private readonly waitingMax: number;
  /** Started with the first password: commands need none. */
  private pool: Piscina<PasswordTask, string | boolean> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly threads = THREADS,
  ) {
    this.waitingMax = threads * WAITING_PER_THREAD;
  }

  /** @returns salt and key, as `verify` takes them. @throws AppError OVERLOADED */
  async hash(password: string): Promise<string> {
    return String(await this.run({ password }));
  }

  /** Whether a password is the one that was hashed. @throws AppError OVERLOADED */
  async verify({ hash, password }: { hash: string; password: string }): Promise<boolean> {
    return (await this.run({ hash, password })) === true;
  }

  /** @throws AppError OVERLOADED where `hash` and `verify` would */
  refuseWhenFull(): void {
    if (this.pool === undefined || this.pool.queueSize < this.waitingMax) return;
    const retryAfterS = randomInt(RETRY_AFTER_S.min, RETRY_AFTER_S.max + 1);
    throw new AppError('OVERLOADED', 'Too many sign-ins are in progress. Try again in a moment.', {
      details: { retryAfterS },
    });
  }

  /** Ends the threads. Safe to repeat. */
  async stop(): Promise<void> {
    await this.pool?.destroy();
  }

  private run(task: PasswordTask): Promise<string | boolean> {
    this.refuseWhenFull();
    this.pool ??= this.start();
    return this.pool.run(task);
  }

  private start(): Piscina<PasswordTask, string | boolean> {
    const pool = new Piscina<PasswordTask, string | boolean>({
      filename: fileURLToPath(THREAD_FILE),
      name: 'runPasswordTask',
      // A thread that dies is replaced only up to the minimum, and what waits in the queue needs one.
      minThreads: this.threads,
      maxThreads: this.threads,
      // Idle threads would block in `Atomics.wait`, and no debugger or profiler reaches them there.
      atomics: 'disabled',
      // On Linux it is the thread that yields to paid work; elsewhere it would be the process.
      niceIncrement: process.platform === 'linux' ? 10 : 0,
    });
    // A thread that dies between two passwords; it is replaced.
    pool.on('error', (err: unknown) => {
      this.logger.error({ err }, 'a thread that hashes passwords ended');
    });
    return pool;
  }
}
