import { AppError } from '../errors.js';
import type { Queryable } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import { type Forecast, type LotLeft, runsOutAt } from './forecast.js';
import { listUsage } from './statistics.store.js';
import { boundsOf, checkRange, previousRange, type UsageRange } from './usage-buckets.js';
import { NO_USAGE, sumOf, type UsageRow } from './usage-metrics.js';
import {
  checkFilter,
  checkGroupBy,
  USAGE_DIMENSIONS,
  type UsageDimension,
} from './usage-question.js';
import type {
  UsageLine,
  UsagePoint,
  UsageReport,
  UsageRequest,
  UsageSeries,
} from './usage-report.js';
import { readNow } from './usage.store.js';

const BUCKETS_MAX = 1_000;
/** Of all series together, those without calls too. */
const POINTS_MAX = 5_000;
const EXPORT_BUCKETS_MAX = 20_000;
/** Of an export, read at a time; a bucket has as many lines as it has groups. */
const EXPORT_BUCKETS_EACH = 24;
const TOP_MAX = 100;

const FORECAST_DAYS = 7;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What of the ledger a forecast asks. */
export interface CreditSource {
  balance(accountId: AccountId): Promise<{ readonly availableNanos: bigint }>;
  /** In the order in which they are spent. */
  lots(accountId: AccountId): Promise<readonly LotLeft[]>;
}

/** What accounts use, added up for dashboards. Reads only. */
export class StatisticsService {
  constructor(
    private readonly db: Queryable,
    private readonly credit: CreditSource,
  ) {}

  /**
   * @param withLatency false: latencies are null, which is faster
   * @throws AppError BAD_USER_INPUT for a range, zone, grouping or filter that makes no sense, or too many points
   */
  async report(
    owner: AccountId,
    request: UsageRequest,
    { withLatency }: { readonly withLatency: boolean },
  ): Promise<UsageReport> {
    const range = checkRange(request.range);
    const { interval, timeZone } = request;
    const bounds = boundsOf(range, interval, { timeZone, bucketsMax: BUCKETS_MAX });
    const groupBy = inOrder(checkGroupBy(request.groupBy));
    const rows = await listUsage(
      this.db,
      { owner, bounds, groupBy, filter: checkFilter(request.filter), withLatency },
      { by: undefined, atMost: POINTS_MAX + 1 },
    );
    const series = seriesOf(rows, bounds, groupBy);
    if (series.length * (bounds.length - 1) > POINTS_MAX || rows.length > POINTS_MAX) {
      throw new AppError(
        'BAD_USER_INPUT',
        `The response would exceed ${String(POINTS_MAX)} points. Use a shorter range, a longer interval, fewer groups or a filter, or export the data.`,
        { details: { argument: 'groupBy' } },
      );
    }
    return { range, total: sumOf(rows), series };
  }

  /** The same calls in the time before, which is as long. @throws AppError as `report` */
  async previous(
    owner: AccountId,
    { range, filter }: Pick<UsageRequest, 'range' | 'filter'>,
    { withLatency }: { readonly withLatency: boolean },
  ): Promise<UsagePoint> {
    const before = previousRange(checkRange(range));
    const bounds = [before.from, before.to];
    const question = { owner, bounds, groupBy: [], filter: checkFilter(filter), withLatency };
    const rows = await listUsage(this.db, question, { by: undefined, atMost: 1 });
    return { ...before, metrics: sumOf(rows) };
  }

  /** The models or keys with the most, in order. @throws AppError BAD_USER_INPUT */
  async top(
    owner: AccountId,
    dimension: UsageDimension,
    request: {
      readonly range: UsageRange;
      readonly by: 'calls' | 'charged';
      readonly first: number;
      readonly withLatency: boolean;
    },
  ): Promise<readonly Omit<UsageSeries, 'points'>[]> {
    const { range, by, first, withLatency } = request;
    const { from, to } = checkRange(range);
    if (first < 1 || first > TOP_MAX) {
      throw new AppError('BAD_USER_INPUT', `\`first\` must be between 1 and ${String(TOP_MAX)}.`, {
        details: { argument: 'first' },
      });
    }
    const question = { owner, bounds: [from, to], groupBy: [dimension], filter: {}, withLatency };
    const rows = await listUsage(this.db, question, { by, atMost: first });
    return rows.map((row) => ({ group: row.group, names: row.names, total: sumOf([row]) }));
  }

