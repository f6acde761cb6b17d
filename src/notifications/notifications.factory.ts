import type { ContactsService } from '../accounts/index.js';
import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { Mailer } from '../platform/mailer.js';
import { NotificationsService } from './notifications.service.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';
import { WebhookGateway, type WebhookOptions } from './webhook.gateway.js';
import { WebhooksResolver } from './webhooks.resolver.js';

export interface NotificationsDeps {
  readonly db: Database;
  readonly mailer: Mailer;
  readonly contacts: Pick<ContactsService, 'addresses'>;
  readonly logger: Logger;
  readonly config: {
    readonly webhooks: WebhookOptions;
    /** After which a notification and the log of its deliveries are deleted. */
    readonly notificationKeepDays: number;
  };
}

/** What people are told, by mail and webhook. */
export function createNotifications(deps: NotificationsDeps) {
  const { db, config } = deps;
  const webhooks = new WebhookGateway(config.webhooks);
  const parts = { ...deps, webhooks };
  const notifications = new NotificationsService(parts, config.notificationKeepDays);
  return {
    notifications,
    webhookEndpoints: new WebhookEndpointsService(db, webhooks, notifications),
  };
}

export function notificationsResolvers({
  webhookEndpoints,
}: Pick<ReturnType<typeof createNotifications>, 'webhookEndpoints'>) {
  const webhooks = new WebhooksResolver(webhookEndpoints);
  return {
    resolvers: [webhooks],
    nodes: { dlv: { type: 'WebhookDelivery', find: webhooks.findNode } },
  } satisfies DomainResolvers;
}
