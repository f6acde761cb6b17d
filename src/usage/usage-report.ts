import type { UsageInterval, UsageRange } from './usage-buckets.js';
import type { UsageGroup, UsageMetrics } from './usage-metrics.js';
import type { UsageDimension, UsageFilter } from './usage-question.js';

/** What somebody asks about an account's calls. */
export interface UsageRequest {
  readonly range: UsageRange;
  readonly interval: UsageInterval;
  readonly timeZone: string;
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
}

/** A part of the range, half-open, and what it comes to. */
export interface UsagePoint extends UsageRange {
  readonly metrics: UsageMetrics;
}

/** One group over the range. */
export interface UsageSeries {
  readonly group: UsageGroup;
  readonly names: UsageGroup;
  readonly total: UsageMetrics;
  /** In order, without holes. */
  readonly points: readonly UsagePoint[];
}

export interface UsageReport {
  readonly range: UsageRange;
  readonly total: UsageMetrics;
  /** The most expensive first. */
  readonly series: readonly UsageSeries[];
}

/** One line of an export: a group in a bucket in which it had calls. */
export interface UsageLine extends UsagePoint {
  readonly group: UsageGroup;
  readonly names: UsageGroup;
}
