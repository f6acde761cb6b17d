export { CreditsResolver } from './credits.resolver.js';
export { CreditsService } from './credits.service.js';
export type { Finding } from './finding.js';
