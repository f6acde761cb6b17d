import type { Queryable } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';

export interface UsageReport {
  readonly id: string;
  readonly accountId: AccountId;
  readonly hour: Date;
  readonly nanos: bigint;
  /** Tries so far, this one included. */
  readonly attempts: number;
}

/**
 * Sums messages of hours that are over into reports, each message into one: one statement, so that a death
 * at any point leaves all or nothing. Skips what another server has in hand. What comes late is another part
 * of its hour.
 * @returns how many messages it summed
 */
export async function sumUp(db: Queryable, atMost: number): Promise<number> {
  const rows = await db.query(
    `WITH taken AS (
       SELECT id, account_id, date_trunc('hour', created_at, 'UTC') AS hour, (payload ->> 'nanos')::bigint AS nanos
         FROM outbox_message
        WHERE kind = 'usage' AND sent_at IS NULL AND dead_reason IS NULL
          AND created_at < date_trunc('hour', ledger_now(), 'UTC')
          -- One server at a time, or two would make the same part of an hour.
          AND (SELECT pg_try_advisory_xact_lock(4709))
        ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
     ), sums AS (
       SELECT account_id, hour, sum(nanos) AS nanos FROM taken GROUP BY 1, 2
     ), parts AS (
       SELECT s.*, (SELECT count(*) FROM usage_report r WHERE r.account_id = s.account_id AND r.hour = s.hour) AS part
         FROM sums s
     ), reports AS (
       INSERT INTO usage_report (id, account_id, hour, part, nanos, not_before)
       SELECT format('usage:%s:%s:%s', account_id, to_char(hour AT TIME ZONE 'UTC', 'YYYYMMDDHH24'), part),
              account_id, hour, part, nanos, hour + interval '1 hour' FROM parts
       RETURNING id, account_id, hour
     )
     UPDATE outbox_message m SET sent_at = ledger_now(), report_id = r.id
       FROM taken t JOIN reports r ON r.account_id = t.account_id AND r.hour = t.hour
      WHERE m.id = t.id RETURNING m.id`,
    [atMost],
  );
  return rows.length;
}

/** Takes reports that are due, and puts each off, so that it comes again if this process dies. */
export async function claimReports(
  db: Queryable,
  atMost: number,
  leaseS: number,
): Promise<UsageReport[]> {
  return db.query<UsageReport>(
    `UPDATE usage_report r SET attempts = r.attempts + 1, not_before = db_now() + make_interval(secs => $2)
       FROM (SELECT id FROM usage_report
              WHERE sent_at IS NULL AND dead_reason IS NULL AND not_before <= db_now()
              ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED) due
      WHERE r.id = due.id
     RETURNING r.id, r.account_id AS "accountId", r.hour, r.nanos, r.attempts`,
    [atMost, leaseS],
  );
}

export async function markSent(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE usage_report SET sent_at = db_now() WHERE id = $1', [id]);
}

export async function markDead(db: Queryable, id: string, reason: string): Promise<void> {
  await db.query('UPDATE usage_report SET dead_reason = $2, dead_at = db_now() WHERE id = $1', [
    id,
    reason.slice(0, 1_000),
  ]);
}

export async function putOff(db: Queryable, id: string, seconds: number): Promise<void> {
  await db.query(
    'UPDATE usage_report SET not_before = db_now() + make_interval(secs => $2) WHERE id = $1',
    [id, seconds],
  );
}

/** How many wait, and how many were given up. */
export async function countReports(db: Queryable): Promise<{ waiting: number; dead: number }> {
  const [row] = await db.query<{ waiting: number; dead: number }>(
    `SELECT (count(*) FILTER (WHERE dead_reason IS NULL))::int AS waiting,
            (count(*) FILTER (WHERE dead_reason IS NOT NULL))::int AS dead
       FROM usage_report WHERE sent_at IS NULL AND dismissed_at IS NULL`,
    [],
  );
  return row ?? { waiting: 0, dead: 0 };
}
