import type { Queryable, Transaction } from '../platform/database.js';
import type { TimePlace } from '../platform/time-cursor.js';

/** Where something that was given up is kept; all of it is SQL of ours, and nothing of a caller's. */
export interface DeadLetterTable {
  readonly table: 'stripe_event' | 'usage_report' | 'outbox_message';
  readonly subject: string;
  readonly error: string;
  readonly accountId: string;
  /** What still is given up, besides `dead_at` and `dismissed_at`. */
  readonly condition: string;
  /** Makes it due again. */
  readonly revive: string;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly subject: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly deadAt: Date;
  readonly accountId: string | null;
}

const columnsOf = ({ subject, error, accountId }: DeadLetterTable) =>
  `d.id, ${subject} AS subject, ${error} AS error, d.attempts, d.dead_at AS "deadAt", ${accountId} AS "accountId"`;

const deadIn = ({ condition }: DeadLetterTable) =>
  `d.dead_at IS NOT NULL AND d.dismissed_at IS NULL AND ${condition}`;

/** The latest first, by keyset; bytes decide between ids, as in the program. */
export async function listDead(
  db: Queryable,
  from: DeadLetterTable,
  { first, after }: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<DeadLetterRow[]> {
  return db.query<DeadLetterRow>(
    `SELECT ${columnsOf(from)} FROM ${from.table} d
      WHERE ${deadIn(from)} AND ($1::timestamptz IS NULL OR (d.dead_at, d.id COLLATE "C") < ($1, $2))
      ORDER BY d.dead_at DESC, d.id COLLATE "C" DESC LIMIT $3`,
    [after?.at ?? null, after?.id ?? '', first],
  );
}

export async function findDead(
  db: Queryable,
  from: DeadLetterTable,
  id: string,
): Promise<DeadLetterRow | undefined> {
  const [row] = await db.query<DeadLetterRow>(
    `SELECT ${columnsOf(from)} FROM ${from.table} d WHERE ${deadIn(from)} AND d.id = $1 LIMIT 1`,
    [id],
  );
  return row;
}

/** @param id undefined: all @returns how many */
export async function reviveDead(
  tx: Transaction,
  from: DeadLetterTable,
  id: string | undefined,
): Promise<number> {
  return tx.execute(
    `UPDATE ${from.table} d SET dead_at = NULL, attempts = 0, not_before = db_now(), ${from.revive}
      WHERE ${deadIn(from)} AND ($1::text IS NULL OR d.id = $1)`,
    [id ?? null],
  );
}

/** @returns false when it was not there */
export async function dismissDead(
  tx: Transaction,
  from: DeadLetterTable,
  id: string,
): Promise<boolean> {
  const count = await tx.execute(
    `UPDATE ${from.table} d SET dismissed_at = db_now() WHERE ${deadIn(from)} AND d.id = $1`,
    [id],
  );
  return count > 0;
}
