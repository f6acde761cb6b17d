import type { Queryable } from '../platform/database.js';
import type { AccountId, AuditEventId } from '../platform/ids.js';
import type { TimePlace } from '../platform/time-cursor.js';
import type { AuditEvent, AuditLogEvent, AuditLogFilter } from './audit-event.js';

/** Newest first. @param after the id of the last event seen */
export async function listAuditEvents(
  db: Queryable,
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

const LOG = `SELECT e.id, e.account_id AS "accountId", e.action, e.target, e.details, e.user_id AS "userId",
    u.email, e.key_id AS "keyId", e.ip_address AS "ipAddress", e.created_at AS "createdAt"
  FROM audit_event e LEFT JOIN app_user u ON u.id = e.user_id`;

/** Columns of the log that each have an index with the order of the list behind them. */
const COLUMNS = {
  accountId: 'account_id',
  userId: 'user_id',
  action: 'action',
  target: 'target',
} as const;

/** Newest first, by keyset. Only what is filtered by stands in the statement, so that its index carries it. */
export async function listAuditLog(
  db: Queryable,
  filter: AuditLogFilter,
  page: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<AuditLogEvent[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${String(values.push(value))}`;
  const conditions = Object.entries(COLUMNS).flatMap(([name, column]) => {
    const value = filter[name as keyof typeof COLUMNS];
    return value === undefined ? [] : [`e.${column} = ${bind(value)}`];
  });
  if (filter.from !== undefined) conditions.push(`e.created_at >= ${bind(filter.from)}`);
  if (filter.to !== undefined) conditions.push(`e.created_at < ${bind(filter.to)}`);
  const { first, after } = page;
  if (after !== undefined) {
    conditions.push(`(e.created_at, e.id) < (${bind(after.at)}::timestamptz, ${bind(after.id)})`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  return db.query<AuditLogEvent>(
    `${LOG} ${where} ORDER BY e.created_at DESC, e.id DESC LIMIT ${bind(first)}`,
    values,
  );
}

export async function findAuditLogEvent(
  db: Queryable,
  id: string,
): Promise<AuditLogEvent | undefined> {
  const [row] = await db.query<AuditLogEvent>(`${LOG} WHERE e.id = $1`, [id]);
  return row;
}
