import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ID, ObjectType, registerEnumType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import type { UsagePoint, UsageReport, UsageRequest, UsageSeries } from './usage-report.js';
import { USAGE_INTERVALS } from './usage-buckets.js';
import type { LatencyPercentiles, UnitCount, UsageGroup, UsageMetrics } from './usage-metrics.js';
import { USAGE_DIMENSIONS } from './usage-question.js';

registerEnumType(USAGE_DIMENSIONS, {
  name: 'UsageDimension',
  description: 'What calls can be told apart by.',
  valuesConfig: {
    MODEL: { description: 'The model that ran.' },
    KEY: { description: 'The key that called.' },
    OPERATION: { description: 'What was asked for, as "classifyImage".' },
    MEMBER: { description: 'Who called, or who made the key that did.' },
    STATUS: { description: 'OK, or why there was no answer.' },
  },
});

registerEnumType(USAGE_INTERVALS, {
  name: 'UsageInterval',
  description: 'How long the points of a series are.',
  valuesConfig: {
    HOUR: { description: 'Hours of UTC, whatever the time zone.' },
    DAY: {
      description: 'Days of the time zone; those on which clocks change are 23 or 25 h long.',
    },
    WEEK: { description: 'Weeks of the time zone, from Monday.' },
    MONTH: { description: 'Months of the time zone.' },
  },
});

@ObjectType('LatencyPercentiles', {
  description:
    'How long answered calls took, from the hold to the end, in milliseconds within 2 %. Calls of the batch tier, which wait, do not count; null where there is none.',
})
export class LatencyPercentilesType {
  @Field(() => Float, { nullable: true, description: 'Half of the calls took no longer.' })
  readonly p50!: number | null;

  @Field(() => Float, { nullable: true, description: '95 of 100 calls took no longer.' })
  readonly p95!: number | null;

  @Field(() => Float, { nullable: true, description: '99 of 100 calls took no longer.' })
  readonly p99!: number | null;
}

@ObjectType('UsageUnits', { description: 'How many of one unit answered calls came to.' })
export class UsageUnitsType {
  @Field(() => String, { description: 'IMAGE, LABEL_TEXT or EMBEDDING.' })
  readonly unit: string;

  @Field(() => GraphQLSafeInt, { description: 'How many were asked for.' })
  readonly requested: number;

  @Field(() => GraphQLSafeInt, { description: 'How many were charged.' })
  readonly ran: number;

  @Field(() => GraphQLSafeInt, { description: 'How many were known before, and so were free.' })
  readonly cached: number;

  constructor({ unit, requested, ran }: UnitCount) {
    this.unit = unit;
    this.requested = Number(requested);
    this.ran = Number(ran);
    this.cached = Number(requested - ran);
  }
}

@ObjectType('UsageMetrics', { description: 'What some calls come to.' })
export class UsageMetricsType {
  @Field(() => GraphQLSafeInt, { description: 'Calls that have ended, one way or the other.' })
  readonly calls: number;

  @Field(() => GraphQLSafeInt, {
    description: 'Of them, those that were not answered, whoever’s fault that was. They are free.',
  })
  readonly errors: number;

  @Field(() => NanoUSD, { description: 'What was charged.' })
  readonly chargedNanos: bigint;

  @Field(() => [UsageUnitsType], { description: 'Unit by unit, of those that came up.' })
  readonly units: readonly UsageUnitsType[];

  @Field(() => GraphQLSafeInt, { description: 'Units that were known before, and so were free.' })
  readonly cacheHits: number;

  @Field(() => LatencyPercentilesType, { description: 'How long answered calls took.' })
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

@ObjectType('UsageName', { description: 'A key or a member that calls are counted by.' })
export class UsageNameType {
  @Field(() => ID, { description: '"key_…" or "usr_…".' })
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'Null when it is known no more.' })
  readonly name!: string | null;
}

@ObjectType('UsageGroup', {
  description:
    'What calls have in common. What was not grouped by is null, as is what they have not.',
})
export class UsageGroupType {
  @Field(() => String, {
    nullable: true,
    description: 'Slug that the model has now, whatever it was called at the time.',
  })
  readonly model: string | null;

  @Field(() => UsageNameType, { nullable: true, description: 'The key; null: a person called.' })
  readonly key: UsageNameType | null;

  @Field(() => String, { nullable: true, description: 'As "classifyImage".' })
  readonly operation: string | null;

