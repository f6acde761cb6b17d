import { type CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { accountFrozen, type Actor, requireRecentProof } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import { type AccountId, newId, type UserId } from '../platform/ids.js';
import { checkName } from '../platform/name.js';
import { readNow } from '../platform/now.store.js';
import { findDetails } from './account-admin.store.js';
import type { AccountDetails } from './account-details.js';
import { type AccountOfUser, checkEmail, type User } from './account.js';
import * as store from './accounts.store.js';
import { type AuditAction, type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import { mailboxHash } from './mailbox.js';
import * as operators from './operators.store.js';

export interface FreeCredit {
  /** Nano-USD for each verified address; 0: none. */
  readonly nanos: bigint;
  readonly days: number;
}

/** Pages at the payment service on which an account's credit can be bought. */
export interface OpenPages {
  /** Closes them, but for those where somebody has paid. @throws AppError UPSTREAM_UNAVAILABLE */
  endPages(accountId: AccountId): Promise<void>;
}

const NAME_CHARS_MAX = 100;

export interface AccountsParts {
  readonly db: Database;
  readonly credits: Pick<CreditsService, 'grant' | 'postWithin'>;
  readonly payments: OpenPages;
  readonly freeCredit: FreeCredit;
}

/** Accounts, who belongs to them, and what was done there. */
export class AccountsService {
  constructor(private readonly parts: AccountsParts) {}

  /** A person's own account. For the identity gateway, once for each person. */
  async openPersonalAccount(user: { id: UserId; name: string; email: string }): Promise<AccountId> {
    const id = newId('acct');
    const name = (user.name.trim() || user.email).slice(0, NAME_CHARS_MAX);
    await this.parts.db.transaction(async (tx) => {
      await store.insertAccount(tx, { id, kind: 'PERSONAL', name }, user.id);
      await insertAuditEvent(tx, {
        actor: { userId: user.id },
        accountId: id,
        action: 'account.created',
        target: id,
      });
    });
    return id;
  }

  /**
   * Free credit for a verified address: once for each mailbox, for ever, whatever account has it. The
   * ledger keeps the count: its transaction bears the hash of the address in its plainest form.
   */
  async giveFreeCredit(user: { id: UserId; email: string }): Promise<void> {
    const { nanos, days } = this.parts.freeCredit;
    if (nanos === 0n) return;
    const [account] = await store.listAccounts(this.parts.db, user.id);
    if (account === undefined) return;
    const now = await readNow(this.parts.db);
    await this.parts.credits
      .grant({
        id: `sign-up:${mailboxHash(user.email)}`,
        accountId: account.id,
        nanos,
        source: 'SIGN_UP',
        // Before anything that was paid for.
        priority: 10,
        expiresAt: new Date(now.getTime() + days * 24 * 3_600_000),
        reason: 'Free credit at sign-up',
        actor: 'system',
      })
      .catch((error: unknown) => {
        // Given before: to this account with another date, or to another one.
        if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error;
      });
  }

  /** An account of the server's own, for the demo key. */
  async openAccount(name: string): Promise<AccountId> {
    const id = newId('acct');
    await this.parts.db.transaction((tx) =>
      store.insertAccount(tx, { id, kind: 'PERSONAL', name }, undefined),
    );
    return id;
  }

  /** @throws AppError NOT_FOUND */
  async user(userId: UserId): Promise<User> {
    const user = await store.findUser(this.parts.db, userId);
    if (user === undefined) throw new AppError('NOT_FOUND', 'User not found.');
    return user;
  }

  /** Who runs the platform, by address. */
  operators(): Promise<readonly User[]> {
    return operators.listOperators(this.parts.db);
  }

  /**
   * Makes a person an operator, or no longer one. May be repeated.
   * @param by who does it; nobody: whoever runs the server
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, CONFLICT when no operator would be left
   */
  async setOperator(email: string, operator: boolean, by: AuditedActor = {}): Promise<void> {
    const address = checkEmail(email);
    await this.parts.db.transaction(async (tx) => {
      const all = operator ? [] : await operators.lockOperators(tx);
      const person = await operators.lockPerson(tx, address);
      if (person === undefined) {
        throw new AppError('NOT_FOUND', `No user has signed up with ${address}.`);
      }
      if (person.operator === operator) return;
      if (!operator && all.length === 1) {
        throw new AppError(
          'CONFLICT',
          'The platform must keep an operator. Appoint another operator first.',
        );
      }
      await operators.setOperator(tx, person.id, operator);
      const action = operator ? 'operator.added' : 'operator.removed';
      await insertAuditEvent(tx, { actor: by, action, target: person.id });
    });
  }

  /** The personal account first, then organizations by name. */
  list(userId: UserId): Promise<readonly AccountOfUser[]> {
    return store.listAccounts(this.parts.db, userId);
  }

  /** Accounts and how they stand, by id; those that there are. */
  async findMany(ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, AccountDetails>> {
    const found = await findDetails(this.parts.db, ids);
    return new Map(found.map((account) => [account.id, account]));
  }

  /** Writes down, on their own account, what a person did. */
  async auditPerson(
    userId: UserId,
    action: AuditAction,
    ipAddress: string | undefined,
    details: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const [account] = await store.listAccounts(this.parts.db, userId);
    await this.audit({
      actor: { userId, ipAddress },
      accountId: account?.id,
      action,
      target: userId,
      details,
    });
  }

  /** May be repeated. @throws AppError BAD_USER_INPUT; NOT_FOUND when it is closed */
  async rename(actor: Actor, accountId: AccountId, given: string): Promise<void> {
    const name = checkName(given);
    await this.parts.db.transaction(async (tx) => {
      const before = await store.setAccountName(tx, accountId, name);
      if (before === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
      if (before.name === name) return;
      const event = { actor, accountId, action: 'account.renamed', target: accountId } as const;
      // The log is for ever: a personal account bears the name of a person, who may be erased.
      const details = before.kind === 'PERSONAL' ? {} : { from: before.name, name };
      await insertAuditEvent(tx, { ...event, details });
    });
  }

  /** May be repeated. @throws AppError BAD_USER_INPUT */
  async renamePerson(actor: Actor, userId: UserId, name: string): Promise<void> {
    if (!(await store.setUserName(this.parts.db, userId, checkName(name)))) return;
    await this.auditPerson(userId, 'user.renamed', actor.ipAddress);
  }

  /** Switches mails about sign-ins, passwords and keys on or off. May be repeated. */
  async updateSecurityMails(actor: Actor, userId: UserId, enabled: boolean): Promise<void> {
    if (!(await store.updateSecurityMails(this.parts.db, userId, enabled))) return;
    const action = enabled ? 'user.security-mails-on' : 'user.security-mails-off';
    await this.auditPerson(userId, action, actor.ipAddress);
  }

  /** Writes down an act that another domain did. */
  audit(event: Parameters<typeof insertAuditEvent>[1]): Promise<void> {
    return insertAuditEvent(this.parts.db.prisma, event);
  }

  /**
   * Ends an account: its keys stop, its history stays. Pages on which credit could be bought are closed first. Credit
   * that is left is given up, by an entry.
   * @param giveUpCredit must be said when there is credit left
   * @throws AppError FORBIDDEN while it is frozen; CONFLICT that names what is in the way: runs in flight, debt,
   *   messages not sent, money on its way; UPSTREAM_UNAVAILABLE when its pages cannot be closed now
   */
  async close(actor: Actor, accountId: AccountId, giveUpCredit: boolean): Promise<void> {
    await requireRecentProof(actor);
    const before = await store.findObstacles(this.parts.db, accountId);
    // Nobody's page is closed for an account that stays.
    refuseObstacles(accountId, before && { ...before, unpaid: 0 }, giveUpCredit);
    if (before?.unpaid !== 0) await this.parts.payments.endPages(accountId);
    await this.parts.db.transaction(async (tx) => {
      const obstacles = await store.lockObstacles(tx, accountId);
      const { availableNanos } = refuseObstacles(accountId, obstacles, giveUpCredit);
      if (!(await store.closeAccount(tx, accountId))) return;
      if (availableNanos > 0n) {
        await this.parts.credits.postWithin(tx, {
          id: `closing:${accountId}`,
          accountId,
          kind: 'ADJUSTMENT',
          nanos: -availableNanos,
          actor: actor.userId === undefined ? 'system' : `user:${actor.userId}`,
          reason: 'Given up when the account was closed',
        });
      }
      const details = { givenUpNanos: String(availableNanos) };
      const event = { actor, accountId, action: 'account.closed', target: accountId } as const;
      await insertAuditEvent(tx, { ...event, details });
    });
  }
}

/** @throws AppError as `close` */
function refuseObstacles(
  accountId: AccountId,
  obstacles: store.Obstacles | undefined,
  giveUpCredit: boolean,
): store.Obstacles {
  if (obstacles === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
  const { holds, postedNanos, unsent, unpaid, frozenReason } = obstacles;
  if (frozenReason !== null) throw accountFrozen(accountId, frozenReason);
  if (holds > 0) throw inTheWay(`${String(holds)} calls are in flight; wait for them to finish.`);
  if (unsent > 0)
    throw inTheWay(`${String(unsent)} messages are waiting to be sent; try again later.`);
  if (unpaid > 0) {
    throw inTheWay(`payments are in progress (${String(unpaid)}); wait for them to finish.`);
  }
  if (postedNanos < 0n) throw inTheWay('its balance is negative; settle it first.');
  if (postedNanos > 0n && !giveUpCredit) {
    throw inTheWay('it has credit left; set giveUpCredit: true to forfeit it.');
  }
  return obstacles;
}

function inTheWay(message: string): AppError {
  return new AppError('CONFLICT', `The account cannot be closed: ${message}`);
}
