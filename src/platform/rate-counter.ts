import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Queryable } from './database.js';
import { countOne, deleteOver } from './rate-counter.store.js';

/** memory: each process counts for itself; postgres: all count together, for a statement a count. */
export type RateStore = 'memory' | 'postgres';

/** Counts what somebody does in a time; what is too much is for the caller to say. */
export interface RateCounter {
  /** One more. @returns how often in the running time, this one included, and when a new one begins */
  count(who: string): Promise<{ count: number; msBeforeNext: number }>;
}

/** The library only counts: limits differ from one to another, and are compared by the caller. */
const COUNT_MAX = 2 ** 31 - 1;

/** Longest key that the table takes. */
const KEY_CHARS_MAX = 255;

/** Windows that are over are forgotten this often, so many at a time. */
const FORGET_MS = 300_000;
const FORGET_AT_ONCE = 10_000;

/** While the database is away each process counts for itself. */
export function createRateCounter(db: Queryable, store: RateStore, windowS: number): RateCounter {
  const memory = new RateLimiterMemory({ points: COUNT_MAX, duration: windowS });
  const alone = async (who: string) => {
    const { consumedPoints, msBeforeNext } = await memory.consume(who);
    return { count: consumedPoints, msBeforeNext };
  };
  if (store === 'memory') return { count: alone };
  let forgottenAtMs = performance.now();
  const forget = () => {
    if (performance.now() - forgottenAtMs < FORGET_MS) return;
    forgottenAtMs = performance.now();
    // Those that stay are forgotten another time.
    deleteOver(db, FORGET_AT_ONCE).catch(() => undefined);
  };
  return {
    count: async (who) => {
      forget();
      const key = who.slice(0, KEY_CHARS_MAX);
      return countOne(db, key, windowS * 1_000).catch(() => alone(who));
    },
  };
}
