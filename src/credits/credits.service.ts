import { AppError } from '../errors.js';
import { type Finding, runChecks } from '../platform/checks.js';
import {
  type Database,
  databaseAway,
  isDatabaseOutage,
  type Transaction,
} from '../platform/database.js';
import { type AccountId, newId, type RunId } from '../platform/ids.js';
import { LEDGER_CHECKS } from './ledger-checks.sql.js';
import { LedgerQueue } from './ledger-queue.js';
import * as store from './ledger.store.js';
import type {
  Answer,
  Balance,
  CreditLot,
  CreditTotals,
  HoldCommand,
  HoldStatus,
  LedgerEntry,
  PostCommand,
  SettleCommand,
  SettleStatus,
} from './movement.js';

/** Credit is set aside for a new run, or the same request was answered before. */
export type HoldOutcome = { readonly held: Answer<HoldStatus> } | { readonly doneRunId: RunId };

/** Told after a commit that moved credit, so that it may be told on; never waited for. */
export interface CreditsObserver {
  /** With a run, it ended. */
  changed(accountId: AccountId, runId?: RunId): void;
  /** Of accounts that are not known here. */
  somethingChanged(): void;
}

const NOBODY: CreditsObserver = { changed: () => undefined, somethingChanged: () => undefined };

const BALANCE_MAX = 2n ** 62n;

/**
 * The only way to an account's credit. Everything is in nano-USD. `hold` and `settle` of many callers are
 * committed together; each is safe to repeat, as the run's id makes it one effect.
 */
export class CreditsService {
  private readonly queue: LedgerQueue;

  constructor(
    private readonly db: Pick<Database, 'query' | 'prisma'>,
    private readonly observer = NOBODY,
  ) {
    this.queue = new LedgerQueue({
      apply: (settles, holds) => store.apply(db.prisma, settles, holds),
      isOutage: isDatabaseOutage,
    });
  }

  /**
   * Sets credit aside before anything runs.
   * @throws AppError INSUFFICIENT_CREDIT, SPEND_CAP_REACHED, UNAUTHENTICATED (key revoked or expired),
   *   FORBIDDEN (account closed), IDEMPOTENCY_MISMATCH, IDEMPOTENCY_IN_FLIGHT, OVERLOADED, UPSTREAM_UNAVAILABLE
   */
  async hold(command: HoldCommand): Promise<HoldOutcome> {
    const answer = await this.queue.hold(command).catch(translate);
    if (answer.status === 'HELD') {
      this.observer.changed(command.accountId);
      return { held: answer };
    }
    if (answer.status === 'DONE') return { doneRunId: answer.runId };
    const { status, postedNanos, heldNanos } = answer;
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
    if (status !== 'HELD') throw refusal(status, nanos, postedNanos - heldNanos);
  }

