export { createLive, liveResolvers } from './live.factory.js';
export { liveSources } from './live.resolver.js';
