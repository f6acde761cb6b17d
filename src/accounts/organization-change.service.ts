import { AppError } from '../errors.js';
import type { Database, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import { lockAccount } from './members.store.js';

/**
 * One change of an organization's members at a time.
 * @throws AppError NOT_FOUND when it is closed; CONFLICT for a personal account
 */
export function changeOrganization<T>(
  db: Database,
  accountId: AccountId,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return db.transaction(async (tx) => {
    const kind = await lockAccount(tx, accountId);
    if (kind === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
    if (kind === 'PERSONAL') {
      throw new AppError(
        'CONFLICT',
        'A personal account has a single member. Create an organization instead.',
      );
    }
    return work(tx);
  });
}
