import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ObjectType, registerEnumType } from 'type-graphql';
import { PRICE_UNITS } from '../catalog/index.js';
import type { ErrorCode } from '../errors.js';
import { CODES } from '../graphql/payload.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import type { AccountId, KeyId } from '../platform/ids.js';
import { errorCodeOf, RUN_STATUSES, type RunStatus, statusOf } from './run-status.js';
import type { UsagePoint, UsageReport, UsageRequest, UsageSeries } from './usage-report.js';
import { USAGE_INTERVALS } from './usage-buckets.js';
import type {
  LatencyPercentiles,
  UnitCount,
  UsageGroup,
  UsageMetrics,
  UsageUnit,
} from './usage-metrics.js';
import { USAGE_DIMENSIONS } from './usage-question.js';

registerEnumType(USAGE_DIMENSIONS, {
  name: 'UsageDimension',
  description: 'Dimension by which calls can be grouped.',
  valuesConfig: {
    MODEL: { description: 'Model that was called.' },
    KEY: { description: 'API key that made the call.' },
    OPERATION: { description: 'Operation that was called, such as "classifyImage".' },
    MEMBER: { description: 'User who made the call or created the API key used.' },
    STATUS: { description: 'Status, and for failed calls the error code.' },
  },
});

registerEnumType(USAGE_INTERVALS, {
  name: 'UsageInterval',
  description: 'Length of the points in a series.',
  valuesConfig: {
    HOUR: { description: 'Hours in UTC, regardless of the time zone.' },
    DAY: {
      description: 'Days in the time zone; 23 or 25 hours long when clocks change.',
    },
    WEEK: { description: 'Weeks in the time zone, starting on Monday.' },
    MONTH: { description: 'Calendar months in the time zone.' },
  },
});

@ObjectType('LatencyPercentiles', {
  description:
    'Latency percentiles of successful calls, from credit reservation to the end, in milliseconds with 2% accuracy. Calls of the batch tier are excluded. Null if there were no calls.',
})
export class LatencyPercentilesType {
  @Field(() => Float, { nullable: true, description: '50th percentile (median), in milliseconds.' })
  readonly p50!: number | null;

  @Field(() => Float, { nullable: true, description: '95th percentile, in milliseconds.' })
  readonly p95!: number | null;

  @Field(() => Float, { nullable: true, description: '99th percentile, in milliseconds.' })
  readonly p99!: number | null;
}

@ObjectType('UsageUnits', { description: 'Number of units used by successful calls.' })
export class UsageUnitsType {
  @Field(() => PRICE_UNITS, { description: 'Unit that was used.' })
  readonly unit: UsageUnit;

  @Field(() => GraphQLSafeInt, { description: 'Number of units requested.' })
  readonly requested: number;

  @Field(() => GraphQLSafeInt, { description: 'Number of units charged.' })
  readonly ran: number;

  @Field(() => GraphQLSafeInt, {
    description: 'Number of units that were cached, and therefore free.',
  })
  readonly cached: number;

  constructor({ unit, requested, ran }: UnitCount) {
    this.unit = unit;
    this.requested = Number(requested);
    this.ran = Number(ran);
    this.cached = Number(requested - ran);
  }
}

@ObjectType('UsageMetrics', { description: 'Aggregated metrics of a set of calls.' })
export class UsageMetricsType {
  @Field(() => GraphQLSafeInt, { description: 'Number of finished calls, successful or not.' })
  readonly calls: number;

  @Field(() => GraphQLSafeInt, {
    description: 'Number of failed calls, including client errors; these are not charged.',
  })
  readonly errors: number;

  @Field(() => NanoUSD, { description: 'Total amount charged.' })
  readonly chargedNanos: bigint;

  @Field(() => [UsageUnitsType], { description: 'Usage by unit, for units that were used.' })
  readonly units: readonly UsageUnitsType[];

  @Field(() => GraphQLSafeInt, {
    description: 'Number of units that were cached, and therefore free.',
  })
  readonly cacheHits: number;

  @Field(() => LatencyPercentilesType, { description: 'Latency of successful calls.' })
  readonly latencyMs: LatencyPercentiles;

  constructor({ calls, errors, chargedNanos, units, latencyMs }: UsageMetrics) {
    this.calls = Number(calls);
    this.errors = Number(errors);
    this.chargedNanos = chargedNanos;
    this.units = units
      .filter(({ requested }) => requested > 0n)
      .map((count) => new UsageUnitsType(count));
    this.cacheHits = this.units.reduce((sum, { cached }) => sum + cached, 0);
    this.latencyMs = latencyMs;
  }
}

