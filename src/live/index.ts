export { LiveResolver, liveSources } from './live.resolver.js';
export { LiveService } from './live.service.js';
