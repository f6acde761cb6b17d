import { LRUCache } from 'lru-cache';
import { type CatalogService, isCallable, type Model } from '../catalog/index.js';
import type { CreditsService, PaidBy, PaidUnitsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { accountOf, type Actor } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import { type AccountId, type ModelId, newId, type RunId } from '../platform/ids.js';
import type { UsageService } from '../usage/index.js';
import { chargeOf, type UsedUnit } from './call-charge.js';
import { asAppError, notLive, reasonCode } from './call-failure.js';
import { holdOf, idempotencyOf } from './call-hold.js';
import { rounded } from './call-timings.js';
import { costOf, priceLines } from './call-price.js';
import type { HeldRun, Metered, Quote, Units } from './metered-call.js';

export interface CallRequest {
  readonly actor: Actor;
  readonly quote: Quote;
  readonly idempotencyKey: string | undefined;
  /** What makes two requests the same one. */
  readonly request: unknown;
  /** Credit that was set aside for the call before; undefined: it is now. */
  readonly held: HeldRun | undefined;
  readonly signal: AbortSignal;
}

/** What one run of the work came to. */
export interface Work<Result> {
  /** What the answer is made of, in order; of each unit at most what was quoted. */
  readonly used: readonly UsedUnit[];
  /** What of it the account had paid for when the work began. */
  readonly payers: PaidBy;
  /** The answer. @param free for each used unit: it costs nothing */
  readonly answer: (free: readonly boolean[]) => Result;
  /** Precision of the weights that it comes from, as `fp32`. */
  readonly variant: string;
  readonly timingsMs: Readonly<Record<string, number>>;
}

export interface MeterOptions {
  /** Taken off each price for the batch tier. */
  readonly batchDiscountPercent: number;
  /** A call that takes longer is given up. */
  readonly timeoutMs: number;
  /** Its credit is held for this long, which is longer; then the sweeper frees it. */
  readonly holdMs: number;
  /** What an account has paid for is free for it for this long. */
  readonly paidMs: number;
}

/** Who may call a model that is coming soon. */
export interface EarlyAccess {
  hasEarlyAccess(accountId: AccountId, modelId: ModelId): Promise<boolean>;
}

export interface MeterParts {
  readonly catalog: Pick<CatalogService, 'findModels'>;
  readonly credits: Pick<CreditsService, 'hold' | 'capture' | 'void' | 'balance'>;
  readonly paidUnits: Pick<PaidUnitsService, 'find' | 'remember'>;
  readonly usage: Pick<UsageService, 'result' | 'find'>;
  readonly demand: EarlyAccess;
  readonly logger: Logger;
}

/** Status and prices of a model are believed for this long. */
const MODEL_CACHE_MS = 1_000;

/** Tries to charge a call while other calls of its account pay for the same; each of them gets one of those through. */
const CAPTURES_MAX = 1_000;

/**
 * A metered call: holds the most that it can cost, runs it, charges what the account had not paid for before, and
 * only then lets the answer leave. Whatever fails before that gives the credit back.
 */
export class MeterService {
  private readonly models = new LRUCache<string, Model>({ max: 1_000, ttl: MODEL_CACHE_MS });

  constructor(
    private readonly parts: MeterParts,
    private readonly options: MeterOptions,
  ) {}

  /** Status and prices are read anew by the next call. */
  forget(): void {
    this.models.clear();
  }

  /**
   * The model that a caller may run now, with its prices.
   * @throws AppError NOT_FOUND, MODEL_NOT_LIVE, FORBIDDEN when the key is not for it
   */
  async model(actor: Actor, slug: string): Promise<Model> {
    let model = this.models.get(slug);
    if (model === undefined) {
      model = (await this.parts.catalog.findModels([slug], new Set(['prices']))).get(slug);
      if (model === undefined) {
        throw new AppError('NOT_FOUND', `Model ${slug.slice(0, 300)} not found.`);
      }
      this.models.set(slug, model);
    }
    if (!(await this.mayCall(actor, model))) throw notLive(model);
    if (actor.models !== undefined && !actor.models.has(model.slug)) {
      throw new AppError('FORBIDDEN', `This key is not allowed to call ${model.slug}.`);
    }
    return model;
  }

  private async mayCall({ accountId }: Actor, model: Model): Promise<boolean> {
    if (isCallable(model)) return true;
    const { id, status } = model;
    return (
      status === 'COMING_SOON' &&
      accountId !== undefined &&
      (await this.parts.demand.hasEarlyAccess(accountId, id))
    );
  }

  /** What a call costs at most. Holds and charges nothing. */
  quote(
    call: Omit<Quote, 'model' | 'units' | 'maximumNanos'> & { model: Model; units: Units },
  ): Quote {
    const { operation, model, tier, images } = call;
    const discountPercent = tier === 'batch' ? this.options.batchDiscountPercent : 0;
    const units = priceLines(model, call.units, 100 - discountPercent);
    const maximumNanos = costOf(units, ({ requested }) => requested);
    return { operation, model: model.slug, tier, images, units, maximumNanos };
  }

  /**
   * @param work runs the call; its signal is aborted when the caller leaves or time is up
   * @throws AppError as `CreditsService.hold` and `capture`, and as the work: nothing is charged then. What was
   *   held before stays held: whoever did so decides whether the call is tried again.
   */
  async run<Result extends object>(
    call: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Metered<Result>> {
    const accountId = accountOf(call.actor);
    if (call.held !== undefined) return this.runHeld(call.held, call, work);
    const { quote, idempotencyKey } = call;
    const runId = newId('run');
    // A call may have waited for its turn longer than its caller.
    if (call.signal.aborted) throw asAppError(call.signal.reason);
    const startedAt = performance.now();
    const outcome = await this.parts.credits.hold({
      ...holdOf({ actor: call.actor, quote, runId, ttlMs: this.options.holdMs }),
      idempotency:
        idempotencyKey === undefined
          ? undefined
          : idempotencyOf(idempotencyKey, quote, call.request),
    });
    if ('doneRunId' in outcome) return this.replay(accountId, outcome.doneRunId);
    const holdMs = performance.now() - startedAt;

    let done: Work<Result>;
    try {
      done = await this.perform(call, work);
    } catch (error) {
      await this.giveBack(accountId, runId, error);
      throw asAppError(error);
    }
    const timingsMs = { hold: holdMs, ...done.timingsMs };
    const keepsResult = idempotencyKey !== undefined;
    const held = { runId, units: quote.units, images: quote.images };
    return this.capture(accountId, held, { ...done, timingsMs }, keepsResult);
  }

  /** The answer is kept with the charge, so that a call that was tried again after a crash is charged once. */
  private async runHeld<Result extends object>(
    held: HeldRun,
    call: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Metered<Result>> {
    const accountId = accountOf(call.actor);
    const before = await this.parts.usage.find(accountId, held.runId);
    if (before?.outcome === 'CAPTURED') return this.captured(accountId, held.runId);
    const done = await this.perform(call, work).catch((error: unknown) => {
      throw asAppError(error);
    });
    return this.capture(accountId, { ...held, images: call.quote.images }, done, true);
  }

  /** Once the work has ended, well or not, whatever still runs for it and for nobody else is dropped. */
  private async perform<Result>(
    { signal }: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Work<Result>> {
    const end = new AbortController();
    const timeout = AbortSignal.timeout(this.options.timeoutMs);
    try {
      const done = await work(AbortSignal.any([signal, timeout, end.signal]));
      // Who has left gets nothing, and pays nothing.
      signal.throwIfAborted();
      return done;
    } finally {
      end.abort(new DOMException('The call has ended.', 'AbortError'));
    }
  }

  /**
   * Charges what the account has not paid for. When another call of the account has paid for some of it in the
   * meantime, that is free by now, and less is charged.
   */
  private async capture<Result extends object>(
    accountId: AccountId,
    { runId, units, images }: HeldRun & Pick<Quote, 'images'>,
    { used, answer, variant, timingsMs, ...work }: Work<Result>,
    keepsResult: boolean,
  ): Promise<Metered<Result>> {
    let { payers } = work;
    for (let attempt = 0; attempt < CAPTURES_MAX; attempt++) {
      const { free, pays, paidBy, ...charge } = chargeOf({ runId, lines: units, used, payers });
      const imagesCached = free.slice(0, images).filter((isFree) => isFree).length;
      const result = answer(free);
      const startedAt = performance.now();
      const settled = await this.parts.credits.capture({
        runId,
        accountId,
        nanos: charge.nanos,
        details: {
          variant,
          units: charge.units,
          imagesCached,
          paidBy,
          timingsMs: rounded(timingsMs),
        },
        result: keepsResult ? result : undefined,
        pays,
        paysMs: this.options.paidMs,
      });
      if (settled.status === 'PAID_BEFORE') {
        payers = new Map([...payers, ...(await this.parts.paidUnits.find(accountId, pays))]);
        continue;
      }
      // Somebody else has run it too, and was first: what that came to counts.
      if (settled.nanos !== charge.nanos) return this.captured(accountId, runId);
      if (settled.status === 'CAPTURED') {
        this.parts.paidUnits.remember(pays, runId, startedAt, this.options.paidMs);
      }
      return {
        runId,
        result,
        units: charge.units,
        chargedNanos: charge.nanos,
        timingsMs: { ...timingsMs, capture: performance.now() - startedAt },
        replayed: false,
        balance: settled,
      };
    }
    throw new AppError(
      'OVERLOADED',
      'Too many concurrent calls for the same input. Try again shortly.',
    );
  }

  /** Answers a request whose run an earlier one has paid for: this one is charged nothing. */
  private async replay<Result extends object>(
    accountId: AccountId,
    runId: RunId,
  ): Promise<Metered<Result>> {
    const original = await this.captured<Result>(accountId, runId);
    return {
      ...original,
      units: original.units.map((line) => ({ ...line, ran: 0 })),
      chargedNanos: 0n,
      originalNanos: original.chargedNanos,
      replayed: true,
    };
  }

  /** A run that was captured before its answer left, by an earlier attempt at the same call. */
  private async captured<Result extends object>(
    accountId: AccountId,
    runId: RunId,
  ): Promise<Metered<Result>> {
    const [run, result, balance] = await Promise.all([
      this.parts.usage.find(accountId, runId),
      this.parts.usage.result(accountId, runId),
      this.parts.credits.balance(accountId),
    ]);
    return {
      runId,
      result: result as Result,
      units: run?.details.units ?? [],
      chargedNanos: run?.chargedNanos ?? 0n,
      timingsMs: {},
      replayed: false,
      balance,
    };
  }

  /** What cannot be given back now is freed when the hold expires. */
  private async giveBack(accountId: AccountId, runId: RunId, reason: unknown): Promise<void> {
    await this.parts.credits
      .void({ runId, accountId, details: { errorCode: reasonCode(reason) } })
      .catch((err: unknown) => {
        this.parts.logger.warn({ runId, err }, 'a hold could not be given back; it will expire');
      });
  }
}