@ObjectType('UsageGroup', {
  description:
    'Values shared by the calls of a group. Null for dimensions that were not grouped by, or have no value.',
})
export class UsageGroupType {
  readonly keyId: KeyId | null;
  readonly memberId: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Current slug of the model; an earlier one if the model no longer exists.',
  })
  readonly modelSlug: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Operation that was called, such as "classifyImage".',
  })
  readonly operation: string | null;

  @Field(() => RUN_STATUSES, { nullable: true, description: 'Status of the calls.' })
  readonly status: RunStatus | null;

  @Field(() => CODES, { nullable: true, description: 'Error code of failed calls.' })
  readonly errorCode: ErrorCode | null;

  constructor({ MODEL, KEY, OPERATION, MEMBER, STATUS }: UsageGroup) {
    this.modelSlug = MODEL ?? null;
    this.keyId = (KEY ?? null) as KeyId | null;
    this.operation = OPERATION ?? null;
    this.memberId = MEMBER ?? null;
    this.status = STATUS == null ? null : statusOf(STATUS);
    this.errorCode = STATUS == null ? null : errorCodeOf(STATUS);
  }
}

@ObjectType('UsagePoint', { description: 'Usage in one interval of the range.' })
export class UsagePointType {
  @Field(() => GraphQLISODateTime, { description: 'Start of the interval, inclusive.' })
  readonly from: Date;

  @Field(() => GraphQLISODateTime, { description: 'End of the interval, exclusive.' })
  readonly to: Date;

  @Field(() => UsageMetricsType, {
    description: 'Metrics of the calls that ended in the interval.',
  })
  readonly metrics: UsageMetricsType;

  constructor({ from, to, metrics }: UsagePoint) {
    this.from = from;
    this.to = to;
    this.metrics = new UsageMetricsType(metrics);
  }
}

@ObjectType('UsageTotal', { description: 'Total usage of one group over the whole range.' })
export class UsageTotalType {
  @Field(() => UsageGroupType, { description: 'Values shared by the calls of the group.' })
  readonly group: UsageGroupType;

  @Field(() => UsageMetricsType, { description: 'Metrics of the group over the whole range.' })
  readonly total: UsageMetricsType;

  constructor({ group, total }: Omit<UsageSeries, 'points' | 'names'>) {
    this.group = new UsageGroupType(group);
    this.total = new UsageMetricsType(total);
  }
}

@ObjectType('UsageSeries', { description: 'Usage of one group over time.' })
export class UsageSeriesType extends UsageTotalType {
  @Field(() => [UsagePointType], {
    description:
      'Points in chronological order, without gaps. The first and last are cut off at the ends of the range.',
  })
  readonly points: readonly UsagePointType[];

  constructor(series: UsageSeries) {
    super(series);
    this.points = series.points.map((point) => new UsagePointType(point));
  }
}

@ObjectType('UsageChange', {
  description:
    'Relative change from the preceding period: 0.25 is an increase of 25%. Null if the earlier value is 0.',
})
export class UsageChangeType {
  @Field(() => Float, { nullable: true, description: 'Relative change of the number of calls.' })
  readonly calls!: number | null;

  @Field(() => Float, { nullable: true, description: 'Relative change of the number of errors.' })
  readonly errors!: number | null;

  @Field(() => Float, { nullable: true, description: 'Relative change of the amount charged.' })
  readonly charged!: number | null;
}

@ObjectType('PreviousUsage', {
  description: 'Usage in the period of equal length before the range.',
})
export class PreviousUsageType extends UsagePointType {
  @Field(() => UsageChangeType, { description: 'Relative change from that period to the range.' })
  readonly change: UsageChangeType;

  constructor(point: UsagePoint, { calls, errors, chargedNanos }: UsageMetrics) {
    super(point);
    const { metrics } = point;
    this.change = {
      calls: changeOf(metrics.calls, calls),
      errors: changeOf(metrics.errors, errors),
      charged: changeOf(metrics.chargedNanos, chargedNanos),
    };
  }
}

@ObjectType('UsageReport', { description: 'Usage of an account in a time range.' })
export class UsageReportType {
  @Field(() => UsageMetricsType, { description: 'Total of all calls that match the filter.' })
  readonly total: UsageMetricsType;

  @Field(() => [UsageSeriesType], {
    description:
      'One series per group, highest cost first; one series if there are no groups. Each call counts in exactly one.',
  })
  readonly series: readonly UsageSeriesType[];

  constructor(
    readonly accountId: AccountId,
    readonly request: UsageRequest,
    readonly report: UsageReport,
  ) {
    this.total = new UsageMetricsType(report.total);
    this.series = report.series.map((series) => new UsageSeriesType(series));
  }
}

@ObjectType('CreditForecast', {
  description: 'Forecast of when an account runs out of credit.',
})
export class CreditForecastType {
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time at which credit runs out at the average daily spend, taking lot order and expiry into account; null if not within ten years.',
  })
  readonly runsOutAt!: Date | null;

  @Field(() => NanoUSD, { description: 'Average amount charged per 24 hours since `since`.' })
  readonly nanosPerDay!: bigint;

  @Field(() => GraphQLISODateTime, {
    description: 'Start of the period averaged: seven days ago, or the first charge if later.',
  })
  readonly since!: Date;
}

function changeOf(before: bigint, now: bigint): number | null {
  return before === 0n ? null : Number(now - before) / Number(before);
}
