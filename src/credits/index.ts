export { createCredits, creditsResolvers } from './credits.factory.js';
export { CreditsService } from './credits.service.js';
export { LedgerEntriesService } from './ledger-entries.service.js';
export { LedgerEntryType, toLedgerEntry } from './ledger.type.js';
export { LEDGER_CHECKS } from './ledger-checks.sql.js';
export type { Balance, HoldCommand } from './movement.js';
export { type PaidBy, paidUnitKey } from './paid-unit.js';
export { PaidUnitsService } from './paid-units.service.js';
