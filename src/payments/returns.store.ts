import type { Queryable } from '../platform/database.js';
import type { PurchaseId } from '../platform/ids.js';
import type { Purchase } from './purchase.js';
import { findPurchase } from './purchases.store.js';

interface Query {
  readonly provider: string;
  readonly atMost: number;
}

/** Pages that are open although their account is closed or frozen, oldest first. */
export async function listPages(db: Queryable, { provider, atMost }: Query): Promise<Purchase[]> {
  const rows = await db.query<{ id: PurchaseId }>(
    `SELECT p.id FROM purchase p JOIN account a ON a.id = p.account_id
      WHERE a.status <> 'ACTIVE' AND p.kind = 'CHECKOUT' AND p.state = 'PENDING' AND p.provider = $1
      ORDER BY p.created_at, p.id LIMIT $2`,
    [provider, atMost],
  );
  const pages: Purchase[] = [];
  for (const { id } of rows) {
    const page = await findPurchase(db, id);
    if (page !== undefined) pages.push(page);
  }
  return pages;
}

/**
 * Purchases that were paid after their account had been closed or frozen, with credit left, of which nobody has asked
 * for a refund. What has paid a debt stays.
 */
export async function listPaid(
  db: Queryable,
  { provider, atMost }: Query,
): Promise<{ readonly id: PurchaseId; readonly status: 'CLOSED' | 'FROZEN' }[]> {
  return db.query<{ id: PurchaseId; status: 'CLOSED' | 'FROZEN' }>(
    `SELECT p.id, a.status FROM purchase p
       JOIN account a ON a.id = p.account_id
       JOIN credit_lot l ON l.id = p.id AND l.remaining > 0
      WHERE a.status <> 'ACTIVE' AND p.state = 'PAID' AND p.provider = $1
        AND p.ended_at >= coalesce(a.closed_at, a.frozen_at)
        AND NOT EXISTS (SELECT FROM refund_request r WHERE r.purchase_id = p.id)
      ORDER BY p.ended_at, p.id LIMIT $2`,
    [provider, atMost],
  );
}
