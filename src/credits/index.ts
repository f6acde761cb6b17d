export { CreditsResolver } from './credits.resolver.js';
export { CreditsService } from './credits.service.js';
export { LEDGER_CHECKS } from './ledger-checks.sql.js';
export type { HoldCommand } from './movement.js';