  @Field(() => UsageNameType, {
    nullable: true,
    description: 'Who called, or who made the key that did.',
  })
  readonly member: UsageNameType | null;

  @Field(() => String, {
    nullable: true,
    description: 'OK, or the code of the error; EXPIRED when the call never ended by itself.',
  })
  readonly status: string | null;

  constructor(group: UsageGroup, names: UsageGroup) {
    this.model = group.MODEL ?? null;
    this.key = nameOf(group.KEY, names.KEY);
    this.operation = group.OPERATION ?? null;
    this.member = nameOf(group.MEMBER, names.MEMBER);
    this.status = group.STATUS ?? null;
  }
}

@ObjectType('UsagePoint', { description: 'A part of the range: `from` is in it, `to` is not.' })
export class UsagePointType {
  @Field(() => GraphQLISODateTime, { description: 'Where it begins.' })
  readonly from: Date;

  @Field(() => GraphQLISODateTime, { description: 'Where the next one begins.' })
  readonly to: Date;

  @Field(() => UsageMetricsType, { description: 'Of the calls that ended in it.' })
  readonly metrics: UsageMetricsType;

  constructor({ from, to, metrics }: UsagePoint) {
    this.from = from;
    this.to = to;
    this.metrics = new UsageMetricsType(metrics);
  }
}

@ObjectType('UsageTotal', { description: 'A group of calls over the whole range.' })
export class UsageTotalType {
  @Field(() => UsageGroupType, { description: 'What they have in common.' })
  readonly group: UsageGroupType;

  @Field(() => UsageMetricsType, { description: 'What they come to.' })
  readonly total: UsageMetricsType;

  constructor({ group, names, total }: Omit<UsageSeries, 'points'>) {
    this.group = new UsageGroupType(group, names);
    this.total = new UsageMetricsType(total);
  }
}

@ObjectType('UsageSeries', { description: 'A group of calls, point by point.' })
export class UsageSeriesType extends UsageTotalType {
  @Field(() => [UsagePointType], {
    description:
      'In order, without holes. The first and the last are what of them is in the range.',
  })
  readonly points: readonly UsagePointType[];

  constructor(series: UsageSeries) {
    super(series);
    this.points = series.points.map((point) => new UsagePointType(point));
  }
}

@ObjectType('UsageChange', {
  description:
    'How much more it is than before, as a share: 0.25 is a quarter more. Null: there was nothing before.',
})
export class UsageChangeType {
  @Field(() => Float, { nullable: true, description: 'Of the calls.' })
  readonly calls!: number | null;

  @Field(() => Float, { nullable: true, description: 'Of the errors.' })
  readonly errors!: number | null;

  @Field(() => Float, { nullable: true, description: 'Of what was charged.' })
  readonly charged!: number | null;
}

@ObjectType('PreviousUsage', { description: 'The time before the range, which is as long.' })
export class PreviousUsageType extends UsagePointType {
  @Field(() => UsageChangeType, { description: 'From then to the range.' })
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

@ObjectType('UsageReport', { description: 'What an account’s calls come to in a range of time.' })
export class UsageReportType {
  @Field(() => UsageMetricsType, { description: 'Of all calls that the filter lets through.' })
  readonly total: UsageMetricsType;

  @Field(() => [UsageSeriesType], {
    description: 'Group by group, the most expensive first; one without groups. No call is in two.',
  })
  readonly series: readonly UsageSeriesType[];

  constructor(
    readonly request: UsageRequest,
    readonly report: UsageReport,
  ) {
    this.total = new UsageMetricsType(report.total);
    this.series = report.series.map((series) => new UsageSeriesType(series));
  }
}

@ObjectType('CreditForecast', {
  description: 'When the account’s credit is gone if it goes on as it did.',
})
export class CreditForecastType {
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'When a new call finds no credit: spent at the rate of the last days in the order of the lots, and lost where a lot ends first. Null: not within ten years.',
  })
  readonly runsOutAt!: Date | null;

  @Field(() => NanoUSD, { description: 'What was charged in 24 h, on average of the time below.' })
  readonly nanosPerDay!: bigint;

  @Field(() => GraphQLISODateTime, {
    description: 'The average is from here to now: seven days, or since the first charge in them.',
  })
  readonly since!: Date;
}

function nameOf(id: string | null | undefined, name: string | null | undefined) {
  return typeof id === 'string' ? { id, name: name ?? null } : null;
}

function changeOf(before: bigint, now: bigint): number | null {
  return before === 0n ? null : Number(now - before) / Number(before);
}
