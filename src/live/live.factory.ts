import type { DomainResolvers, FindNode } from '../graphql/node.resolver.js';
import { LiveResolver } from './live.resolver.js';
import { LiveService, type LiveServices } from './live.service.js';

/** Subscriptions: what is told when something has changed. */
export function createLive(deps: LiveServices) {
  return { live: new LiveService(deps) };
}

export function liveResolvers(findModel: FindNode) {
  return { resolvers: [new LiveResolver(findModel)] } satisfies DomainResolvers;
}
