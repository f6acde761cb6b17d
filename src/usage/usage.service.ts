import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import { decodePosition, encodePosition } from '../platform/cursor.js';
import type { Queryable } from '../platform/database.js';
import type { AccountId, KeyId, RunId } from '../platform/ids.js';
import type { KeySpending } from './key-spending.js';
import { listSpending } from './key-spending.store.js';
import {
  type ModelPerformance,
  OWN_FAILURES,
  performanceOf,
  windowBounds,
} from './model-performance.js';
import { databaseNow, listRecentPerformance } from './model-performance.store.js';
import { checkRunFilter, type RunFilter } from './run-filter.js';
import type { RunDirection } from './run-list.sql.js';
import { listUsage } from './statistics.store.js';
import type { Run } from './run.js';
import type { UsageTick } from './usage-tick.js';
import * as store from './usage.store.js';

export interface RunPage {
  readonly runs: readonly Run[];
  /** Places of the runs in the list. */
  readonly places: readonly string[];
  readonly hasNextPage: boolean;
}

/** Everybody may ask for it, and it reads the calls of hours: one look serves all for this long. */
const PERFORMANCE_CACHE_MS = 30_000;

/** Models times the ways in which a call can end, three times over. */
const PERFORMANCE_ROWS_MAX = 100_000;

/** Reads past calls. */
export class UsageService {
  private readonly performances = new LRUCache<'all', ReadonlyMap<string, ModelPerformance>>({
    max: 1,
    ttl: PERFORMANCE_CACHE_MS,
    fetchMethod: () => this.readPerformances(),
  });

  constructor(private readonly db: Queryable) {}

  /**
   * How a model has done lately, over all callers; as it was 30 s ago at most.
   * @param slug its present one; of a model that was just renamed nothing is known for as long
   */
  async performance(slug: string): Promise<ModelPerformance> {
    const all = await this.performances.forceFetch('all');
    return all.get(slug) ?? performanceOf([]);
  }

  /** What keys of an account have spent, by key; those that are not the account's are missing. */
  async spending(
    accountId: AccountId,
    keyIds: readonly KeyId[],
  ): Promise<ReadonlyMap<KeyId, KeySpending>> {
    const all = await listSpending(this.db, accountId, keyIds);
    return new Map(all.map((one) => [one.keyId, one]));
  }

  async find(accountId: AccountId, id: string): Promise<Run | undefined> {
    const run = await this.findAny(id);
    return run?.accountId === accountId ? run : undefined;
  }

  /** Whosever it is: for who then asks whether the caller may read it. */
  async findAny(id: string): Promise<Run | undefined> {
    return id.includes('\0') ? undefined : store.findRun(this.db, id);
  }

  /** Some runs, in the order of their end; one statement. Those that the account does not have are left out. */
  findMany(accountId: AccountId, ids: readonly RunId[]): Promise<readonly Run[]> {
    return store.findRuns(this.db, accountId, ids);
  }

  /** Runs that ended at a moment of the database's clock or later, the first ones first. */
  since(accountId: AccountId, moment: Date, first: number): Promise<readonly Run[]> {
    return store.listRunsSince(this.db, accountId, moment, first);
  }

  /** The clock by which runs end. */
  now(): Promise<Date> {
    return store.readNow(this.db);
  }

  /** What was used in the last full interval of the clock, or from `since` to its end. */
  tick(
    accountId: AccountId,
    interval: { intervalS: number; since: Date | undefined },
  ): Promise<UsageTick> {
    return store.sumUpRuns(this.db, accountId, interval);
  }

  /** What some runs cost, in any order; one statement. Runs that the account does not have are left out. */
  costs(
    accountId: AccountId,
    ids: readonly string[],
  ): Promise<readonly { readonly id: RunId; readonly chargedNanos: bigint }[]> {
    const possible = ids.filter((id) => !id.includes('\0'));
    return store.listCosts(this.db, accountId, possible);
  }

  /** @throws AppError NOT_FOUND when the run kept no answer */
  async result(accountId: AccountId, id: RunId): Promise<object> {
    const result = await store.findResult(this.db, accountId, id);
    if (result === undefined) throw new AppError('NOT_FOUND', 'No result is stored for this run.');
    return result;
  }

  /** Three statements, however many models there are: the longest windows come from roll-ups. */
  private async readPerformances(): Promise<ReadonlyMap<string, ModelPerformance>> {
    const bounds = windowBounds(await databaseNow(this.db));
    const [recently, rows] = await Promise.all([
      listRecentPerformance(this.db, OWN_FAILURES),
      listUsage(
        this.db,
        { owner: 'all', bounds, groupBy: ['MODEL', 'STATUS'], filter: {}, withLatency: true },
        { by: undefined, atMost: PERFORMANCE_ROWS_MAX },
      ),
    ]);
    const slugs = new Set(rows.map(({ group }) => group.MODEL ?? ''));
    return new Map(
      [...slugs].map((slug) => {
        const ofModel = rows.filter(({ group }) => group.MODEL === slug);
        return [slug, performanceOf(ofModel, recently.get(slug))];
      }),
    );
  }

  /** Newest first by default. @throws AppError BAD_USER_INPUT for a filter or a place that makes no sense */
  async list(
    accountId: AccountId,
    page: {
      first: number;
      after: string | undefined;
      filter?: RunFilter;
      direction?: RunDirection;
    },
  ): Promise<RunPage> {
    const after = page.after === undefined ? undefined : parsePlace(page.after);
    const rows = await store.listRuns(this.db, accountId, {
      first: page.first + 1,
      after,
      filter: checkRunFilter(page.filter ?? {}),
      direction: page.direction ?? 'DESC',
    });
    const shown = rows.slice(0, page.first);
    return {
      runs: shown,
      places: shown.map(({ endedAtText, id }) => encodePosition({ key: endedAtText, id })),
      hasNextPage: rows.length > page.first,
    };
  }
}

/** As PostgreSQL writes it. The offset is in its range: what else is out of range it refuses as the caller's fault. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-](?:0\d|1[0-5])(:[0-5]\d)?$/;

/** @throws AppError BAD_USER_INPUT */
function parsePlace(place: string): { endedAt: string; id: string } {
  const { key, id } = decodePosition('string', place);
  if (typeof key === 'string' && TIMESTAMP.test(key) && /^\w+$/.test(id)) {
    return { endedAt: key, id };
  }
  throw new AppError(
    'BAD_USER_INPUT',
    'The cursor is not valid. Use a cursor returned by this API.',
    {
      details: { argument: 'after' },
    },
  );
}
