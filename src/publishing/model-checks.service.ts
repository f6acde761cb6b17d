import {
  type CatalogChanges,
  type CatalogService,
  CHECKED,
  isCallable,
  type Model,
  type ChangeRecord,
} from '../catalog/index.js';
import { SYSTEM } from '../platform/actor.js';
import type { Queryable, Transaction } from '../platform/database.js';
import { claim } from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import { type HealthReport, problemOf, type Verdict, evaluate } from './health-report.js';
import type { ModelAlert } from './model-alert.js';
import type { ModelAlerts } from './model-alerts.service.js';
import * as store from './model-checks.store.js';
import type { ProviderChecksService } from './provider-checks.service.js';

export interface ModelChecksOptions {
  readonly db: Queryable;
  readonly catalog: Pick<CatalogService, 'findModels'>;
  readonly catalogChanges: Pick<CatalogChanges, 'apply' | 'moveByCheck'>;
  readonly checks: Pick<ProviderChecksService, 'check'>;
  readonly alerts: Pick<ModelAlerts, 'post'>;
  readonly logger: Logger;
  /** Between two checks of a model that is well. */
  readonly intervalMs: number;
}

/** A large model on a slow machine takes some minutes for its golden images. */
const LEASE_MS = 15 * 60_000;
/** One that is not well is looked at sooner: a provider that was only restarted is no reason to degrade. */
const SECOND_LOOK_MS = 5 * 60_000;
const DEGRADED_LOOK_MS = 60_000;
const BUSY_LOOK_MS = 60_000;
/** Checks in a row that nobody serves it. Wrong scores count at once: they must not be sold. */
const FAILURES_MAX = 2;

/**
 * The regular check of every model that can be called: when its golden scores or its providers stop passing,
 * it is degraded, which ends its calls, and when they pass again, it comes back.
 */
export class ModelChecksService {
  constructor(private readonly options: ModelChecksOptions) {}

  /** Checks one model that is due. Safe on several servers at once. @returns true when more may be due */
  async turn(): Promise<boolean> {
    const { db, catalog, checks } = this.options;
    await store.enrol(db, CHECKED);
    const [claimed] = await claim<store.ClaimedCheck>(db, store.MODEL_CHECKS, {
      atMost: 1,
      leaseMs: LEASE_MS,
      values: [CHECKED],
    });
    if (claimed === undefined) return false;
    const model = (await catalog.findModels([claimed.modelId], new Set())).get(claimed.modelId);
    if (model === undefined) return true;
    await this.settle(claimed, model, await checks.check(model));
    return true;
  }

  private async settle(
    claimed: store.ClaimedCheck,
    { slug }: Model,
    findings: HealthReport,
  ): Promise<void> {
    const { catalogChanges, logger } = this.options;
    const verdict = evaluate(findings);
    const problem = verdict === 'passed' ? undefined : problemOf(findings);
    let became: string | undefined;
    await catalogChanges.apply(SYSTEM, claimed.modelId, async (tx, model) => {
      const saved = await store.saveCheck(tx, claimed, {
        passed: verdict === 'busy' ? null : verdict === 'passed',
        missing: missingOf(findings, verdict),
        problem,
      });
      // Somebody else has checked it since, or has just published it.
      if (saved === undefined) return undefined;
      const isDown =
        verdict === 'wrong' || (verdict === 'failed' && saved.failures >= FAILURES_MAX);
      const to =
        isDown && isCallable(model)
          ? 'DEGRADED'
          : verdict === 'passed' && model.status === 'DEGRADED'
            ? (saved.returnsTo ?? 'LIVE')
            : undefined;
      const moved = to !== undefined && (await catalogChanges.moveByCheck(tx, model, to));
      const status = moved ? to : model.status;
      await store.planNext(tx, model.id, {
        inMs: nextLookMs(verdict, status === 'DEGRADED', this.options.intervalMs),
        returnsTo: status === 'DEGRADED' ? (moved ? model.status : saved.returnsTo) : null,
      });
      if (!moved) return undefined;
      became = to;
      return to === 'DEGRADED'
        ? this.tell(tx, claimed, { kind: 'degraded', model: slug, problem: problem ?? '' })
        : this.tell(tx, claimed, { kind: 'restored', model: slug, problem: '' });
    });
    if (became === 'DEGRADED')
      logger.error({ model: slug, reason: problem }, 'a model was degraded');
    else if (became !== undefined) logger.info({ model: slug }, 'a model is well again');
    else if (problem !== undefined)
      logger.warn({ model: slug, reason: problem }, 'a model is not well');
  }

  private async tell(
    tx: Transaction,
    { modelId, lease }: store.ClaimedCheck,
    what: Omit<ModelAlert, 'id'>,
  ): Promise<ChangeRecord> {
    const id = `model-${what.kind}:${modelId}:${String(lease)}`;
    await this.options.alerts.post(tx, { id, ...what });
    return what.kind === 'degraded'
      ? {
          action: 'model.degraded',
          details: { problem: what.problem },
          change: { kind: 'DEGRADED', text: DEGRADED_TEXT },
        }
      : {
          action: 'model.restored',
          change: { kind: 'RESTORED', text: 'It can be called again.' },
        };
  }
}

/** For everybody: where it runs, and what was found there, is operators' business. */
const DEGRADED_TEXT =
  'The model is temporarily unavailable: no provider serves it with its reference scores. It recovers automatically.';

function missingOf({ providers }: HealthReport, verdict: Verdict): string[] {
  if (verdict === 'passed') return [];
  return providers.some(({ serves }) => serves) ? ['golden'] : ['provider', 'golden'];
}

function nextLookMs(verdict: Verdict, isDegraded: boolean, intervalMs: number): number {
  if (verdict === 'passed') return intervalMs;
  if (verdict === 'busy') return Math.min(intervalMs, BUSY_LOOK_MS);
  return Math.min(intervalMs, isDegraded ? DEGRADED_LOOK_MS : SECOND_LOOK_MS);
}
