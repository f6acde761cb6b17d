import DataLoader from 'dataloader';

/** How long a look-up waits for others to share its statement with. */
const GATHER_MS = 25;

const KEYS_PER_STATEMENT_MAX = 500;

/**
 * Look-ups that arrive within 25 ms share one statement: at most 40 statements a second, and one more for each
 * 500 keys, however many callers send credentials that do not exist.
 *
 * @param find the values of these keys, in their order; undefined where there is none
 */
export function sharedLookup<K, V>(
  find: (keys: readonly K[]) => Promise<(V | undefined)[]>,
): (key: K) => Promise<V | undefined> {
  const loader = new DataLoader<K, V | undefined>(find, {
    cache: false,
    maxBatchSize: KEYS_PER_STATEMENT_MAX,
    batchScheduleFn: (dispatch) => setTimeout(dispatch, GATHER_MS),
  });
  return (key) => loader.load(key);
}
