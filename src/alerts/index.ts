export { createAlerts, alertsResolvers } from './alerts.factory.js';
export { AlertsService } from './alerts.service.js';
