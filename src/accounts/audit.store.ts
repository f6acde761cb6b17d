import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, type AuditEventId, newId } from '../platform/ids.js';
import type { NewAuditEvent, AuditEvent } from './audit-event.js';

export async function insertAuditEvent(tx: Transaction, event: NewAuditEvent): Promise<void> {
  const { actor, accountId, action, target, details = {} } = event;
  await tx.auditEvent.create({
    data: {
      id: newId('aud'),
      accountId: accountId ?? null,
      userId: actor.userId ?? null,
      keyId: actor.keyId ?? null,
      action,
      target: target ?? null,
      details,
      ipAddress: actor.ipAddress ?? null,
    },
  });
}

/** Newest first. @param after the id of the last event seen */
export async function listAuditEvents(
  db: Pick<Database, 'query'>,
  accountId: AccountId,
  { first, after }: { first: number; after: string | undefined },
): Promise<AuditEvent[]> {
  return db.query<AuditEvent & { id: AuditEventId }>(
    `SELECT id, action, target, details, user_id AS "userId", key_id AS "keyId",
            ip_address AS "ipAddress", created_at AS "createdAt"
       FROM audit_event WHERE account_id = $1 AND ($2::text IS NULL OR id < $2)
      ORDER BY id DESC LIMIT $3`,
    [accountId, after ?? null, first],
  );
}
