import type { Queryable } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { CreditLot } from './movement.js';

interface LotRow {
  readonly id: string;
  readonly account_id: AccountId;
  readonly source: CreditLot['source'];
  readonly original: string;
  readonly remaining: string;
  readonly priority: number;
  readonly expires_at: Date | null;
  readonly created_at: Date;
}

/** Lots with credit left that has not expired, in the order in which they are spent. */
export async function listLots(db: Queryable, accountId: AccountId): Promise<CreditLot[]> {
  const rows = await db.query<LotRow>(
    `SELECT * FROM credit_lot
      WHERE account_id = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > ledger_now())
      ORDER BY priority, expires_at NULLS LAST, created_at, id`,
    [accountId],
  );
  return rows.map(toLot);
}

/** In no order; those that there are, spent or not. */
export async function findLots(db: Queryable, ids: readonly string[]): Promise<CreditLot[]> {
  const rows = await db.query<LotRow>('SELECT * FROM credit_lot WHERE id = ANY($1)', [ids]);
  return rows.map(toLot);
}

function toLot(row: LotRow): CreditLot {
  return {
    id: row.id,
    accountId: row.account_id,
    source: row.source,
    originalNanos: BigInt(row.original),
    remainingNanos: BigInt(row.remaining),
    priority: row.priority,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  };
}
