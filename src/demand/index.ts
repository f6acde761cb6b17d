export { parseBoardCursor, toBoardCursor } from './board-entry.js';
export { BoardResolver } from './board.resolver.js';
export { BoardService } from './board.service.js';
export { DEMAND_CHECKS } from './demand-checks.sql.js';
export { DemandResolver, ModelDemandResolver } from './demand.resolver.js';
export { DemandService } from './demand.service.js';
export { LaunchesService } from './launches.service.js';
export { WaitlistService } from './waitlist.service.js';
