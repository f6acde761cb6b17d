import { LRUCache } from 'lru-cache';
import type { Queryable } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { PaidBy } from './paid-unit.js';
import * as store from './paid-units.store.js';

/** Units that an account has paid for and is not charged for again, at least its newest so many. */
const UNITS_PER_ACCOUNT = 10_000;

/** Payments that this process knows of, of all accounts: some 20 MB. */
const KNOWN_MAX = 100_000;

const PRUNE_AT_ONCE = 10_000;
/** Longer than the pause between two turns of the sweeper. */
const LATELY_MS = 600_000;

interface Payment {
  readonly runId: RunId;
  /** By `performance.now()`. */
  readonly untilMs: number;
}

/**
 * What accounts have paid for. The rows are written by the ledger, with the charge (`CreditsService.capture`); all
 * servers read the same. A payment does not change until it expires, so that each process may remember it.
 */
export class PaidUnitsService {
  private readonly known = new LRUCache<string, Payment>({ max: KNOWN_MAX });

  constructor(
    private readonly db: Queryable,
    private readonly unitsPerAccount = UNITS_PER_ACCOUNT,
  ) {}

  /**
   * Of some units, those that the account has paid for. Asks the database only for what this process does not know
   * of, in one statement.
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async find(accountId: AccountId, keys: readonly string[]): Promise<PaidBy> {
    const now = performance.now();
    const found = new Map<string, RunId>();
    const unknown = new Set<string>();
    for (const key of keys) {
      const payment = this.known.get(key);
      if (payment !== undefined && payment.untilMs > now) found.set(key, payment.runId);
      else unknown.add(key);
    }
    if (unknown.size === 0) return found;
    for (const { key, runId, leftMs } of await store.findPaidUnits(this.db, accountId, [
      ...unknown,
    ])) {
      // From before the question: a process never believes in a payment longer than the database does.
      this.known.set(key, { runId, untilMs: now + leftMs });
      found.set(key, runId);
    }
    return found;
  }

  /** Knows of a payment without asking. @param fromMs `performance.now()` before it was made */
  remember(keys: readonly string[], runId: RunId, fromMs: number, lastsMs: number): void {
    for (const key of keys) this.known.set(key, { runId, untilMs: fromMs + lastsMs });
  }

  /** One turn of the sweeper. @returns true when there may be more */
  async prune(): Promise<boolean> {
    const expired = await store.deleteExpired(this.db, PRUNE_AT_ONCE);
    const beyond = await store.deleteBeyond(this.db, {
      perAccount: this.unitsPerAccount,
      latelyMs: LATELY_MS,
      atMost: PRUNE_AT_ONCE,
    });
    return expired === PRUNE_AT_ONCE || beyond === PRUNE_AT_ONCE;
  }
}
