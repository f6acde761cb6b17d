export { deadDeliveries } from './dead-deliveries.service.js';
export type { NewNotification, NotificationType } from './notification.js';
export { NotificationsService } from './notifications.service.js';
export { WebhookGateway, type WebhookOptions } from './webhook.gateway.js';
export { WebhookEndpointsService } from './webhook-endpoints.service.js';
export { WebhooksResolver } from './webhooks.resolver.js';
