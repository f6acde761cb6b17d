import DataLoader from 'dataloader';

const KEYS_PER_STATEMENT_MAX = 500;
const STATEMENTS_MAX = 4;

/**
 * Looks values up with at most four statements at a time. While all four run, keys gather, and share the next
 * statement: 500 at most. One key alone is looked up at once, and thousands that come together cost few statements,
 * wherever they come from. Nothing is cached.
 *
 * @param find the values of these keys, in their order; undefined where there is none
 */
export function sharedLookup<K, V>(
  find: (keys: readonly K[]) => Promise<(V | undefined)[]>,
): (key: K) => Promise<V | undefined> {
  const waiting: (() => void)[] = [];
  let running = 0;
  const startNext = () => {
    if (running >= STATEMENTS_MAX) return;
    const start = waiting.shift();
    if (start === undefined) return;
    running += 1;
    start();
  };
  const loader = new DataLoader<K, V | undefined>(
    async (keys) => {
      try {
        return await find(keys);
      } finally {
        running -= 1;
        startNext();
      }
    },
    {
      cache: false,
      maxBatchSize: KEYS_PER_STATEMENT_MAX,
      batchScheduleFn: (start) => {
        waiting.push(start);
        queueMicrotask(startNext);
      },
    },
  );
  return (key) => loader.load(key);
}
