import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CatalogService, Model, PriceUnit } from '../catalog/index.js';
import type { CreditsService } from '../credits/index.js';
import { AppError } from '../errors.js';
import { type Actor, actorName } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import { type AccountId, newId, type RunId } from '../platform/ids.js';
import type { ChargedUnit, UsageService } from '../usage/index.js';
import type { Metered, Quote, Units } from './metered-call.js';

export interface CallRequest {
  readonly actor: Actor;
  /** As `classifyImage`. */
  readonly operation: string;
  readonly model: Model;
  /** The most that can run. */
  readonly units: Units;
  readonly idempotencyKey: string | undefined;
  /** What makes two requests the same one. */
  readonly request: unknown;
  readonly signal: AbortSignal;
}

/** What one run of the work came to. */
export interface Work<Result> {
  readonly result: Result;
  /** What ran, at most what was asked for. */
  readonly ran: Units;
  readonly timingsMs: Readonly<Record<string, number>>;
}

export interface MeterOptions {
  /** A call that takes longer is given up. */
  readonly timeoutMs: number;
  /** Its credit is held for this long, which is longer; then the sweeper frees it. */
  readonly holdMs: number;
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
    private readonly options: MeterOptions,
    private readonly logger: Logger,
  ) {}

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
    if (model.status !== 'LIVE' && model.status !== 'DEPRECATED') {
      throw new AppError(
        'MODEL_NOT_LIVE',
        `${model.slug} is not live yet, so it cannot be called. Its page in the catalog says when; ask for it there.`,
        { details: { model: model.slug, status: model.status } },
      );
    }
    if (actor.models !== undefined && !actor.models.has(model.slug)) {
      throw new AppError('FORBIDDEN', `This key may not run ${model.slug}.`);
    }
    return model;
  }

  /** What some units of a model cost at most. Holds and charges nothing. */
  quote(model: Model, units: Units): Quote {
    const lines = priceLines(model, units);
    return { units: lines, maximumNanos: costOf(lines, ({ requested }) => requested) };
  }

  /**
   * @param work runs the call; its signal is aborted when the caller leaves or time is up
   * @throws AppError as `CreditsService.hold` and `capture`, and as the work: nothing is charged then
   */
  async run<Result extends object>(
    call: CallRequest,
    work: (signal: AbortSignal) => Promise<Work<Result>>,
  ): Promise<Metered<Result>> {
    const { actor, operation, model, idempotencyKey } = call;
    const { accountId } = actor;
    if (accountId === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody is signed in.');
    const { units, maximumNanos } = this.quote(model, call.units);
    const runId = newId('run');
    const startedAt = performance.now();
    const outcome = await this.credits.hold({
      runId,
      accountId,
      keyId: actor.keyId ?? null,
      nanos: maximumNanos,
      ttlMs: this.options.holdMs,
      idempotency: idempotencyKey === undefined ? undefined : idempotencyOf(idempotencyKey, call),
      details: { operation, model: model.slug, units, actor: actorName(actor) },
    });
    if ('doneRunId' in outcome) return this.replay(accountId, outcome.doneRunId);
    const holdMs = performance.now() - startedAt;

    let done: Work<Result>;
    try {
      done = await work(
        AbortSignal.any([call.signal, AbortSignal.timeout(this.options.timeoutMs)]),
      );
      // Who has left gets nothing, and pays nothing.
      call.signal.throwIfAborted();
    } catch (error) {
      await this.giveBack(accountId, runId, error);
      throw asAppError(error);
    }

    const charged = units.map((line) => ({ ...line, ran: done.ran[line.unit as PriceUnit] ?? 0 }));
    const chargedNanos = costOf(charged, ({ ran }) => ran);
    const timingsMs = { hold: holdMs, ...done.timingsMs };
    const captureAt = performance.now();
    const answer = await this.credits.capture({
      runId,
      accountId,
      nanos: chargedNanos,
      details: { units: charged, timingsMs: rounded(timingsMs) },
      result: idempotencyKey === undefined ? undefined : done.result,
    });
    return {
      runId,
      result: done.result,
      units: charged,
      chargedNanos,
      timingsMs: { ...timingsMs, capture: performance.now() - captureAt },
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
    const errorCode = reason instanceof AppError ? reason.code : 'CANCELLED';
    await this.credits.void({ runId, accountId, details: { errorCode } }).catch((err: unknown) => {
      this.logger.warn({ runId, err }, 'a hold could not be given back; it will expire');
    });
  }
}

function priceLines(model: Model, units: Units): ChargedUnit[] {
  return Object.entries(units)
    .filter(([, count]) => count > 0)
    .map(([unit, requested]) => {
      const price = model.prices?.find((version) => version.unit === unit);
      if (price === undefined) {
        throw new AppError('MODEL_NOT_LIVE', `${model.slug} has no price for ${unit} yet.`);
      }
      return {
        unit,
        priceVersionId: price.id,
        nanosPerUnit: price.nanosPerUnit.toString(),
        requested,
      };
    });
}

/** Exact: prices are whole nano-USD, so nothing is rounded. */
function costOf<Line extends ChargedUnit>(
  lines: readonly Line[],
  count: (line: Line) => number,
): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.nanosPerUnit) * BigInt(count(line)), 0n);
}

function idempotencyOf(key: string, { operation, model, request }: CallRequest) {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new AppError(
      'BAD_USER_INPUT',
      'An idempotency key has 1 to 255 visible ASCII characters.',
      { details: { argument: 'idempotencyKey' } },
    );
  }
  const said = JSON.stringify([operation, model.slug, request]);
  return { key, requestHash: createHash('sha256').update(said).digest() };
}

function asAppError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === 'TimeoutError') {
    return new AppError('DEADLINE_EXCEEDED', 'The call took too long. Nothing was charged.');
  }
  if (error.name !== 'AbortError') return error;
  return new AppError('REQUEST_TIMEOUT', 'The caller left before the answer. Nothing was charged.');
}

function rounded(timings: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]) => [name, Math.round(ms * 100) / 100]),
  );
}
