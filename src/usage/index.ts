export { rateHeaders, type RateState } from './call-limits.js';
export { CallLimits, type CallLimitOptions } from './call-limits.service.js';
export type { KeySpending } from './key-spending.js';
export type { ModelPerformance } from './model-performance.js';
export type { ChargedUnit, Run } from './run.js';
export { ChargedUnitType, RunType } from './run.type.js';
export type { UsageTick } from './usage-tick.js';
export { UsageResolver } from './usage.resolver.js';
export { UsageService } from './usage.service.js';
