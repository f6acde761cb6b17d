import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import { CallLimits, type CallLimitOptions } from './call-limits.service.js';
import { ModelPerformanceResolver } from './model-performance.resolver.js';
import { ChargedUnitResolver, type RunLinks, RunLinksResolver } from './run-links.resolver.js';
import { RollupsService } from './rollups.service.js';
import { StatisticsResolver, UsageReportResolver } from './statistics.resolver.js';
import { type CreditSource, StatisticsService } from './statistics.service.js';
import { UsageGroupResolver } from './usage-group.resolver.js';
import { UsageResolver } from './usage.resolver.js';
import { UsageService } from './usage.service.js';

export interface UsageDeps {
  readonly db: Database;
  readonly credits: CreditSource;
  readonly config: { readonly limits: CallLimitOptions };
}

/** Past calls, what they add up to, and limits on new ones. */
export function createUsage({ db, credits, config }: UsageDeps) {
  return {
    limits: new CallLimits(db, config.limits),
    rollups: new RollupsService(db),
    statistics: new StatisticsService(db, credits),
    usage: new UsageService(db),
  };
}

export function usageResolvers(
  services: Pick<ReturnType<typeof createUsage>, 'statistics' | 'usage'>,
  links: RunLinks,
) {
  const usage = new UsageResolver(services.usage);
  return {
    resolvers: [
      usage,
      new RunLinksResolver(links),
      new ChargedUnitResolver(links),
      new UsageGroupResolver(links),
      new StatisticsResolver(services.statistics),
      new UsageReportResolver(services.statistics),
      new ModelPerformanceResolver(services.usage),
    ],
    nodes: { run: { type: 'Run', find: usage.findNode, findOwned: usage.findOwned } },
  } satisfies DomainResolvers;
}
