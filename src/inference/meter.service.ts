import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type CatalogService, isCallable, type Model, type PriceUnit } from '../catalog/index.js';
import type { CreditsService, HoldCommand } from '../credits/index.js';
import { AppError } from '../errors.js';
import { accountOf, type Actor, actorName } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import { type AccountId, type ModelId, newId, type RunId } from '../platform/ids.js';
import type { UsageService } from '../usage/index.js';
import { asAppError, reasonCode } from './call-failure.js';
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
  readonly result: Result;
  /** What ran, at most what was asked for. */
  readonly ran: Units;
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
}

/** Who may call a model that is coming soon. */
export interface EarlyAccess {
  hasEarlyAccess(accountId: AccountId, modelId: ModelId): Promise<boolean>;
}

/** Status and prices of a model are believed for this long. */
const MODEL_CACHE_MS = 1_000;

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * A metered call: holds the most that it can cost, runs it, charges what ran, and only then lets the
 * answer leave. Whatever fails before that gives the credit back.
 */
export class MeterService {
  private readonly models = new LRUCache<string, Model>({ max: 1_000, ttl: MODEL_CACHE_MS });

  constructor(
    private readonly catalog: Pick<CatalogService, 'findModels'>,
    private readonly credits: Pick<CreditsService, 'hold' | 'capture' | 'void' | 'balance'>,
    private readonly usage: Pick<UsageService, 'result' | 'find'>,
    private readonly demand: EarlyAccess,
    private readonly options: MeterOptions,
    private readonly logger: Logger,
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
      model = (await this.catalog.findModels([slug], new Set(['prices']))).get(slug);
      if (model === undefined) {
        throw new AppError('NOT_FOUND', `No model has the slug ${slug.slice(0, 300)}.`);
      }
      this.models.set(slug, model);
    }
    if (!(await this.mayCall(actor, model))) throw notLive(model);
    if (actor.models !== undefined && !actor.models.has(model.slug)) {
      throw new AppError('FORBIDDEN', `This key may not run ${model.slug}.`);
    }
    return model;
  }

  private async mayCall({ accountId }: Actor, model: Model): Promise<boolean> {
    if (isCallable(model)) return true;
    const { id, status } = model;
    return (
      status === 'COMING_SOON' &&
      accountId !== undefined &&
      (await this.demand.hasEarlyAccess(accountId, id))
    );
  }

  /** What a call costs at most. Holds and charges nothing. */
  quote(
    call: Omit<Quote, 'model' | 'units' | 'maximumNanos'> & { model: Model; units: Units },
  ): Quote {
    const { operation, model, tier } = call;
    const discountPercent = tier === 'batch' ? this.options.batchDiscountPercent : 0;
    const units = priceLines(model, call.units, 100 - discountPercent);
    const maximumNanos = costOf(units, ({ requested }) => requested);
    return { operation, model: model.slug, tier, units, maximumNanos };
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
    const startedAt = performance.now();
    const outcome = await this.credits.hold({
      ...holdOf({ actor: call.actor, quote, runId, ttlMs: this.options.holdMs }),
      idempotency: idempotencyKey === undefined ? undefined : idempotencyOf(idempotencyKey, call),
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
    const held = { runId, units: quote.units };
    return this.capture(accountId, held, { ...done, timingsMs }, keepsResult);
  }

  /** The answer is kept with the charge, so that a call that was tried again after a crash is charged once. */
  private async runHeld<Result extends object>(
    held: HeldRun,
    call: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Metered<Result>> {
    const accountId = accountOf(call.actor);
    const before = await this.usage.find(accountId, held.runId);
    if (before?.outcome === 'CAPTURED') return this.replay(accountId, held.runId);
    const done = await this.perform(call, work).catch((error: unknown) => {
      throw asAppError(error);
    });
    return this.capture(accountId, held, done, true);
  }

  private async perform<Result>(
    { signal }: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Work<Result>> {
    const done = await work(AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]));
    // Who has left gets nothing, and pays nothing.
    signal.throwIfAborted();
    return done;
  }

  private async capture<Result extends object>(
    accountId: AccountId,
    { runId, units }: HeldRun,
    { result, ran, variant, timingsMs }: Work<Result>,
    keepsResult: boolean,
  ): Promise<Metered<Result>> {
    const charged = units.map((line) => ({ ...line, ran: ran[line.unit as PriceUnit] ?? 0 }));
    const chargedNanos = costOf(charged, (line) => line.ran);
    const startedAt = performance.now();
    const answer = await this.credits.capture({
      runId,
      accountId,
      nanos: chargedNanos,
      details: { variant, units: charged, timingsMs: rounded(timingsMs) },
      result: keepsResult ? result : undefined,
    });
    // Somebody else has run it too, and was first: what that came to counts.
    if (answer.nanos !== chargedNanos) return this.replay(accountId, runId);
    return {
      runId,
      result,
      units: charged,
      chargedNanos,
      timingsMs: { ...timingsMs, capture: performance.now() - startedAt },
      replayed: false,
      balance: answer,
    };
  }

  private async replay<Result extends object>(
    accountId: AccountId,
    runId: RunId,
  ): Promise<Metered<Result>> {
    const [run, result, balance] = await Promise.all([
      this.usage.find(accountId, runId),
      this.usage.result(accountId, runId),
      this.credits.balance(accountId),
    ]);
    return {
      runId,
      result: result as Result,
      units: run?.details.units ?? [],
      chargedNanos: run?.chargedNanos ?? 0n,
      timingsMs: {},
      replayed: true,
      balance,
    };
  }

  /** What cannot be given back now is freed when the hold expires. */
  private async giveBack(accountId: AccountId, runId: RunId, reason: unknown): Promise<void> {
    const errorCode = reasonCode(reason);
    await this.credits.void({ runId, accountId, details: { errorCode } }).catch((err: unknown) => {
      this.logger.warn({ runId, err }, 'a hold could not be given back; it will expire');
    });
  }
}

function notLive({ slug, status }: Model): AppError {
  const why: Partial<Record<Model['status'], string>> = {
    DEGRADED:
      'cannot be called for the moment: nobody runs it, or not with its reference scores. It comes back by itself; its page in the catalog says when',
    RETIRED: 'is retired and cannot be called any more. Its page in the catalog says what to call',
  };
  return new AppError(
    'MODEL_NOT_LIVE',
    `${slug} ${
      why[status] ??
      'is not live yet, so it cannot be called. Its page in the catalog says when; ask for it there'
    }.`,
    { details: { model: slug, status } },
  );
}

/** What to set aside for a call. @param call `ttlMs`: how long, until it frees itself */
export function holdOf(call: {
  readonly actor: Actor;
  readonly quote: Quote;
  readonly runId: RunId;
  readonly ttlMs: number;
}): HoldCommand {
  const { actor, quote, runId, ttlMs } = call;
  const { operation, model, tier, units, maximumNanos } = quote;
  return {
    runId,
    accountId: accountOf(actor),
    keyId: actor.keyId ?? null,
    nanos: maximumNanos,
    ttlMs,
    details: { operation, model, tier, units, actor: actorName(actor) },
  };
}

function idempotencyOf(key: string, { quote, request }: CallRequest) {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new AppError(
      'BAD_USER_INPUT',
      'An idempotency key has 1 to 255 visible ASCII characters.',
      { details: { argument: 'idempotencyKey' } },
    );
  }
  const { operation, model, tier } = quote;
  const said = JSON.stringify([operation, model, request, ...(tier === undefined ? [] : [tier])]);
  return { key, requestHash: createHash('sha256').update(said).digest() };
}

function rounded(timings: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]) => [name, Math.round(ms * 100) / 100]),
  );
}
