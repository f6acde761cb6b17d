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

/** A part of an account's lots; all by default. */
export interface LotPage {
  readonly first?: number;
  /** Id of a lot. */
  readonly after?: string | undefined;
}

/** Lots with credit left that has not expired, in the order in which they are spent. */
export async function listLots(
  db: Queryable,
  accountId: AccountId,
  { first, after }: LotPage,
): Promise<CreditLot[]> {
  const place = `(l.priority, coalesce(l.expires_at, 'infinity'), l.created_at, l.id)`;
  const rows = await db.query<LotRow>(
    `SELECT l.* FROM credit_lot l
      WHERE l.account_id = $1 AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > ledger_now())
        AND ($2::text IS NULL OR ${place} > (
          SELECT a.priority, coalesce(a.expires_at, 'infinity'), a.created_at, a.id FROM credit_lot a
           WHERE a.id = $2 AND a.account_id = $1))
      ORDER BY l.priority, coalesce(l.expires_at, 'infinity'), l.created_at, l.id LIMIT $3`,
    [accountId, after ?? null, first ?? null],
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
