import type { Queryable, Transaction } from '../platform/database.js';
import type { PurchaseId, RefundRequestId } from '../platform/ids.js';
import type { RefundRequest } from './purchase.js';

export async function insertRefundRequest(
  tx: Transaction,
  request: {
    id: RefundRequestId;
    purchaseId: PurchaseId;
    amountMinor: bigint;
    reason: string;
    actor: string;
    idempotencyKey: string;
    createdAt: Date;
  },
): Promise<void> {
  await tx.refundRequest.create({ data: request });
}

export async function findRefundRequest(
  tx: Transaction,
  purchaseId: PurchaseId,
  idempotencyKey: string,
): Promise<(RefundRequest & { readonly createdAt: Date }) | undefined> {
  const where = { purchaseId_idempotencyKey: { purchaseId, idempotencyKey } };
  const found = await tx.refundRequest.findUnique({ where });
  return found === null ? undefined : (found as RefundRequest & typeof found);
}

/**
 * Requests that Stripe may not have got, those that wait longest first; each ever less often, at least every
 * ten minutes.
 */
export async function listUnknownRefunds(
  db: Queryable,
  query: { provider: string; unknownS: number; atMost: number },
): Promise<
  { id: RefundRequestId; purchaseId: PurchaseId; amountMinor: bigint; createdAt: Date }[]
> {
  const rows = await db.query<{
    id: RefundRequestId;
    purchaseId: PurchaseId;
    amountMinor: bigint;
    createdAt: Date;
  }>(
    `SELECT r.id, r.purchase_id AS "purchaseId", r.amount_minor AS "amountMinor", r.created_at AS "createdAt"
       FROM refund_request r JOIN purchase p ON p.id = r.purchase_id
      WHERE r.state = 'PENDING' AND r.refund_id IS NULL AND p.provider = $1
        AND greatest(r.created_at, p.checked_at + least(p.checked_at - r.created_at, interval '10 minutes'))
            < db_now() - make_interval(secs => $2)
      ORDER BY r.created_at LIMIT $3`,
    [query.provider, query.unknownS, query.atMost],
  );
  return rows;
}

/** Whether nothing is known of it still. */
export async function isUnknown(db: Queryable, id: RefundRequestId): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM refund_request WHERE id = $1 AND state = 'PENDING' AND refund_id IS NULL`,
    [id],
  );
  return rows.length > 0;
}

/** Writes down what became of requests, as `afterRefunds` has it. */
export async function updateRefundRequests(
  tx: Transaction,
  purchaseId: PurchaseId,
  requests: readonly RefundRequest[],
): Promise<void> {
  for (const { id, state, refundId } of requests) {
    await tx.refundRequest.updateMany({ where: { id, purchaseId }, data: { state, refundId } });
  }
}

export async function failRefundRequest(
  tx: Transaction,
  id: RefundRequestId,
  failure: string,
): Promise<void> {
  await tx.refundRequest.updateMany({
    where: { id, state: 'PENDING' },
    data: { state: 'FAILED', failure },
  });
}