  /** @throws AppError NOT_FOUND */
  async forecast(owner: AccountId): Promise<Forecast> {
    const now = await readNow(this.db);
    // From a whole hour on, as roll-ups are.
    const end = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
    const starts = Array.from(
      { length: FORECAST_DAYS },
      (_, day) => end - (FORECAST_DAYS - day) * DAY_MS,
    );
    const bounds = [...starts.map((start) => new Date(start)), now];
    const question = { owner, bounds, groupBy: [], filter: {}, withLatency: false };
    const [rows, { availableNanos }, lots] = await Promise.all([
      listUsage(this.db, question, { by: undefined, atMost: FORECAST_DAYS }),
      this.credit.balance(owner),
      this.credit.lots(owner),
    ]);
    const first = rows.find(({ chargedNanos }) => chargedNanos > 0n)?.bucket ?? 0;
    const { from: since } = rangeAt(bounds, first);
    const elapsedMs = BigInt(now.getTime() - since.getTime());
    const nanosPerDay = (sumOf(rows).chargedNanos * BigInt(DAY_MS)) / elapsedMs;
    return { runsOutAt: runsOutAt({ availableNanos, lots }, nanosPerDay, now), nanosPerDay, since };
  }

  /**
   * Line by line, in order of time, however much it is: a part is read when the one before was taken.
   * @param signal ends it: where there are no calls, much may be read between two lines
   * @throws AppError BAD_USER_INPUT before the first line
   */
  export(owner: AccountId, request: UsageRequest, signal: AbortSignal): AsyncIterable<UsageLine> {
    const range = checkRange(request.range);
    const { interval, timeZone } = request;
    const bounds = boundsOf(range, interval, { timeZone, bucketsMax: EXPORT_BUCKETS_MAX });
    const groupBy = inOrder(checkGroupBy(request.groupBy));
    const question = { owner, groupBy, filter: checkFilter(request.filter), withLatency: true };
    return this.lines(question, bounds, signal);
  }

  private async *lines(
    question: Omit<Parameters<typeof listUsage>[1], 'bounds'>,
    all: readonly Date[],
    signal: AbortSignal,
  ): AsyncGenerator<UsageLine> {
    for (let at = 0; at < all.length - 1; at += EXPORT_BUCKETS_EACH) {
      if (signal.aborted) return;
      const bounds = all.slice(at, at + EXPORT_BUCKETS_EACH + 1);
      const order = { by: undefined, atMost: Number.MAX_SAFE_INTEGER };
      for (const row of await listUsage(this.db, { ...question, bounds }, order)) {
        const { group, names } = row;
        yield { ...rangeAt(bounds, row.bucket), group, names, metrics: sumOf([row]) };
      }
    }
  }
}

/** One text for each set of dimensions, so that the database keeps one plan for it. */
function inOrder(groupBy: readonly UsageDimension[]): readonly UsageDimension[] {
  return Object.values(USAGE_DIMENSIONS).filter((dimension) => groupBy.includes(dimension));
}

/** Without groups there is one series, whether there were calls or not. */
function seriesOf(
  rows: readonly UsageRow[],
  bounds: readonly Date[],
  groupBy: readonly UsageDimension[],
): UsageSeries[] {
  const groups = new Map<string, UsageRow[]>(groupBy.length === 0 ? [['[]', []]] : []);
  for (const row of rows) {
    const name = JSON.stringify(groupBy.map((dimension) => row.group[dimension]));
    const others = groups.get(name);
    if (others === undefined) groups.set(name, [row]);
    else others.push(row);
  }
  return [...groups.values()]
    .map((ofGroup) => oneSeries(ofGroup, bounds))
    .sort((a, b) => Number(b.total.chargedNanos - a.total.chargedNanos));
}

function oneSeries(rows: readonly UsageRow[], bounds: readonly Date[]): UsageSeries {
  const byBucket = new Map(rows.map((row) => [row.bucket, row]));
  return {
    group: rows[0]?.group ?? {},
    names: rows[0]?.names ?? {},
    total: sumOf(rows),
    points: bounds.slice(1).map((_to, bucket) => {
      const row = byBucket.get(bucket);
      const metrics = row === undefined ? NO_USAGE : sumOf([row]);
      return { ...rangeAt(bounds, bucket), metrics };
    }),
  };
}

function rangeAt(bounds: readonly Date[], bucket: number): UsageRange {
  const [from, to] = bounds.slice(bucket, bucket + 2);
  if (from === undefined || to === undefined)
    throw new RangeError(`There is no bucket ${String(bucket)}.`);
  return { from, to };
}
