import { AppError } from '../errors.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { AccountKind } from './account.js';
import * as store from './accounts.store.js';

/** Who is written to about an account. */
export class ContactsService {
  constructor(private readonly db: Queryable) {}

  /** Who an account's bills go to. @throws AppError NOT_FOUND */
  async contact(
    accountId: AccountId,
  ): Promise<{ name: string; kind: AccountKind; email: string | undefined }> {
    const contact = await store.findContact(this.db, accountId);
    if (contact === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
    return contact;
  }

  /** Addresses of those who look after an account: owners, admins and billing members. */
  addresses(tx: Transaction, accountId: AccountId): Promise<readonly string[]> {
    return store.listContacts(tx, accountId);
  }
}
