export { CreditsResolver } from './credits.resolver.js';
export { CreditsService } from './credits.service.js';
