import type { Queryable } from '../platform/database.js';
import type { AccountId, KeyId } from '../platform/ids.js';
import type { KeySpending } from './key-spending.js';

interface Row {
  readonly keyId: KeyId;
  readonly total: string;
  readonly day: string;
  readonly week: string;
  readonly month: string;
  readonly capLeft: string | null;
}

/**
 * What some keys of an account have spent. One statement, no lock; `run_key_spending_idx` has all that is
 * added up. A call counts for the period in which it began, as it does for a cap.
 */
export async function listSpending(
  db: Queryable,
  accountId: AccountId,
  keyIds: readonly KeyId[],
): Promise<KeySpending[]> {
  const rows = await db.query<Row>(
    `WITH clock AS MATERIALIZED (
       SELECT now, date_trunc('day', now, 'UTC') AS day, date_trunc('week', now, 'UTC') AS week,
              date_trunc('month', now, 'UTC') AS month FROM ledger_now() AS now)
     SELECT k.id AS "keyId", used.*,
            CASE WHEN k.spend_cap_nanos IS NOT NULL THEN greatest(0, k.spend_cap_nanos - coalesce(
              (SELECT s.spent + s.held FROM key_spend s
                WHERE s.lineage_id = k.lineage_id AND s.cap_window = cap_window_start(k.cap_period, clock.now)), 0)) END AS "capLeft"
       FROM clock JOIN api_key k ON k.account_id = $1 AND k.id = ANY ($2::text[])
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(r.charged), 0) AS total,
               coalesce(sum(r.charged) FILTER (WHERE r.started_at >= clock.day), 0) AS day,
               coalesce(sum(r.charged) FILTER (WHERE r.started_at >= clock.week), 0) AS week,
               coalesce(sum(r.charged) FILTER (WHERE r.started_at >= clock.month), 0) AS month
          FROM run r WHERE r.key_id = k.id AND r.charged > 0) used`,
    [accountId, keyIds],
  );
  return rows.map(({ keyId, total, day, week, month, capLeft }) => ({
    keyId,
    totalNanos: BigInt(total),
    dayNanos: BigInt(day),
    weekNanos: BigInt(week),
    monthNanos: BigInt(month),
    capLeftNanos: capLeft === null ? null : BigInt(capLeft),
  }));
}
