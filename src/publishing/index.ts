export { alertMail } from './model-alert.js';
export { ModelChecksService } from './model-checks.service.js';
export { ProviderChecksService } from './provider-checks.service.js';
export { PublishingResolver } from './publishing.resolver.js';
export { PublishingService } from './publishing.service.js';
