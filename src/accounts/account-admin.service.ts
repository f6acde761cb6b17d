import { AppError } from '../errors.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, isAccountId } from '../platform/ids.js';
import { checkReason } from '../platform/reason.js';
import * as store from './account-admin.store.js';
import {
  type AccountFilter,
  checkLimits,
  checkSearch,
  type LimitChanges,
  type ManagedAccount,
} from './managed-account.js';

/** Accounts, for those who run the platform. Each act is written down in its own transaction. */
export class AccountAdminService {
  constructor(private readonly db: Database) {}

  /** Newest first. @param page `after`: an id @throws AppError BAD_USER_INPUT */
  list(
    filter: AccountFilter,
    { first, after }: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly ManagedAccount[]> {
    if (after !== undefined && !isAccountId(after)) {
      throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
        details: { argument: 'after' },
      });
    }
    const search = checkSearch(filter.search);
    return store.listManaged(this.db, { search, status: filter.status, first, after });
  }

  async find(id: string): Promise<ManagedAccount | undefined> {
    return isAccountId(id) ? store.findManaged(this.db, id) : undefined;
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<ManagedAccount> {
    const account = await this.find(id);
    if (account === undefined) throw noSuchAccount();
    return account;
  }

  /**
   * From its commit on no call of the account begins, on any server: the ledger holds nothing for it. What runs
   * ends, and is charged. What else a frozen account may not do, servers refuse within 5 s. May be repeated.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT; CONFLICT when it is closed, or frozen for another reason
   */
  async freeze(by: AuditedActor, id: string, why: string): Promise<ManagedAccount> {
    const reason = checkReason(why);
    return this.change(id, async (tx, accountId) => {
      const account = await store.lockAccountAndBalance(tx, accountId);
      if (account === undefined) throw noSuchAccount();
      if (account.status === 'CLOSED') throw new AppError('CONFLICT', 'The account is closed.');
      if (account.frozenReason === reason) return;
      if (account.frozenReason !== null) {
        throw new AppError(
          'CONFLICT',
          `The account is already frozen: ${account.frozenReason}. Unfreeze it first.`,
        );
      }
      await store.setFrozen(tx, accountId, reason);
      await insertAuditEvent(tx, {
        actor: by,
        accountId,
        action: 'account.frozen',
        target: accountId,
        details: { reason },
      });
    });
  }

  /** What was refused goes again, within 5 s on every server. May be repeated. @throws AppError NOT_FOUND */
  async unfreeze(by: AuditedActor, id: string): Promise<ManagedAccount> {
    return this.change(id, async (tx, accountId) => {
      const account = await store.lockAccountAndBalance(tx, accountId);
      if (account === undefined) throw noSuchAccount();
      if (account.frozenReason === null) return;
      await store.setFrozen(tx, accountId, null);
      await insertAuditEvent(tx, {
        actor: by,
        accountId,
        action: 'account.unfrozen',
        target: accountId,
        details: { wasFrozenFor: account.frozenReason },
      });
    });
  }

  /**
   * How often and how many at a time the account may call, within 5 s on every server.
   * @param limits null gives it what everybody has; what is left out stays
   * @throws AppError NOT_FOUND, BAD_USER_INPUT
   */
  async setLimits(by: AuditedActor, id: string, limits: LimitChanges): Promise<ManagedAccount> {
    checkLimits(limits);
    return this.change(id, async (tx, accountId) => {
      if ((await store.lockAccountAndBalance(tx, accountId)) === undefined) throw noSuchAccount();
      await store.setLimits(tx, accountId, limits);
      await insertAuditEvent(tx, {
        actor: by,
        accountId,
        action: 'account.limited',
        target: accountId,
        details: Object.fromEntries(
          Object.entries(limits)
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => [name, String(value ?? 'default')]),
        ),
      });
    });
  }

  /**
   * Whether members act on an organization only in a session in which they have shown a second factor. Takes effect with
   * the next request; keys go on. May be repeated.
   * @throws AppError NOT_FOUND; CONFLICT for a personal account
   */
  async requireSecondFactor(
    by: AuditedActor,
    id: string,
    required: boolean,
  ): Promise<ManagedAccount> {
    if ((await this.get(id)).kind === 'PERSONAL') {
      throw new AppError('CONFLICT', 'A second factor can be required only for organizations.');
    }
    return this.change(id, async (tx, accountId) => {
      await store.setSecondFactorRequired(tx, accountId, required);
      await insertAuditEvent(tx, {
        actor: by,
        accountId,
        action: 'account.second-factor-required',
        target: accountId,
        details: { required: String(required) },
      });
    });
  }

  private async change(
    id: string,
    work: (tx: Transaction, accountId: AccountId) => Promise<void>,
  ): Promise<ManagedAccount> {
    if (!isAccountId(id)) throw noSuchAccount();
    await this.db.transaction((tx) => work(tx, id));
    return this.get(id);
  }
}

function noSuchAccount(): AppError {
  return new AppError('NOT_FOUND', 'Account not found.');
}
