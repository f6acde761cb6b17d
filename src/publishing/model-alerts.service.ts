import type { NotificationsService } from '../notifications/index.js';
import type { Transaction } from '../platform/database.js';
import { alertMail, type ModelAlert } from './model-alert.js';

export interface ModelAlertsParts {
  readonly notifications: Pick<NotificationsService, 'post'>;
  readonly accounts: {
    /** Who runs the platform. */
    operators(): Promise<readonly { readonly email: string }[]>;
  };
  readonly publicUrl: string;
}

/** Tells operators by mail, and endpoints that listen to it, that a model is degraded or back. */
export class ModelAlerts {
  constructor(private readonly parts: ModelAlertsParts) {}

  /** In the transaction of what it tells. */
  async post(tx: Transaction, { id, ...alert }: ModelAlert): Promise<void> {
    const { notifications, accounts, publicUrl } = this.parts;
    const to = (await accounts.operators()).map(({ email }) => email);
    const mail = { to, ...alertMail(alert, publicUrl) };
    const type = 'model.degraded';
    await notifications.post(tx, [{ id, type, accountId: undefined, data: alert, mail }]);
  }
}
