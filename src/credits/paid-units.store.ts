import type { Queryable } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';

export interface PaidUnit {
  readonly key: string;
  readonly runId: RunId;
  /** Until it expires, by the database's clock. */
  readonly leftMs: number;
}

/** Of some units, those that the account has paid for. One look at the primary key for each; no lock. */
export async function findPaidUnits(
  db: Queryable,
  accountId: AccountId,
  keys: readonly string[],
): Promise<PaidUnit[]> {
  return db.query<PaidUnit>(
    `SELECT encode(p.unit, 'hex') AS key, p.run_id AS "runId",
            extract(epoch FROM p.expires_at - c.now)::float8 * 1000 AS "leftMs"
       FROM (SELECT ledger_now() AS now) c, unnest($2::text[]) AS k(key)
       JOIN paid_unit p ON p.account_id = $1 AND p.unit = decode(k.key, 'hex')
      WHERE p.expires_at > c.now`,
    [accountId, keys],
  );
}

/** Skips rows that a capture is writing. Safe on several servers at once. @returns how many were deleted */
export async function deleteExpired(db: Queryable, atMost: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM paid_unit WHERE (account_id, unit) IN (
       SELECT account_id, unit FROM paid_unit WHERE expires_at <= (SELECT ledger_now())
        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING 1`,
    [atMost],
  );
  return rows.length;
}

/**
 * Deletes the oldest units of accounts that have more than `perAccount`. Looks at accounts that have paid within
 * `lately` before the newest payment: others have not grown. Skips rows that a capture is writing.
 * @returns how many were deleted
 */
export async function deleteBeyond(
  db: Queryable,
  { perAccount, latelyMs, atMost }: { perAccount: number; latelyMs: number; atMost: number },
): Promise<number> {
  const rows = await db.query(
    `WITH lately AS (
       SELECT DISTINCT account_id FROM paid_unit
        WHERE expires_at > (SELECT max(expires_at) FROM paid_unit) - $2 * interval '1 ms'
     ), edge AS (
       SELECT l.account_id, e.expires_at, e.unit FROM lately l CROSS JOIN LATERAL (
         SELECT p.expires_at, p.unit FROM paid_unit p WHERE p.account_id = l.account_id
          ORDER BY p.expires_at DESC, p.unit DESC OFFSET $1 LIMIT 1) e
     )
     DELETE FROM paid_unit WHERE (account_id, unit) IN (
       SELECT p.account_id, p.unit FROM paid_unit p JOIN edge e ON e.account_id = p.account_id
        WHERE (p.expires_at, p.unit) <= (e.expires_at, e.unit) LIMIT $3 FOR UPDATE OF p SKIP LOCKED)
     RETURNING 1`,
    [perAccount, latelyMs, atMost],
  );
  return rows.length;
}
