import type { DomainResolvers } from '../graphql/node.resolver.js';
import { AlertsResolver } from './alerts.resolver.js';
import { type AlertsParts, AlertsService } from './alerts.service.js';

/** Rules that tell an account of credit, spending, errors and caps. */
export function createAlerts(deps: AlertsParts) {
  return { alerts: new AlertsService(deps) };
}

export function alertsResolvers({ alerts }: ReturnType<typeof createAlerts>) {
  return { resolvers: [new AlertsResolver(alerts)] } satisfies DomainResolvers;
}
