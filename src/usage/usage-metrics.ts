import { LatencyHistogram } from './latency-histogram.js';
import type { UsageDimension } from './usage-question.js';

/** What is counted in a call, as in `ChargedUnit.unit`. */
export const USAGE_UNITS = ['IMAGE', 'LABEL_TEXT', 'EMBEDDING'] as const;
export type UsageUnit = (typeof USAGE_UNITS)[number];

/** Of calls that were answered. */
export interface UnitCount {
  readonly unit: UsageUnit;
  readonly requested: bigint;
  /** Charged; the rest was free, as the account had paid for it before. */
  readonly ran: bigint;
}

/** In milliseconds, within 2 %; null where nothing was answered. Calls of a batch, which wait, do not count. */
export interface LatencyPercentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** What some calls come to. */
export interface UsageMetrics {
  readonly calls: bigint;
  /** Of them, those that were not answered, whoever's fault that was. */
  readonly errors: bigint;
  readonly chargedNanos: bigint;
  /** One of each unit. */
  readonly units: readonly UnitCount[];
  readonly latencyMs: LatencyPercentiles;
}

/** What the calls have in common that are in a group; null: they have none. Only what was grouped by is there. */
export type UsageGroup = Readonly<Partial<Record<UsageDimension, string | null>>>;

/** What the database has added up of one group in one bucket. */
export interface UsageRow {
  readonly bucket: number;
  readonly group: UsageGroup;
  /** What people call the key and the member, where they were grouped by. */
  readonly names: UsageGroup;
  readonly calls: bigint;
  readonly errors: bigint;
  readonly chargedNanos: bigint;
  readonly units: readonly UnitCount[];
  /** For `LatencyHistogram.add`. */
  readonly latency: Buffer;
}

const NO_UNITS: readonly UnitCount[] = USAGE_UNITS.map((unit) => ({
  unit,
  requested: 0n,
  ran: 0n,
}));
const NO_LATENCY: LatencyPercentiles = { p50: null, p95: null, p99: null };
export const NO_USAGE: UsageMetrics = {
  calls: 0n,
  errors: 0n,
  chargedNanos: 0n,
  units: NO_UNITS,
  latencyMs: NO_LATENCY,
};

/** What rows come to together. No row is in two others, so no call counts twice. */
export function sumOf(rows: readonly UsageRow[]): UsageMetrics {
  if (rows.length === 0) return NO_USAGE;
  const histogram = new LatencyHistogram();
  for (const { latency } of rows) histogram.add(latency);
  const sum = (of: (row: UsageRow) => bigint) => rows.reduce((all, row) => all + of(row), 0n);
  return {
    calls: sum(({ calls }) => calls),
    errors: sum(({ errors }) => errors),
    chargedNanos: sum(({ chargedNanos }) => chargedNanos),
    units: USAGE_UNITS.map((unit, at) => ({
      unit,
      requested: sum(({ units }) => units[at]?.requested ?? 0n),
      ran: sum(({ units }) => units[at]?.ran ?? 0n),
    })),
    latencyMs: {
      p50: histogram.percentile(0.5),
      p95: histogram.percentile(0.95),
      p99: histogram.percentile(0.99),
    },
  };
}
