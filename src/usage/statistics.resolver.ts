import type { GraphQLResolveInfo } from 'graphql';
import { Arg, FieldResolver, Info, Int, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { selectedFields } from '../graphql/selection.js';
import type { AccountId } from '../platform/ids.js';
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
  Arg('range', () => UsageRangeInput, { description: 'Range of time in which the calls ended.' });
const FirstArg = () =>
  Arg('first', () => Int, {
    defaultValue: TOP_DEFAULT,
    description: 'Number of groups to return, 1 to 100.',
  });
const ByArg = () =>
  Arg('by', () => TOP_BY, {
    defaultValue: TOP_BY.COST,
    description: 'Metric to rank by, highest first.',
  });

/** Whether latencies are asked for in what is at one of the paths; they are most of the work. */
function asksLatency(info: GraphQLResolveInfo, ...paths: readonly (readonly string[])[]): boolean {
  return paths.some((path) => selectedFields(info, path).has('latencyMs'));
}

/** What an account's calls come to, for dashboards. */
@Resolver(() => AccountType)
export class StatisticsResolver {
  constructor(private readonly statistics: StatisticsService) {}

  @FieldResolver(() => UsageReportType, {
    nullable: true,
    complexity: cost,
    description:
      'Usage of the account over time, by group. Returns at most 1,000 points per series and 5,000 in total.',
  })
  @Access({ scope: 'read' })
  async usage(
    @RangeArg() range: UsageRangeInput,
    @Arg('interval', () => USAGE_INTERVALS, {
      defaultValue: USAGE_INTERVALS.DAY,
      description: 'Length of each point in the series.',
    })
    interval: UsageInterval,
    @Arg('timeZone', () => String, {
      defaultValue: 'UTC',
      description: 'IANA time zone in which days, weeks and months begin, such as "Europe/Berlin".',
    })
    timeZone: string,
    @Arg('groupBy', () => [USAGE_DIMENSIONS], {
      defaultValue: [],
      description: 'Dimensions to group by, each at most once.',
    })
    groupBy: UsageDimension[],
    @Arg('filter', () => UsageFilterInput, {
      nullable: true,
      description: 'Conditions that calls must meet; omit for all calls.',
    })
    filter: UsageFilterInput | undefined,
    @Root() { id }: AccountType,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageReportType> {
    const request = { range, interval, timeZone, groupBy, filter: toUsageFilter(filter) };
    const paths = [['total'], ['series', 'total'], ['series', 'points', 'metrics']];
    const report = await this.statistics.report(id, request, {
      withLatency: asksLatency(info, ...paths),
    });
    return new UsageReportType(id, request, report);
  }

  @FieldResolver(() => [UsageTotalType], {
    nullable: true,
    complexity: cost,
    description: 'Models with the highest usage.',
  })
  @Access({ scope: 'read' })
  topModels(
    @RangeArg() range: UsageRangeInput,
    @FirstArg() first: number,
    @ByArg() by: TopBy,
    @Root() { id }: AccountType,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    return this.top(id, 'MODEL', { range, first, by }, info);
  }

  @FieldResolver(() => [UsageTotalType], {
    nullable: true,
    complexity: cost,
    description:
      'API keys with the highest usage. Calls by signed-in users, made without a key, form one group.',
  })
  @Access({ scope: 'read' })
  topKeys(
    @RangeArg() range: UsageRangeInput,
    @FirstArg() first: number,
    @ByArg() by: TopBy,
    @Root() { id }: AccountType,
    @Info() info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    return this.top(id, 'KEY', { range, first, by }, info);
  }

  @FieldResolver(() => CreditForecastType, {
    nullable: true,
    complexity: cost,
    description: 'Forecast of when the account runs out of credit, based on the last seven days.',
  })
  @Access({ scope: 'read' })
  creditForecast(@Root() { id }: AccountType): Promise<CreditForecastType> {
    return this.statistics.forecast(id);
  }

  private async top(
    accountId: AccountId,
    dimension: UsageDimension,
    request: { range: UsageRangeInput; first: number; by: TopBy },
    info: GraphQLResolveInfo,
  ): Promise<UsageTotalType[]> {
    const withLatency = asksLatency(info, ['total']);
    const groups = await this.statistics.top(accountId, dimension, {
      ...request,
      withLatency,
    });
    return groups.map((group) => new UsageTotalType(group));
  }
}

/** What a report compares with. */
@Resolver(() => UsageReportType)
export class UsageReportResolver {
  constructor(private readonly statistics: StatisticsService) {}

  @FieldResolver(() => PreviousUsageType, {
    complexity: cost,
    description: 'Total usage in the period of equal length before the range, without groups.',
  })
  async previous(
    @Root() { accountId, request, report }: UsageReportType,
    @Info() info: GraphQLResolveInfo,
  ): Promise<PreviousUsageType> {
    const withLatency = asksLatency(info, ['metrics']);
    const before = await this.statistics.previous(accountId, request, { withLatency });
    return new PreviousUsageType(before, report.total);
  }
}
