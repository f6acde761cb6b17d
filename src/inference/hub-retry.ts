import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../errors.js';

const ATTEMPTS_MAX = 6;
const RETRY_AFTER_MS = 100;

/** Tries again after what may pass: a cut, a time-out, a busy server. */
export async function retry<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof AppError || signal?.aborted) throw error;
      if (count === ATTEMPTS_MAX) {
        throw new AppError(
          'UPSTREAM_UNAVAILABLE',
          `The Hugging Face Hub is not responding (${(error as Error).message}). Downloaded data is kept; pull again to resume.`,
          { cause: error },
        );
      }
      await sleep(RETRY_AFTER_MS * 2 ** count, undefined, signal === undefined ? {} : { signal });
    }
  }
}
