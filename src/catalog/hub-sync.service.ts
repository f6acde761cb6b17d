import pLimit from 'p-limit';
import { AppError } from '../errors.js';
import { SYSTEM } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import { claim } from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import type { CatalogChanges } from './catalog-changes.service.js';
import { followHub, type HubFacts } from './hub-facts.js';
import type { HubAnswer, HubModels } from './hub-models.gateway.js';
import * as store from './hub-sync.store.js';

/** How many models came to what. */
export interface SyncSummary {
  /** Some fact has changed here. */
  readonly changed: number;
  /** Nothing new, or only what an operator had set otherwise. */
  readonly unchanged: number;
  /** Never heard of on the Hub: they are left alone. */
  readonly unknown: number;
  /** The Hub had them once. */
  readonly gone: number;
  /** The Hub did not answer: they are asked about again soon. */
  readonly failed: number;
}

type Outcome = keyof SyncSummary;

const CLAIM_MAX = 20;
const PARALLEL_MAX = 4;
/** Longer than a few models with all repetitions take. */
const LEASE_MS = 30 * 60_000;
/** After a failure; twice as long after each that follows, up to the interval. */
const RETRY_MS = 5 * 60_000;
const RETRY_DOUBLINGS_MAX = 10;

const GONE = 'The Hugging Face Hub has it no more; what is known of it here stays.';

export interface HubSyncParts {
  readonly db: Database;
  readonly catalogChanges: Pick<CatalogChanges, 'transact' | 'recordChange'>;
  readonly hub: Pick<HubModels, 'find'>;
  readonly logger: Logger;
  /** Between two looks at one model; undefined: only when it is asked for. */
  readonly intervalMs: number | undefined;
}

/**
 * Brings downloads, likes, license and date of each model to what the Hugging Face Hub says, and leaves what
 * an operator set: a fact follows the Hub while it is still what the Hub said last.
 */
export class HubSyncService {
  constructor(private readonly parts: HubSyncParts) {}

  /** Asks about some models that are due. Safe on several servers at once. @returns true when more wait */
  async turn(): Promise<boolean> {
    if (this.parts.intervalMs === undefined) return false;
    return (await this.some()).length === CLAIM_MAX;
  }

  /** Asks about every model now. */
  async run(): Promise<SyncSummary> {
    await store.enrol(this.parts.db);
    await store.makeAllDue(this.parts.db);
    const counts: Record<Outcome, number> = {
      changed: 0,
      unchanged: 0,
      unknown: 0,
      gone: 0,
      failed: 0,
    };
    let outcomes: readonly Outcome[];
    do {
      outcomes = await this.some();
      for (const outcome of outcomes) counts[outcome] += 1;
    } while (outcomes.length > 0);
    return counts;
  }

  private async some(): Promise<readonly Outcome[]> {
    await store.enrol(this.parts.db);
    const claimed = await claim<store.ClaimedSync>(this.parts.db, store.HUB_SYNCS, {
      atMost: CLAIM_MAX,
      leaseMs: LEASE_MS,
    });
    const limit = pLimit(PARALLEL_MAX);
    return Promise.all(claimed.map((sync) => limit(() => this.one(sync))));
  }

  private async one(sync: store.ClaimedSync): Promise<Outcome> {
    let answer: HubAnswer;
    try {
      answer = await this.ask(sync);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return this.fail(sync, error);
    }
    const { modelId, isGone } = sync;
    const nextInMs = this.parts.intervalMs ?? LEASE_MS;
    return this.parts.catalogChanges.transact(async (tx): Promise<Outcome> => {
      switch (answer.kind) {
        case 'same':
          await store.saveSync(tx, sync, { nextInMs, isGone: false });
          return 'unchanged';
        case 'unknown': {
          const wasThere = sync.values !== null;
          const saved = await store.saveSync(tx, sync, { nextInMs, isGone: wasThere });
          if (!wasThere) return 'unknown';
          if (saved && !isGone) {
            await this.parts.catalogChanges.recordChange(tx, SYSTEM, {
              modelId,
              kind: 'HUB',
              text: GONE,
            });
            this.parts.logger.warn({ model: sync.slug }, 'the Hub has a model no more');
          }
          return 'gone';
        }
        case 'facts': {
          const facts = { values: answer.facts, etag: answer.etag };
          if (!(await store.saveSync(tx, sync, { nextInMs, isGone: false, facts }))) {
            return 'unchanged';
          }
          const { current, seeded } = await store.findFacts(tx, modelId);
          const changes = followHub(current, knownBefore(seeded, sync.values), answer.facts);
          if (Object.keys(changes).length === 0) return 'unchanged';
          await store.updateFacts(tx, modelId, changes);
          return 'changed';
        }
      }
    });
  }

  /** By its slug, or the one that it had before it was renamed here. */
  private async ask({ slug, servedAs, etag }: store.ClaimedSync): Promise<HubAnswer> {
    const answer = await this.parts.hub.find(slug, etag ?? undefined);
    if (answer.kind !== 'unknown' || servedAs === slug) return answer;
    return this.parts.hub.find(servedAs, etag ?? undefined);
  }

  private async fail(sync: store.ClaimedSync, error: AppError): Promise<'failed'> {
    const doublings = Math.min(sync.failures, RETRY_DOUBLINGS_MAX);
    const retryMs = RETRY_MS * 2 ** doublings;
    this.parts.logger.warn(
      { model: sync.slug, err: error },
      'the Hub could not be asked about a model',
    );
    await this.parts.db.transaction((tx) =>
      store.saveSync(tx, sync, {
        nextInMs: Math.min(retryMs, this.parts.intervalMs ?? retryMs),
        isGone: sync.isGone,
        problem: error.message,
      }),
    );
    return 'failed';
  }
}

/** What the Hub said last; where it said nothing, what the catalog's file says. */
function knownBefore(seeded: Partial<HubFacts>, values: HubFacts | null): Partial<HubFacts> {
  const said = Object.entries(values ?? {}).filter(([, fact]) => fact !== null);
  return { ...seeded, ...Object.fromEntries(said) };
}
