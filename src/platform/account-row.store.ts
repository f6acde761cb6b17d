import type { Transaction } from './database.js';
import type { AccountId } from './ids.js';

/**
 * Locks an account's row until the transaction ends: what an account may have so many of is made one after the other, so
 * that the limit holds. Does not hold up rows that only refer to the account, such as those of the ledger.
 */
export async function lockAccountRow(tx: Transaction, accountId: AccountId): Promise<void> {
  await tx.query('SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
}
