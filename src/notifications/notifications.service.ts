import type { Database, Transaction } from '../platform/database.js';
import type { WebhookEndpointId } from '../platform/ids.js';
import * as deliveries from './deliveries.store.js';
import { DeliveryWorker, type DeliveryWorkerParts } from './delivery-worker.service.js';
import { checkNotificationId, type NewNotification } from './notification.js';
import * as store from './notifications.store.js';

const PRUNED_AT_ONCE = 1_000;

/** Tells people something, once: by webhook and by mail. */
export class NotificationsService {
  private readonly db: Database;
  private readonly worker: DeliveryWorker;

  /** @param keepDays after which a notification and the log of its deliveries are deleted */
  constructor(
    parts: Omit<DeliveryWorkerParts, 'post'>,
    private readonly keepDays: number,
  ) {
    this.db = parts.db;
    this.worker = new DeliveryWorker({ ...parts, post: (tx, all) => this.post(tx, all) });
  }

  /**
   * Stores them with their deliveries in the transaction of what they tell about; sends nothing yet. One whose id
   * is there already is nothing, as long as that one is kept.
   * @returns how many were new
   */
  async post(tx: Transaction, notifications: readonly NewNotification[]): Promise<number> {
    return this.store(tx, notifications, undefined);
  }

  /** The same, but of an account's endpoints only this one gets them. */
  async postTo(
    tx: Transaction,
    endpointId: WebhookEndpointId,
    notification: NewNotification,
  ): Promise<number> {
    return this.store(tx, [notification], endpointId);
  }

  /** Mails to a person. */
  readonly personalData = {
    name: 'mails',
    collect: ({ email }: { email: string }) => store.listMailsTo(this.db, email),
    forget: (tx: Transaction, { email }: { email: string }) => store.forgetRecipient(tx, email),
  };

  /** One turn of the worker. @returns true when more waits */
  turn(): Promise<boolean> {
    return this.worker.turn();
  }

  /** Cuts short what is being sent and puts it back. */
  stop(): Promise<void> {
    return this.worker.stop();
  }

  /** Deletes old notifications. @returns true when more are left */
  async prune(): Promise<boolean> {
    return (await store.deleteOld(this.db, this.keepDays, PRUNED_AT_ONCE)) === PRUNED_AT_ONCE;
  }

  counts(): Promise<{ waiting: number; dead: number }> {
    return deliveries.countDeliveries(this.db);
  }

  private async store(
    tx: Transaction,
    notifications: readonly NewNotification[],
    only: WebhookEndpointId | undefined,
  ): Promise<number> {
    if (notifications.length === 0) return 0;
    for (const { id } of notifications) checkNotificationId(id);
    const fresh = await store.insertNotifications(tx, notifications);
    if (fresh.size === 0) return 0;
    // One id twice in a list is one notification.
    const byId = new Map(notifications.map((notification) => [notification.id, notification]));
    const added = [...fresh].flatMap((id) => byId.get(id) ?? []);
    const accountIds = new Set(added.flatMap(({ accountId }) => accountId ?? []));
    const receivers = await store.listReceivers(tx, [...accountIds]);
    await store.insertDeliveries(
      tx,
      added.flatMap(({ id: notificationId, type, accountId, mail }) => [
        ...receivers
          .filter((receiver) => receiver.accountId === accountId)
          .filter(({ id, types }) =>
            only === undefined ? types.length === 0 || types.includes(type) : id === only,
          )
          .map(({ id: endpointId }) => ({ notificationId, endpointId })),
        ...[...new Set(mail?.to)].map((recipient) => ({ notificationId, recipient })),
      ]),
    );
    return fresh.size;
  }
}
