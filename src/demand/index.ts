export { createDemand, demandResolvers } from './demand.factory.js';
export { parseBoardCursor, toBoardCursor } from './board-entry.js';
export { DEMAND_CHECKS } from './demand-checks.sql.js';
export { WaitlistService } from './waitlist.service.js';
