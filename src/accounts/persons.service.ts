import { AppError } from '../errors.js';
import type { Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import { mailboxHash } from './mailbox.js';
import * as store from './persons.store.js';

/** What is given once for each person: who that is. */
export class PersonsService {
  /**
   * Stands for the person behind what is done on an account, in tables where each is in once: the hash of their mailbox.
   * For an account without members, as the server's own, it stands for the account. Waits for whatever else is being
   * given to the person.
   * @param userId who does it; undefined: a key, behind which stands who has owned the account longest
   * @throws AppError FORBIDDEN when that person's address is not verified
   */
  async personOf(
    tx: Transaction,
    accountId: AccountId,
    userId: UserId | undefined,
  ): Promise<string> {
    const { email, hasMembers } = await store.findPerson(tx, accountId, userId);
    if (email === undefined && hasMembers) {
      throw new AppError(
        'FORBIDDEN',
        userId === undefined
          ? 'No owner of the account has verified their email address. Sign in and verify it first.'
          : 'Verify your email address first.',
      );
    }
    const person = email === undefined ? `account:${accountId}` : mailboxHash(email);
    await store.lockPersonsTurn(tx, person);
    return person;
  }
}
