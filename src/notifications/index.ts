export { createNotifications, notificationsResolvers } from './notifications.factory.js';
export { deadDeliveries } from './dead-deliveries.service.js';
export type { NewNotification, NotificationType } from './notification.js';
export { NotificationsService } from './notifications.service.js';
export { WebhookGateway, type WebhookOptions } from './webhook.gateway.js';
