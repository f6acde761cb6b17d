export { type ModelAlert, ModelChecksService } from './model-checks.service.js';
export { ProviderChecksService } from './provider-checks.service.js';
export { PublishingResolver } from './publishing.resolver.js';
export { PublishingService } from './publishing.service.js';
