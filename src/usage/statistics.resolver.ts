import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { selectedFields } from '../graphql/selection.js';
import type { StatisticsService } from './statistics.service.js';
import {
  TOP_BY,
  type TopBy,
  toUsageFilter,
  UsageFilterInput,
  UsageRangeInput,
} from './statistics.input.js';
import {
  CreditForecastType,
  PreviousUsageType,
  UsageReportType,
  UsageTotalType,
} from './statistics.type.js';
import { USAGE_INTERVALS, type UsageInterval } from './usage-buckets.js';
import { USAGE_DIMENSIONS, type UsageDimension } from './usage-question.js';

/** Each adds up thousands of rows: some ten to an operation. */
const STATISTICS_COST = 80;
const TOP_DEFAULT = 5;
const cost = ({ childComplexity }: { childComplexity: number }) =>
  STATISTICS_COST + childComplexity;

const RangeArg = () =>
  Arg('range', () => UsageRangeInput, { description: 'When the calls ended.' });
const FirstArg = () =>
  Arg('first', () => Int, { defaultValue: TOP_DEFAULT, description: 'How many, 1 to 100.' });
const ByArg = () =>
  Arg('by', () => TOP_BY, { defaultValue: TOP_BY.COST, description: 'Most of what comes first.' });

/** Whether latencies are asked for in what is at one of the paths; they are most of the work. */
function asksLatency(info: GraphQLResolveInfo, ...paths: readonly (readonly string[])[]): boolean {
  return paths.some((path) => selectedFields(info, path).has('latencyMs'));
}

/** What an account's calls come to, for dashboards. */
@Resolver(() => UsageReportType)
export class StatisticsResolver {
  constructor(private readonly statistics: StatisticsService) {}

  @Query(() => UsageReportType, {
    complexity: cost,
    description:
      'What the account’s calls come to, point by point and group by group: 1,000 points of a series and 5,000 in all at most.',
  })
  @Access({ scope: 'read' })
  async usage(
    @RangeArg() range: UsageRangeInput,
    @Arg('interval', () => USAGE_INTERVALS, {
      defaultValue: USAGE_INTERVALS.DAY,
      description: 'How long the points are.',
    })
    interval: UsageInterval,
    @Arg('timeZone', () => String, {
      defaultValue: 'UTC',
      description: 'In which days, weeks and months begin, as "Europe/Berlin".',
    })
    timeZone: string,
    @Arg('groupBy', () => [USAGE_DIMENSIONS], {
      defaultValue: [],
      description: 'What makes a series of its own. Each once at most.',
    })
    groupBy: UsageDimension[],
    @Arg('filter', () => UsageFilterInput, { nullable: true, description: 'Left out: all calls.' })
    filter: UsageFilterInput | undefined,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageReportType> {
    const request = { range, interval, timeZone, groupBy, filter: toUsageFilter(filter) };
    const paths = [['total'], ['series', 'total'], ['series', 'points', 'metrics']];
    const report = await this.statistics.report(accountOf(context), request, {
      withLatency: asksLatency(info, ...paths),
    });
    return new UsageReportType(request, report);
  }

  @FieldResolver(() => PreviousUsageType, {
    complexity: cost,
    description: 'The same, without groups, in the time before the range, which is as long.',
  })
  async previous(
    @Root() { request, report }: UsageReportType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<PreviousUsageType> {
    const withLatency = asksLatency(info, ['metrics']);
    const before = await this.statistics.previous(accountOf(context), request, { withLatency });
    return new PreviousUsageType(before, report.total);
  }

  @Query(() => [UsageTotalType], {
    complexity: cost,
    description: 'The models that were used most.',
  })
  @Access({ scope: 'read' })
  topModels(
    @RangeArg() range: UsageRangeInput,
    @FirstArg() first: number,
    @ByArg() by: TopBy,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    return this.top('MODEL', { range, first, by }, context, info);
  }

  @Query(() => [UsageTotalType], {
    complexity: cost,
    description: 'The keys that were used most; calls of signed-in people, who have none, are one.',
  })
  @Access({ scope: 'read' })
  topKeys(
    @RangeArg() range: UsageRangeInput,
    @FirstArg() first: number,
    @ByArg() by: TopBy,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    return this.top('KEY', { range, first, by }, context, info);
  }

  @Query(() => CreditForecastType, {
    complexity: cost,
    description: 'When the account’s credit is gone, if it goes on as in the last seven days.',
  })
  @Access({ scope: 'read' })
  creditForecast(@Ctx() context: GraphQLContext): Promise<CreditForecastType> {
    return this.statistics.forecast(accountOf(context));
  }

  private async top(
    dimension: UsageDimension,
    request: { range: UsageRangeInput; first: number; by: TopBy },
    context: GraphQLContext,
    info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    const withLatency = asksLatency(info, ['total']);
    const groups = await this.statistics.top(accountOf(context), dimension, {
      ...request,
      withLatency,
    });
    return groups.map((group) => new UsageTotalType(group));
  }
}
