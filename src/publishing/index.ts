export { createPublishing, publishingResolvers } from './publishing.factory.js';
