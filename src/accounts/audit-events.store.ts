import type { Queryable } from '../platform/database.js';
import type { TimePlace } from '../platform/time-cursor.js';
import type { AuditEvent, AuditEventFilter } from './audit-event.js';

const EVENT = `e.id, e.account_id AS "accountId", e.action, e.target, e.details, e.user_id AS "userId",
  e.key_id AS "keyId", e.ip_address AS "ipAddress", e.created_at AS "createdAt"`;
const NEWEST_FIRST = 'ORDER BY e.created_at DESC, e.id DESC';

/** Columns that each have an index with the order of the list behind them; the most selective first. */
const COLUMNS = {
  targets: 'target',
  keys: 'key_id',
  users: 'user_id',
  actions: 'action',
} as const;

/**
 * Newest first, by keyset. The accounts, and the first list of the filter, are walked value by value: each reads at most a
 * page from its index, which has the order of the list.
 */
export async function listAuditEvents(
  db: Queryable,
  filter: AuditEventFilter,
  page: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<AuditEvent[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${String(values.push(value))}`;
  const conditions: string[] = [];
  const walked: string[] = [];
  const walk = (column: string, list: readonly string[]) => {
    const name = `w${String(walked.length)}`;
    walked.push(`unnest(${bind([...new Set(list)])}::text[]) AS ${name}(value)`);
    conditions.push(`e.${column} = ${name}.value`);
  };
  if (filter.accounts !== undefined) walk('account_id', filter.accounts);
  const given = Object.entries(COLUMNS).flatMap(([name, column]) => {
    const list = filter[name as keyof typeof COLUMNS];
    return list === undefined ? [] : [{ column, list }];
  });
  for (const [index, { column, list }] of given.entries()) {
    if (index === 0) walk(column, list);
    else conditions.push(`e.${column} = ANY (${bind(list)}::text[])`);
  }
  if (filter.from !== undefined) conditions.push(`e.created_at >= ${bind(filter.from)}`);
  if (filter.to !== undefined) conditions.push(`e.created_at < ${bind(filter.to)}`);
  const { first, after } = page;
  if (after !== undefined) {
    conditions.push(`(e.created_at, e.id) < (${bind(after.at)}::timestamptz, ${bind(after.id)})`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = `SELECT e.* FROM audit_event e ${where} ${NEWEST_FIRST} LIMIT ${bind(first)}`;
  const from = [...walked, `LATERAL (${rows}) e`].join(' CROSS JOIN ');
  return db.query<AuditEvent>(
    `SELECT ${EVENT} FROM ${from} ${NEWEST_FIRST} LIMIT ${bind(first)}`,
    values,
  );
}

export async function findAuditEvent(db: Queryable, id: string): Promise<AuditEvent | undefined> {
  const [row] = await db.query<AuditEvent>(`SELECT ${EVENT} FROM audit_event e WHERE e.id = $1`, [
    id,
  ]);
  return row;
}

/** Addresses of people, by id. */
export async function listEmails(
  db: Queryable,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly email: string }[]> {
  return db.query('SELECT id, email FROM app_user WHERE id = ANY ($1::text[])', [ids]);
}
