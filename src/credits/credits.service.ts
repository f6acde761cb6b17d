import { AppError } from '../errors.js';
import { accountFrozen } from '../platform/actor.js';
import { type Finding, runChecks } from '../platform/checks.js';
import {
  type Database,
  databaseAway,
  isDatabaseOutage,
  type Transaction,
} from '../platform/database.js';
import { type AccountId, isAccountId, newId } from '../platform/ids.js';
import { checkSome, checkTimeRange } from '../platform/time-range.js';
import { checkReason } from '../platform/reason.js';
import { LEDGER_CHECKS } from './ledger-checks.sql.js';
import { LedgerQueue } from './ledger-queue.js';
import * as store from './ledger.store.js';
import * as lots from './lots.store.js';
import { type CreditsObserver, NO_OBSERVER } from './credits-observer.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import {
  BALANCE_MAX,
  type Answer,
  type Balance,
  type CreditLot,
  type CreditTotals,
  type HoldCommand,
  type HoldOutcome,
  PRIORITY_MAX,
  type LedgerEntry,
  type LedgerPage,
  type PostCommand,
  type SettleCommand,
  type SettleStatus,
} from './movement.js';
import { badAmount, badInput, insufficient, noSuchAccount, refusal } from './refusal.js';

/**
 * The only way to an account's credit. Everything is in nano-USD. `hold` and `settle` of many callers are
 * committed together; each is safe to repeat, as the run's id makes it one effect.
 */
export class CreditsService {
  private readonly queue: LedgerQueue;

  constructor(
    private readonly db: Database,
    private readonly observer: CreditsObserver = NO_OBSERVER,
  ) {
    this.queue = new LedgerQueue({
      apply: (settles, holds) => store.apply(db, settles, holds),
      isOutage: isDatabaseOutage,
    });
  }

  /**
   * Sets credit aside before anything runs.
   * @throws AppError INSUFFICIENT_CREDIT, SPEND_CAP_REACHED, UNAUTHENTICATED (key revoked or expired),
   *   FORBIDDEN (account closed or frozen), IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_FLIGHT, OVERLOADED, UPSTREAM_UNAVAILABLE
   */
  async hold(command: HoldCommand): Promise<HoldOutcome> {
    const answer = await this.queue.hold(command).catch(translate);
    if (answer.status === 'HELD') {
      this.observer.changed(command.accountId);
      return { held: answer };
    }
    if (answer.status === 'DONE') return { doneRunId: answer.runId };
    const { status, postedNanos, heldNanos } = answer;
    if (status === 'ACCOUNT_CLOSED') await this.refuseFrozen(command.accountId);
    throw refusal(status, command.nanos, postedNanos - heldNanos);
  }

  /**
   * Sets credit aside for many runs of an account, or for none of them: in the caller's transaction, together
   * with what they are for. Its last step, as the balance is locked from then on.
   * @param commands of one account and key, without idempotency keys
   * @throws AppError as `hold`; the transaction has to be rolled back then
   */
  async holdWithin(tx: Transaction, commands: readonly HoldCommand[]): Promise<void> {
    const { status, nanos, postedNanos, heldNanos } = await store.holdAll(tx, commands);
    const accountId = commands[0]?.accountId;
    if (status === 'ACCOUNT_CLOSED' && accountId !== undefined) await this.refuseFrozen(accountId);
    if (status !== 'HELD') throw refusal(status, nanos, postedNanos - heldNanos);
  }

  /**
   * Charges a run that is about to be answered, at most what is held. The answer may leave once this has
   * returned, not before.
   * @returns what was charged, and the balance after it; with PAID_BEFORE nothing was: capture it again, without
   *   the units that the account has paid for
   * @throws AppError CONFLICT when the hold has expired and its credit is gone, or the run was voided;
   *   UPSTREAM_UNAVAILABLE when the outcome is unknown: the same call may be settled again
   */
  async capture(
    command: SettleCommand & { readonly nanos: bigint },
  ): Promise<Answer<SettleStatus>> {
    const answer = await this.settle(command);
    const { status } = answer;
    if (status === 'CAPTURED' || status === 'DONE' || status === 'PAID_BEFORE') return answer;
    if (status === 'NO_HOLD') {
      throw new Error(`Run ${command.runId} has no hold of at least ${String(command.nanos)}.`);
    }
    throw new AppError(
      'CONFLICT',
      'The credit reserved for the call expired before the call finished. Nothing was charged.',
    );
  }

