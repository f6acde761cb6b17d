import type { Queryable } from '../platform/database.js';
import type { KeyId } from '../platform/ids.js';
import type { CapPeriod } from './api-key.js';
import type { KeyCap } from './key-cap.js';

interface Row {
  readonly id: KeyId;
  readonly nanos: string;
  readonly period: CapPeriod;
  readonly spent: string;
  readonly held: string;
  readonly resetsAt: Date | null;
}

/** Caps of those keys that have one. One statement, no lock; keys of any account. */
export async function findCaps(db: Queryable, ids: readonly KeyId[]): Promise<Map<KeyId, KeyCap>> {
  const rows = await db.query<Row>(
    `SELECT k.id, k.spend_cap_nanos AS nanos, k.cap_period::text AS period,
            coalesce(s.spent, 0) AS spent, coalesce(s.held, 0) AS held,
            CASE k.cap_period
              WHEN 'DAY' THEN w.start + interval '24 hours'
              WHEN 'MONTH' THEN (w.start AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC'
            END AS "resetsAt"
       FROM api_key k
      CROSS JOIN LATERAL (SELECT cap_window_start(k.cap_period, ledger_now()) AS start) w
       LEFT JOIN key_spend s ON s.lineage_id = k.lineage_id AND s.cap_window = w.start
      WHERE k.id = ANY ($1::text[]) AND k.spend_cap_nanos IS NOT NULL`,
    [ids],
  );
  return new Map(
    rows.map(({ id, period, resetsAt, ...row }) => {
      const [nanos, spentNanos, heldNanos] = [
        BigInt(row.nanos),
        BigInt(row.spent),
        BigInt(row.held),
      ];
      const left = nanos - spentNanos - heldNanos;
      const remainingNanos = left > 0n ? left : 0n;
      return [id, { nanos, period, spentNanos, heldNanos, remainingNanos, resetsAt }];
    }),
  );
}
