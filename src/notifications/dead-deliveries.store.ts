import type { Queryable, Transaction } from '../platform/database.js';
import type { TimePlace } from '../platform/time-cursor.js';

/** A delivery that was given up, as operators see it. */
export interface DeadDelivery {
  readonly id: string;
  readonly subject: string;
  readonly error: string | null;
  readonly attempts: number;
  /** To the millisecond. */
  readonly deadAt: Date;
  readonly accountId: string | null;
}

const DEAD = `SELECT d.id, n.type || ' to ' || coalesce(d.endpoint_id, 'an address') AS subject, d.error, d.attempts,
       d.ended_at AS "deadAt", n.account_id AS "accountId"
  FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
 WHERE d.state = 'DEAD' AND d.dismissed_at IS NULL`;

/** The latest first, by keyset; bytes decide between ids, as in the program. */
export async function listDead(
  db: Queryable,
  { first, after }: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<DeadDelivery[]> {
  return db.query<DeadDelivery>(
    `${DEAD} AND ($1::timestamptz IS NULL OR (d.ended_at, d.id COLLATE "C") < ($1, $2))
      ORDER BY d.ended_at DESC, d.id COLLATE "C" DESC LIMIT $3`,
    [after?.at ?? null, after?.id ?? '', first],
  );
}

export async function findDead(db: Queryable, id: string): Promise<DeadDelivery | undefined> {
  return (await db.query<DeadDelivery>(`${DEAD} AND d.id = $1`, [id]))[0];
}

/** @param id undefined: all @returns how many */
export async function reviveDead(tx: Transaction, id: string | undefined): Promise<number> {
  return tx.execute(
    `
    UPDATE notification_delivery SET state = 'WAITING', attempts = 0, ended_at = NULL, next_attempt_at = db_now()
     WHERE state = 'DEAD' AND dismissed_at IS NULL AND ($1::text IS NULL OR id = $2)`,
    [id ?? null, id ?? null],
  );
}

/** @returns false when it was not there */
export async function dismissDead(tx: Transaction, id: string): Promise<boolean> {
  const count = await tx.execute(
    `
    UPDATE notification_delivery SET dismissed_at = db_now()
     WHERE state = 'DEAD' AND dismissed_at IS NULL AND id = $1`,
    [id],
  );
  return count > 0;
}
