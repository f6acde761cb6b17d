import type { Queryable } from '../platform/database.js';
import * as store from './ledger.store.js';
import type { LedgerEntry } from './movement.js';

/** Reads what some causes have moved. */
export class LedgerEntriesService {
  constructor(private readonly db: Queryable) {}

  /** By the id of the run, purchase or other cause; one statement. Those that moved nothing are missing. */
  async ofTransactions(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, readonly LedgerEntry[]>> {
    const entries = await store.listEntriesOf(this.db, ids);
    return new Map(
      ids.map((id) => [id, entries.filter(({ transactionId }) => transactionId === id)]),
    );
  }
}
