import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
} from 'rate-limiter-flexible';
import type { Database } from './database.js';

/** memory: each process counts for itself; postgres: all count together, for a statement a count. */
export type RateStore = 'memory' | 'postgres';

/** Counts what somebody does in a time; what is too much is for the caller to say. */
export interface RateCounter {
  /** One more. @returns how often in the running time, this one included, and when a new one begins */
  count(who: string): Promise<{ count: number; msBeforeNext: number }>;
}

/** The library only counts: limits differ from one to another, and are compared by the caller. */
const COUNT_MAX = 2 ** 31 - 1;

/** While the database is away each process counts for itself. */
export function createRateCounter(
  db: Pick<Database, 'query'>,
  store: RateStore,
  windowS: number,
): RateCounter {
  const counter = createLimiter(db, store, windowS);
  return {
    count: async (who) => {
      const { consumedPoints, msBeforeNext } = await counter.consume(who);
      return { count: consumedPoints, msBeforeNext };
    },
  };
}

function createLimiter(
  db: Pick<Database, 'query'>,
  store: RateStore,
  windowS: number,
): RateLimiterAbstract {
  const counting = { points: COUNT_MAX, duration: windowS };
  const memory = new RateLimiterMemory(counting);
  if (store === 'memory') return memory;
  return new RateLimiterPostgres({
    ...counting,
    storeClient: {
      query: async ({ text, values }: { text: string; values: unknown[] }) => {
        const rows = await db.query(text, values);
        return { rows, rowCount: rows.length };
      },
    },
    storeType: 'client',
    tableName: 'rate_limit',
    tableCreated: true,
    insuranceLimiter: memory,
  });
}
