import type { Queryable, Transaction } from '../platform/database.js';
import { type AccountId, newId, type WebhookEndpointId } from '../platform/ids.js';
import type { NewNotification } from './notification.js';

/**
 * Stores those that are new. Waits for a transaction that stores the same one, so ids come in one order:
 * two that post the same ones cannot wait for each other.
 * @returns the ids of the new ones
 */
export async function insertNotifications(
  tx: Transaction,
  notifications: readonly NewNotification[],
): Promise<Set<string>> {
  const rows = notifications
    .map(({ id, type, accountId, data, mail }) => ({
      id,
      type,
      account_id: accountId ?? null,
      data,
      mail_subject: mail?.subject ?? null,
      mail_text: mail?.text ?? null,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const inserted = await tx.query<{ id: string }>(
    `
    INSERT INTO notification (id, type, account_id, data, mail_subject, mail_text)
      SELECT id, type, account_id, data, mail_subject, mail_text
        FROM json_to_recordset($1::json)
          AS n(id text, type text, account_id text, data jsonb, mail_subject text, mail_text text)
      ON CONFLICT DO NOTHING RETURNING id`,
    [JSON.stringify(rows)],
  );
  return new Set(inserted.map(({ id }) => id));
}

/** Where accounts want to be told, now. Nobody deletes these until the transaction is over. */
export async function listReceivers(
  tx: Transaction,
  accountIds: readonly AccountId[],
): Promise<{ id: WebhookEndpointId; accountId: string; types: string[] }[]> {
  if (accountIds.length === 0) return [];
  return tx.query(
    `
    SELECT id, account_id AS "accountId", types FROM webhook_endpoint
     WHERE account_id = ANY ($1) AND enabled ORDER BY id FOR KEY SHARE`,
    [accountIds],
  );
}

export type NewDelivery = { readonly notificationId: string } & (
  { readonly endpointId: WebhookEndpointId } | { readonly recipient: string }
);

export async function insertDeliveries(
  tx: Transaction,
  deliveries: readonly NewDelivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await tx.notificationDelivery.createMany({
    data: deliveries.map((delivery) => ({
      ...delivery,
      id: newId('dlv'),
      queue: 'endpointId' in delivery ? delivery.endpointId : 'mail',
    })),
  });
}

/** Mails to an address, oldest first. */
export async function listMailsTo(db: Queryable, email: string): Promise<object[]> {
  return db.query(
    `SELECT n.type, n.mail_subject AS subject, d.created_at AS "createdAt"
       FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
      WHERE d.recipient = $1 ORDER BY d.created_at`,
    [email],
  );
}

/** Deletes mails to an address, and notifications that nobody else got. */
export async function forgetRecipient(tx: Transaction, email: string): Promise<void> {
  await tx.execute(
    `
    DELETE FROM notification n
     WHERE EXISTS (SELECT FROM notification_delivery d WHERE d.notification_id = n.id AND d.recipient = $1)
       AND NOT EXISTS (SELECT FROM notification_delivery d
                        WHERE d.notification_id = n.id AND d.recipient IS DISTINCT FROM $2)`,
    [email, email],
  );
  await tx.execute('DELETE FROM notification_delivery WHERE recipient = $1', [email]);
}

/** Deletes what is older than that and waits for nothing, with its log. @returns how many */
export async function deleteOld(db: Queryable, days: number, atMost: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM notification WHERE id IN (
       SELECT n.id FROM notification n
        WHERE n.created_at < db_now() - make_interval(days => $1)
          AND NOT EXISTS (SELECT FROM notification_delivery d
                           WHERE d.notification_id = n.id AND d.state = 'WAITING')
        ORDER BY n.created_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id`,
    [days, atMost],
  );
  return rows.length;
}