  /**
   * Charges a run that is about to be answered, at most what is held. The answer may leave once this has
   * returned, not before.
   * @returns what was charged, and the balance after it
   * @throws AppError CONFLICT when the hold has expired and its credit is gone, or the run was voided;
   *   UPSTREAM_UNAVAILABLE when the outcome is unknown: the same call may be settled again
   */
  async capture(
    command: SettleCommand & { readonly nanos: bigint },
  ): Promise<Answer<SettleStatus>> {
    const answer = await this.settle(command);
    if (answer.status === 'CAPTURED' || answer.status === 'DONE') return answer;
    if (answer.status === 'NO_HOLD') {
      throw new Error(`Run ${command.runId} has no hold of at least ${String(command.nanos)}.`);
    }
    throw new AppError(
      'CONFLICT',
      'The call took longer than its credit was held, and the credit is gone. Nothing was charged.',
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
    const balance = await store.findBalance(this.db, accountId);
    if (balance === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
    return balance;
  }

  /** @throws AppError NOT_FOUND */
  async totals(accountId: AccountId): Promise<CreditTotals> {
    const totals = await store.findTotals(this.db, accountId);
    if (totals === undefined) throw new AppError('NOT_FOUND', 'There is no such account.');
    return totals;
  }

  lots(accountId: AccountId): Promise<readonly CreditLot[]> {
    return store.listLots(this.db, accountId);
  }

  /** Newest first. @param page `before`: a version */
  entries(
    accountId: AccountId,
    page: { first: number; before: bigint | undefined },
  ): Promise<readonly LedgerEntry[]> {
    return store.listEntries(this.db, accountId, page);
  }

  /**
   * Gives credit away, as a lot of its own.
   * @param grant `id` makes it one grant however often it is sent; made here when left out
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, CONFLICT when the id was used for another grant
   */
  async grant(
    grant: Pick<PostCommand, 'accountId' | 'nanos' | 'expiresAt' | 'priority' | 'actor'> & {
      readonly id?: string | undefined;
      readonly source?: 'GRANT' | 'SIGN_UP';
      readonly reason: string;
    },
  ): Promise<string> {
    if (grant.nanos <= 0n) throw badAmount('A grant is more than 0.');
    const { source = 'GRANT', id = newId('grant') } = grant;
    return this.post({ ...grant, id, kind: 'GRANT', source });
  }

  /**
   * Corrects an account by a movement with a reason, up or down; never below what is there.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND, INSUFFICIENT_CREDIT, CONFLICT
   */
  async adjust(
    adjustment: Pick<PostCommand, 'accountId' | 'nanos' | 'actor' | 'reverses'> & {
      readonly id?: string | undefined;
      readonly reason: string;
    },
  ): Promise<string> {
    if (adjustment.nanos === 0n) throw badAmount('An adjustment is not 0.');
    const { id = newId('adj') } = adjustment;
    return this.post({ ...adjustment, id, kind: 'ADJUSTMENT', source: 'ADJUSTMENT' });
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
    const ended = await store.expireHolds(this.db.prisma, atMost);
    const lost = await store.expireCredit(this.db.prisma, atMost);
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

  private async settle(command: SettleCommand): Promise<Answer<SettleStatus>> {
    const answer = await this.queue.settle(command).catch(translate);
    this.observer.changed(command.accountId, command.runId);
    return answer;
  }

  private async post(command: PostCommand): Promise<string> {
    if (command.nanos > BALANCE_MAX || command.nanos < -BALANCE_MAX) {
      throw badAmount('The amount is out of range.');
    }
    const status = await store.post(this.db.prisma, command).catch(translate);
    switch (status) {
      case 'POSTED':
      case 'EXISTS':
        return command.id;
      case 'NO_ACCOUNT':
        throw new AppError('NOT_FOUND', 'There is no such account.');
      case 'MISMATCH':
        throw new AppError('CONFLICT', `${command.id} was used for another movement.`);
      case 'INSUFFICIENT': {
        const { availableNanos } = await this.balance(command.accountId);
        throw insufficient(-command.nanos, availableNanos);
      }
    }
  }
}

/** What a caller is told of a hold that the ledger refuses. */
function refusal(
  status: Exclude<HoldStatus, 'HELD'>,
  neededNanos: bigint,
  availableNanos: bigint,
): AppError {
  switch (status) {
    case 'INSUFFICIENT':
      return insufficient(neededNanos, availableNanos);
    case 'KEY_CAP':
      return new AppError(
        'SPEND_CAP_REACHED',
        'The key’s spend cap does not allow this call. Raise the cap, or use another key.',
      );
    case 'KEY_REVOKED':
    case 'KEY_EXPIRED':
      return new AppError('UNAUTHENTICATED', 'The API key is no longer valid.');
    case 'MISMATCH':
      return new AppError(
        'IDEMPOTENCY_MISMATCH',
        'This idempotency key was used for another request. Use a new key for a new request.',
      );
    case 'IN_FLIGHT':
      return new AppError(
        'IDEMPOTENCY_IN_FLIGHT',
        'A request with this idempotency key is being answered. Send it again shortly.',
        { details: { retryAfterS: 1 } },
      );
    case 'ACCOUNT_CLOSED':
      return new AppError('FORBIDDEN', 'The account is closed.');
    case 'NO_ACCOUNT':
      return new AppError('NOT_FOUND', 'There is no such account.');
    case 'DONE':
    case 'ENDED':
      return new AppError('CONFLICT', 'The run has ended already.');
  }
}

function insufficient(neededNanos: bigint, availableNanos: bigint): AppError {
  return new AppError(
    'INSUFFICIENT_CREDIT',
    'The account has not enough credit for this call. Buy credit, or ask for less.',
    {
      details: {
        neededNanos: neededNanos.toString(),
        availableNanos: availableNanos.toString(),
      },
    },
  );
}

function badAmount(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'nanos' } });
}

function translate(error: unknown): never {
  throw isDatabaseOutage(error) ? databaseAway(error) : error;
}
