export { AlertsResolver } from './alerts.resolver.js';
export { AlertsService } from './alerts.service.js';
