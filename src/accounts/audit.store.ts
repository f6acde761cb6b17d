import type { Database } from '../platform/database.js';
import type { AccountId, AuditEventId } from '../platform/ids.js';
import type { AuditEvent } from './audit-event.js';

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
