import { AppError } from '../errors.js';
import { accountOf, type Actor } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import { createRateCounter, type RateCounter, type RateStore } from '../platform/rate-counter.js';
import type { RateState } from './call-limits.js';

export interface CallLimitOptions {
  /** Of an account that an operator allows nothing else, all its keys together. */
  readonly ratePerMinute: number;
  /** Calls of an account that run at the same time in this process. */
  readonly concurrencyMax: number;
  readonly store: RateStore;
}

const WINDOW_S = 60;

/** How often, and how many at a time, an account and a key may call. No matter of money: that is the hold's. */
export class CallLimits {
  private readonly counter: RateCounter;
  private readonly running = new Map<AccountId, number>();

  constructor(
    db: Queryable,
    private readonly options: CallLimitOptions,
  ) {
    this.counter = createRateCounter(db, options.store, WINDOW_S);
  }

  /** Calls that a caller may make in a minute, when nobody else of its account calls. */
  ratePerMinuteOf(actor: Pick<Actor, 'ratePerMinute' | 'limits'>): number {
    const { ratePerMinute = Infinity } = actor;
    return Math.min(ratePerMinute, this.limitsOf(actor).ratePerMinute);
  }

  /** What an operator has set for the caller's account, or else what everybody has. */
  private limitsOf({ limits }: Pick<Actor, 'limits'>) {
    return {
      ratePerMinute: limits?.ratePerMinute ?? this.options.ratePerMinute,
      concurrencyMax: limits?.concurrencyMax ?? this.options.concurrencyMax,
    };
  }

  /**
   * Does the work if the caller may call now.
   * @param onState told where the caller stands, whether it may or not: of its key where that has a rate
   *   of its own, else of its account
   * @throws AppError RATE_LIMITED, with `retryAfterS`
   */
  async run<T>(
    actor: Actor,
    onState: (state: RateState) => void,
    work: () => Promise<T>,
  ): Promise<T> {
    const { keyId, ratePerMinute } = actor;
    const accountId = accountOf(actor);
    const running = this.running.get(accountId) ?? 0;
    const { ratePerMinute: accountRate, concurrencyMax } = this.limitsOf(actor);
    if (running >= concurrencyMax) {
      throw new AppError(
        'RATE_LIMITED',
        `The account has ${String(concurrencyMax)} calls in flight, which is the maximum. Wait for one to finish.`,
        { details: { retryAfterS: 1, concurrencyMax } },
      );
    }
    this.running.set(accountId, running + 1);
    try {
      if (keyId !== undefined && ratePerMinute !== undefined) {
        onState(await this.consume(keyId, ratePerMinute, onState));
        await this.consume(accountId, accountRate, onState);
      } else {
        onState(await this.consume(accountId, accountRate, onState));
      }
      return await work();
    } finally {
      const left = (this.running.get(accountId) ?? 1) - 1;
      if (left === 0) this.running.delete(accountId);
      else this.running.set(accountId, left);
    }
  }

  private async consume(
    who: string,
    limit: number,
    onState: (state: RateState) => void,
  ): Promise<RateState> {
    const { count, msBeforeNext } = await this.counter.count(who);
    const state: RateState = {
      limit,
      remaining: Math.max(0, limit - count),
      windowS: WINDOW_S,
      resetS: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
    };
    if (count <= limit) return state;
    onState(state);
    throw new AppError(
      'RATE_LIMITED',
      `At most ${String(limit)} calls a minute are allowed. Wait ${String(state.resetS)} s.`,
      { details: { retryAfterS: state.resetS, limit, remaining: 0, windowS: WINDOW_S } },
    );
  }
}
