export { NOTIFICATION_TYPES, type NewNotification, type NotificationType } from './notification.js';
export { NotificationsService } from './notifications.service.js';
export { WebhookGateway, type WebhookOptions } from './webhook.gateway.js';
