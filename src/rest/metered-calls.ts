import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { AppError } from '../errors.js';
import type {
  ClassifyCall,
  ClassifyResult,
  EmbedCall,
  EmbedResult,
  Metered,
  MeteredClassificationService,
  ServedModel,
} from '../inference/index.js';
import { serverTiming } from '../platform/server-timing.js';
import { type CallLimits, rateHeaders } from '../usage/index.js';
import type { Call } from './call.js';
import { withoutVariant } from './model-variant.js';
import { toUsd } from './money.js';
import type { Asked, PaidCalls } from './paid-calls.js';
import { tierOf } from './tier.js';

type Served = 'classify' | 'embed' | 'describe' | 'checkReady';
type OfTheRequest = Pick<ClassifyCall, 'actor' | 'signal' | 'idempotencyKey' | 'tier'>;

/** Longest that `Prefer: wait` holds a request, in seconds. */
export const WAIT_MAX_S = 60;
const WAIT_STEP_MS = 500;

/**
 * The one way in which REST runs a model: the caller's limits, the metered call of `classifyImage`, and the
 * headers that tell what it cost and where the time went.
 */
export class MeteredCalls implements PaidCalls<Call> {
  /** Calls of the batch tier take turns, so that they do not hold up who waits for an answer. */
  private readonly inTurn = pLimit(1);

  constructor(
    private readonly inference: Pick<MeteredClassificationService, Served>,
    private readonly limits: CallLimits,
  ) {}

  /** @throws AppError as `MeteredClassificationService.classify`, and RATE_LIMITED */
  async classify(call: Call, what: Asked<ClassifyCall>): Promise<Metered<ClassifyResult>> {
    const model = slugOf(call, what.model);
    return this.run(call, (common) => this.inference.classify({ ...what, ...common, model }));
  }

  /** @throws AppError as `MeteredClassificationService.embed`, and RATE_LIMITED */
  async embed(call: Call, what: Asked<EmbedCall>): Promise<Metered<EmbedResult>> {
    const model = slugOf(call, what.model);
    return this.run(call, (common) => this.inference.embed({ ...what, ...common, model }));
  }

  /** The model as it is served, free of charge. @throws AppError as `MeteredClassificationService.describe` */
  describe(call: Call, model: string): Promise<ServedModel> {
    return this.inference.describe(call.actor, model);
  }

  /** Resolves when a call would be run now. @throws AppError as `MeteredClassificationService.checkReady` */
  checkReady(call: Call, model: string): Promise<void> {
    return this.inference.checkReady(call.actor, model);
  }

  private async run<Result extends object>(
    call: Call,
    work: (common: OfTheRequest) => Promise<Metered<Result>>,
  ): Promise<Metered<Result>> {
    const { actor, signal } = call;
    const tier = tierOf(call.header('x-tier'));
    const common = { actor, signal, idempotencyKey: call.header('idempotency-key'), tier };
    const once = () => work(common);
    const begin = tier === 'batch' ? () => this.inTurn(once) : once;
    const metered = await this.limits.run(
      actor,
      (state) => {
        setAll(call, { ...rateHeaders(state), ...call.dialect.rateHeaders?.(state) });
      },
      () => whenAwake(call, begin),
    );
    const { runId, chargedNanos, originalNanos, replayed, timingsMs } = metered;
    setAll(call, {
      'x-gigarouter-run': runId,
      'x-gigarouter-cost': toUsd(chargedNanos),
      ...(originalNanos === undefined
        ? {}
        : { 'x-gigarouter-original-cost': toUsd(originalNanos) }),
      'server-timing': serverTiming({ auth: call.authMs, ...timingsMs }),
      'inference-id': runId,
      ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
    });
    return metered;
  }
}

function slugOf(call: Call, model: string): string {
  const { slug, notice } = withoutVariant(model);
  if (notice !== undefined) call.setHeader('x-gigarouter-notice', notice);
  return slug;
}

/**
 * While a model warms up nothing runs and nothing is charged: a caller who prefers to wait (RFC 7240) is
 * answered when it has, or told to come back when its time is up.
 */
async function whenAwake<T>(call: Call, work: () => Promise<T>): Promise<T> {
  const waitS = waitOf(call);
  const until = performance.now() + waitS * 1_000;
  if (waitS > 0) call.setHeader('preference-applied', `wait=${String(waitS)}`);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isAsleep = error instanceof AppError && error.code === 'UPSTREAM_UNAVAILABLE';
      if (!isAsleep || performance.now() + WAIT_STEP_MS > until) throw error;
      await sleep(WAIT_STEP_MS, undefined, { signal: call.signal });
    }
  }
}

/** Seconds; 0 without the preference. */
function waitOf(call: Call): number {
  const asked = /(?:^|[,;\s])wait(?:\s*=\s*"?(\d{1,6})"?)?/i.exec(call.header('prefer') ?? '');
  if (asked === null) return call.dialect.waitS ?? 0;
  return Math.min(asked[1] === undefined ? WAIT_MAX_S : Number(asked[1]), WAIT_MAX_S);
}

function setAll(call: Call, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
}