  /**
   * Gives back what is held for a run that came to nothing. A run that was captured stays captured.
   * @returns whether it is over without a charge; false: it was captured before
   */
  async void(command: Omit<SettleCommand, 'nanos' | 'result'>): Promise<boolean> {
    const { status } = await this.settle({ ...command, nanos: null });
    return status !== 'CAPTURED';
  }

  /** @throws AppError NOT_FOUND */
  async balance(accountId: AccountId): Promise<Balance> {
    const found = isAccountId(accountId) ? await this.balances([accountId]) : undefined;
    const balance = found?.get(accountId);
    if (balance === undefined) throw noSuchAccount();
    return balance;
  }

  /** Of several accounts, by id; those that there are. */
  balances(accountIds: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Balance>> {
    return store.findBalances(this.db, accountIds);
  }

  /** @throws AppError NOT_FOUND */
  async totals(accountId: AccountId): Promise<CreditTotals> {
    const totals = await store.findTotals(this.db, accountId);
    if (totals === undefined) throw noSuchAccount();
    return totals;
  }

  /** Lots with credit left, in the order in which they are spent. @param page all by default; `after`: id of a lot */
  lots(accountId: AccountId, page: lots.LotPage = {}): Promise<readonly CreditLot[]> {
    return lots.listLots(this.db, accountId, page);
  }

  /** Lots by id, spent or not; those that there are. */
  async findLots(ids: readonly string[]): Promise<ReadonlyMap<string, CreditLot>> {
    const possible = ids.filter((id) => !id.includes('\0'));
    const found = await lots.findLots(this.db, possible);
    return new Map(found.map((lot) => [lot.id, lot]));
  }

  /** Newest first. @throws AppError BAD_USER_INPUT for a filter that lets nothing through */
  entries(accountId: AccountId, page: LedgerPage): Promise<readonly LedgerEntry[]> {
    checkTimeRange(page.filter ?? {}, 'filter');
    checkSome(page.filter?.kinds, 'filter.kinds');
    return store.listEntries(this.db, accountId, page);
  }

  /**
   * Gives credit away, as a lot of its own.
   * @param grant `id` makes it one grant however often it is sent; made here when left out. `by`: an operator,
   *   whose act is written down in the same transaction
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, CONFLICT when the id was used for another grant
   */
  async grant(
    grant: Pick<PostCommand, 'accountId' | 'nanos' | 'expiresAt' | 'priority' | 'actor'> & {
      readonly id?: string | undefined;
      readonly by?: AuditedActor | undefined;
      readonly source?: 'GRANT' | 'SIGN_UP';
      readonly reason: string;
    },
  ): Promise<string> {
    if (grant.nanos <= 0n) throw badAmount('`nanos` must be greater than 0.');
    const { priority = PRIORITY_MAX } = grant;
    if (!(Number.isInteger(priority) && priority >= 0 && priority <= PRIORITY_MAX)) {
      throw badInput(
        'priority',
        `\`priority\` must be between 0 and ${String(PRIORITY_MAX)} (got ${String(priority)}).`,
      );
    }
    const { source = 'GRANT', id = newId('grant') } = grant;
    const { by, ...command } = grant;
    return this.post({ ...command, id, kind: 'GRANT', source }, by);
  }

  /**
   * Corrects an account by a movement with a reason, up or down; never below what is there.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, INSUFFICIENT_CREDIT, CONFLICT
   */
  async adjust(
    adjustment: Pick<PostCommand, 'accountId' | 'nanos' | 'actor' | 'reverses'> & {
      readonly id?: string | undefined;
      readonly by?: AuditedActor | undefined;
      readonly reason: string;
    },
  ): Promise<string> {
    if (adjustment.nanos === 0n) throw badAmount('`nanos` must not be 0.');
    const { by, id = newId('adj'), ...command } = adjustment;
    return this.post({ ...command, id, kind: 'ADJUSTMENT', source: 'ADJUSTMENT' }, by);
  }

  /**
   * Posts a movement that happens outside, together with what it is recorded by: in the caller's
   * transaction. Money that went back may leave a debt. The caller sees to it that it happens once.
   * @throws Error when the ledger does not take it
   */
  async postWithin(tx: Transaction, command: PostCommand): Promise<void> {
    const status = await store.post(tx, command);
    if (status !== 'POSTED') throw new Error(`${command.id} could not be posted: ${status}.`);
  }

  /** What of a purchase's credit is left and not promised to calls in flight. Locks the balance until `tx` ends. */
  spareOf(tx: Transaction, accountId: AccountId, lotId: string): Promise<bigint> {
    return store.lockSpare(tx, accountId, lotId);
  }

  /** The same for some lots, without a lock: what was there a moment ago. By lot. */
  unspent(accountId: AccountId, lotIds: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    return store.listSpare(this.db, accountId, lotIds);
  }

  /** One turn of the sweeper: expired holds and lots. @returns how many holds it ended */
  async sweep(atMost = 1_000): Promise<number> {
    const ended = await store.expireHolds(this.db, atMost);
    const lost = await store.expireCredit(this.db, atMost);
    if (ended > 0 || lost > 0n) this.observer.somethingChanged();
    return ended;
  }

  /** Checks what the ledger promises (README.md) on live data, as it is at one moment. Reads only. */
  verify(): Promise<readonly Finding[]> {
    return runChecks(this.db, LEDGER_CHECKS);
  }

  /** Calls that wait for their commit. */
  get waiting(): number {
    return this.queue.waiting;
  }

  /** The ledger holds for open accounts alone; this says why one is not open. @throws AppError FORBIDDEN */
  private async refuseFrozen(accountId: AccountId): Promise<void> {
    const reason = await store.findFrozenReason(this.db, accountId);
    if (reason !== undefined) throw accountFrozen(accountId, reason);
  }

  private async settle(command: SettleCommand): Promise<Answer<SettleStatus>> {
    const answer = await this.queue.settle(command).catch(translate);
    this.observer.changed(command.accountId, command.runId);
    return answer;
  }

  private async post(command: PostCommand, by: AuditedActor | undefined): Promise<string> {
    if (command.nanos > BALANCE_MAX || command.nanos < -BALANCE_MAX) {
      throw badAmount('The amount is out of range.');
    }
    if (!isAccountId(command.accountId)) throw noSuchAccount();
    const status = await (
      by === undefined ? store.post(this.db, command) : this.postAudited(command, by)
    ).catch(translate);
    switch (status) {
      case 'POSTED':
      case 'EXISTS':
        return command.id;
      case 'NO_ACCOUNT':
        throw noSuchAccount();
      case 'MISMATCH':
        throw new AppError('CONFLICT', `${command.id} was already used for another transaction.`);
      case 'EXPIRED':
        throw badInput('expiresAt', '`expiresAt` must be in the future.');
      case 'OUT_OF_RANGE':
        throw badAmount(`The balance must not exceed ${String(BALANCE_MAX)} nano-USD.`);
      case 'INSUFFICIENT': {
        const { availableNanos } = await this.balance(command.accountId);
        throw insufficient(-command.nanos, availableNanos);
      }
    }
  }

  /** A repetition posts nothing, and is not written down again. */
  private postAudited(command: PostCommand, by: AuditedActor) {
    const { id, accountId, nanos, reason, kind, reverses } = command;
    checkReason(reason ?? '');
    if (/\p{Cc}/u.test(`${id}${reverses ?? ''}`)) {
      throw badInput('idempotencyKey', 'IDs and keys must not contain control characters.');
    }
    return this.db.transaction(async (tx) => {
      const status = await store.post(tx, command);
      if (status === 'POSTED') {
        await insertAuditEvent(tx, {
          actor: by,
          accountId,
          action: kind === 'GRANT' ? 'credit.granted' : 'credit.adjusted',
          target: id,
          details: { nanos: String(nanos), reason: reason ?? '' },
        });
      }
      return status;
    });
  }
}

function translate(error: unknown): never {
  throw isDatabaseOutage(error) ? databaseAway(error) : error;
}
