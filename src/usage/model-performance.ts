import { ERROR_CODES } from '../errors.js';
import { type LatencyPercentiles, sumOf, type UsageRow } from './usage-metrics.js';

/** Of what was seen in a time; the 99th is only as good as that is much. */
export interface Percentiles {
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
}

/** How a model has done in a time, over all callers. What nobody has asked for is null: nothing is known then. */
export interface ServiceWindow {
  /**
   * 0–1: calls that were answered, of those that were answered or failed on our side. What a caller did
   * wrong, or gave up, counts for neither.
   */
  readonly availability: number | null;
  readonly latencyMs: LatencyPercentiles;
}

/** What the last minutes were like: from runs alone. */
export interface RecentPerformance {
  /** Of calls that were answered in the last 30 minutes, from the hold to the end; of a batch, which waits, none. */
  readonly latencyMs: Percentiles | null;
  /** Of the same: images and texts that a call asked for, in each second that it took. */
  readonly inputsPerS: Percentiles | null;
  /** As `ServiceWindow.availability`. */
  readonly successShare: { readonly last5Min: number | null; readonly last30Min: number | null };
}

/** How a model has done lately, over all callers. */
export interface ModelPerformance extends RecentPerformance {
  /** The hour up to now; a day and 30 days begin with a whole hour (UTC). */
  readonly lastHour: ServiceWindow;
  readonly lastDay: ServiceWindow;
  readonly last30Days: ServiceWindow;
}

const UNKNOWN_RECENTLY: RecentPerformance = {
  latencyMs: null,
  inputsPerS: null,
  successShare: { last5Min: null, last30Min: null },
};

/** Codes of the errors that are ours; a call that never ended is another. */
export const OWN_FAILURES: readonly string[] = Object.entries(ERROR_CODES)
  .filter(([, { status }]) => status >= 500)
  .map(([code]) => code);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Where the windows begin, the longest first, and where they end. */
export function windowBounds(now: Date): Date[] {
  const hour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  return [hour - 30 * DAY_MS, hour - DAY_MS, now.getTime() - HOUR_MS, now.getTime()].map(
    (ms) => new Date(ms),
  );
}

/** @param rows of one model, by status, in the buckets of `windowBounds` */
export function performanceOf(
  rows: readonly UsageRow[],
  recently: RecentPerformance = UNKNOWN_RECENTLY,
): ModelPerformance {
  const since = (bucket: number) => windowOf(rows.filter((row) => row.bucket >= bucket));
  return { ...recently, last30Days: since(0), lastDay: since(1), lastHour: since(2) };
}

function windowOf(rows: readonly UsageRow[]): ServiceWindow {
  const answered = sumOf(rows.filter(({ group }) => group.STATUS === 'OK'));
  const failed = sumOf(rows.filter(({ group }) => isOwnFailure(group.STATUS ?? '')));
  const both = answered.calls + failed.calls;
  return {
    availability: both === 0n ? null : Number(answered.calls) / Number(both),
    latencyMs: answered.latencyMs,
  };
}

function isOwnFailure(status: string): boolean {
  return status === 'EXPIRED' || OWN_FAILURES.includes(status);
}
