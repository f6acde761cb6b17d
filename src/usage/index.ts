export { rateHeaders } from './call-limits.js';
export { CallLimits, type CallLimitOptions } from './call-limits.service.js';
export type { ChargedUnit } from './run.js';
export { ChargedUnitType } from './run.type.js';
export { UsageResolver } from './usage.resolver.js';
export { UsageService } from './usage.service.js';
