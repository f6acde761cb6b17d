import type { Queryable } from '../platform/database.js';
import type { DeadLetters } from '../platform/dead-letters.js';
import type { LeasedWork } from '../platform/leased-work.js';
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

/** Reports, as work. Why one was put off is not kept. */
export const USAGE_REPORTS = {
  table: 'usage_report',
  key: ['id'],
  dueAt: 'not_before',
  counter: 'attempts',
  open: 'w.sent_at IS NULL AND w.dead_reason IS NULL',
  columns: 'w.id, w.account_id AS "accountId", w.hour, w.nanos, w.attempts',
  finished: 'sent_at = db_now()',
  dead: 'dead_reason = :error, dead_at = db_now()',
} as const satisfies LeasedWork;

export const DEAD_USAGE_REPORTS = {
  table: 'usage_report',
  subject: `to_char(d.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"')`,
  error: 'd.dead_reason',
  accountId: 'd.account_id',
  deadAt: 'dead_at',
  dead: 'd.dead_at IS NOT NULL AND d.sent_at IS NULL',
  requeued: 'dead_at = NULL, attempts = 0, not_before = db_now(), dead_reason = NULL',
} as const satisfies DeadLetters;
