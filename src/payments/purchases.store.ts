import type { Queryable, Tables, Transaction } from '../platform/database.js';
import type { AccountId, PurchaseId, RefundRequestId } from '../platform/ids.js';
import type { MoneyOf, Movement, Purchase, PurchasePage } from './purchase.js';

const COLUMNS = `id, account_id AS "accountId", kind, state, pack_id AS "packId", credit_nanos AS "creditNanos",
  bonus_nanos AS "bonusNanos", amount_minor AS "amountMinor", currency, save_card AS "saveCard",
  for_top_up AS "forTopUp",
  session_id AS "sessionId", payment_intent_id AS "paymentIntentId", checkout_url AS "checkoutUrl",
  receipt_url AS "receiptUrl", clawed_back_nanos AS "clawedBackNanos", reversals, failure, created_at AS "createdAt",
  expires_at AS "expiresAt", ended_at AS "endedAt"`;

export type NewPurchase = Pick<
  Purchase,
  | 'id'
  | 'accountId'
  | 'packId'
  | 'creditNanos'
  | 'bonusNanos'
  | 'amountMinor'
  | 'currency'
  | 'saveCard'
  | 'forTopUp'
  | 'kind'
  | 'expiresAt'
> & {
  readonly provider: string;
  readonly actor: string;
  readonly idempotencyKey: string | null;
  readonly requestHash: Uint8Array<ArrayBuffer> | null;
};

/**
 * One row for each idempotency key of an account, and one open top-up, its page included: of two that race, one stays.
 */
export async function insertPurchase(db: Transaction, purchase: NewPurchase): Promise<void> {
  await db.purchase.createMany({ data: [purchase], skipDuplicates: true });
}

/**
 * Locks an account against being closed or frozen until the transaction ends.
 * @returns false when it is one of the two
 */
export async function lockActive(tx: Transaction, accountId: AccountId): Promise<boolean> {
  const rows = await tx.query(
    `
    SELECT id FROM account WHERE id = $1 AND status = 'ACTIVE' FOR SHARE`,
    [accountId],
  );
  return rows.length === 1;
}

/** By its idempotency key. */
export async function findByKey(
  db: Queryable,
  accountId: AccountId,
  idempotencyKey: string,
): Promise<{ purchase: Purchase; requestHash: Buffer } | undefined> {
  const [row] = await db.query<Purchase & { requestHash: Buffer }>(
    `SELECT ${COLUMNS}, request_hash AS "requestHash" FROM purchase
      WHERE account_id = $1 AND idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  if (row === undefined) return undefined;
  const { requestHash, ...rest } = row;
  return { purchase: rest, requestHash };
}

export async function findPurchase(db: Queryable, id: string): Promise<Purchase | undefined> {
  const [row] = await db.query<Purchase>(`SELECT ${COLUMNS} FROM purchase WHERE id = $1`, [id]);
  return row;
}

/** Of an account; those that there are, in no order. */
export function findPurchases(
  db: Queryable,
  accountId: AccountId,
  ids: readonly string[],
): Promise<Purchase[]> {
  return db.query<Purchase>(
    `SELECT ${COLUMNS} FROM purchase WHERE account_id = $1 AND id = ANY ($2::text[])`,
    [accountId, ids],
  );
}

/** By the checkout page, or by the payment. */
export async function findPurchaseAtStripe(
  db: Queryable,
  ids: { readonly sessionId?: string; readonly paymentIntentId?: string },
): Promise<Purchase | undefined> {
  const [row] = await db.query<Purchase>(
    `SELECT ${COLUMNS} FROM purchase WHERE session_id = $1 OR payment_intent_id = $2`,
    [ids.sessionId ?? null, ids.paymentIntentId ?? null],
  );
  return row;
}

/** Of an account, newest first. @param after the id that the page follows */
export async function listPurchases(
  db: Queryable,
  accountId: AccountId,
  { first, after, filter: { states, kinds, from, to } = {} }: PurchasePage,
): Promise<Purchase[]> {
  const values: unknown[] = [accountId, first];
  const where = (value: unknown, condition: (place: string) => string) =>
    value === undefined ? [] : [condition(`$${String(values.push(value))}`)];
  const conditions = [
    'account_id = $1',
    ...where(after, (id) => `id < ${id}`),
    ...where(states, (list) => `state = ANY (${list}::"PurchaseState"[])`),
    ...where(kinds, (list) => `kind = ANY (${list}::"PurchaseKind"[])`),
    ...where(from, (at) => `created_at >= ${at}`),
    ...where(to, (at) => `created_at < ${at}`),
  ];
  return db.query<Purchase>(
    `SELECT ${COLUMNS} FROM purchase WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT $2`,
    values,
  );
}

/** Purchases of an account whose checkout page may be open, oldest first. */
export async function listOpenPages(db: Queryable, accountId: AccountId): Promise<Purchase[]> {
  return db.query<Purchase>(
    `SELECT ${COLUMNS} FROM purchase
      WHERE account_id = $1 AND kind = 'CHECKOUT' AND state = 'PENDING' ORDER BY created_at, id`,
    [accountId],
  );
}

/** Open ones that Stripe was not asked about for some time, those that wait longest first. */
export async function listOpen(
  db: Queryable,
  query: { provider: string; unheardS: number; atMost: number },
): Promise<PurchaseId[]> {
  const rows = await db.query<{ id: PurchaseId }>(
    `SELECT id FROM purchase
      WHERE state IN ('PENDING', 'WAITING') AND provider = $1 AND coalesce(checked_at, created_at) < db_now() - make_interval(secs => $2)
      ORDER BY checked_at NULLS FIRST LIMIT $3`,
    [query.provider, query.unheardS, query.atMost],
  );
  return rows.map(({ id }) => id);
}

/** @returns false when the purchase has ended meanwhile */
export async function setCheckout(
  db: Queryable,
  id: PurchaseId,
  { sessionId, url }: { sessionId: string; url: string },
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE purchase SET session_id = $2, checkout_url = $3 WHERE id = $1 AND state = 'PENDING' RETURNING id`,
    [id, sessionId, url],
  );
  return rows.length === 1;
}

/** Ends a purchase whose page was not made, or not written down; one that has a page stays as it is. */
export async function expireWithoutPage(db: Queryable, id: PurchaseId): Promise<void> {
  await db.query(
    `UPDATE purchase SET state = 'EXPIRED', ended_at = db_now()
      WHERE id = $1 AND state = 'PENDING' AND session_id IS NULL`,
    [id],
  );
}

/** Writes down the page of a purchase that has none yet. */
export async function adoptSession(
  db: Queryable,
  id: PurchaseId,
  sessionId: string,
): Promise<void> {
  await db.query('UPDATE purchase SET session_id = $2 WHERE id = $1 AND session_id IS NULL', [
    id,
    sessionId,
  ]);
}

/** Writes down by what a purchase is paid, once. */
export async function setPaymentIntent(
  db: Queryable,
  id: PurchaseId,
  paymentIntentId: string,
): Promise<void> {
  await db.query(
    'UPDATE purchase SET payment_intent_id = $2 WHERE id = $1 AND payment_intent_id IS NULL',
    [id, paymentIntentId],
  );
}

/** Ends a purchase that nobody can pay any more; one that has ended stays as it is. */
export async function failOpen(db: Queryable, id: PurchaseId, failure: string): Promise<void> {
  await db.query(
    `UPDATE purchase SET state = 'FAILED', failure = $2, ended_at = db_now() WHERE id = $1 AND state = 'PENDING'`,
    [id, failure],
  );
}

/** Stripe was asked about it now. */
export async function markChecked(db: Queryable, id: PurchaseId): Promise<void> {
  await db.query('UPDATE purchase SET checked_at = db_now() WHERE id = $1', [id]);
}

/** Lines of a time that we know of, with their purchases. */
export async function listMovements(
  db: Queryable,
  query: { provider: string; since: Date; until: Date },
): Promise<(Movement & { readonly purchaseId: PurchaseId })[]> {
  return db.query<Movement & { purchaseId: PurchaseId }>(
    `SELECT m.id, m.purchase_id AS "purchaseId", m.kind, m.source, m.amount_minor AS "amountMinor", m.currency,
            m.occurred_at AS "occurredAt"
       FROM payment_movement m JOIN purchase p ON p.id = m.purchase_id
      WHERE p.provider = $1 AND m.occurred_at >= $2 AND m.occurred_at < $3`,
    [query.provider, query.since, query.until],
  );
}

/** Locks the purchase: whatever changes it waits here. */
export async function lockPurchase(tx: Transaction, id: PurchaseId): Promise<MoneyOf | undefined> {
  await tx.query('SELECT FROM purchase WHERE id = $1 FOR UPDATE', [id]);
  const [money] = await listMoney(tx, [id]);
  return money;
}

/** Purchases with all that is known of their money. */
export async function listMoney(tables: Tables, ids: readonly PurchaseId[]): Promise<MoneyOf[]> {
  const found = await tables.purchase.findMany({
    where: { id: { in: [...ids] } },
    include: { movements: true, refunds: true },
  });
  return found.map(({ movements, refunds, ...purchase }) => ({
    purchase: purchase as Purchase,
    movements,
    requests: refunds.map(({ id, amountMinor, state, refundId }) => ({
      id: id as RefundRequestId,
      amountMinor,
      state,
      refundId,
    })),
  }));
}

/** Each line of Stripe's balance is written once. @returns those that were new */
export async function insertMovements(
  tx: Transaction,
  purchaseId: PurchaseId,
  movements: readonly Movement[],
): Promise<Movement[]> {
  const rows = await tx.paymentMovement.createManyAndReturn({
    data: movements.map((movement) => ({ ...movement, purchaseId })),
    skipDuplicates: true,
    select: { id: true },
  });
  const written = new Set(rows.map(({ id }) => id));
  return movements.filter(({ id }) => written.has(id));
}

export async function updatePurchase(
  tx: Transaction,
  id: PurchaseId,
  change: Partial<
    Pick<
      Purchase,
      | 'state'
      | 'paymentIntentId'
      | 'receiptUrl'
      | 'clawedBackNanos'
      | 'reversals'
      | 'failure'
      | 'endedAt'
    > & { readonly checkedAt: Date }
  >,
): Promise<void> {
  await tx.purchase.update({ where: { id }, data: change });
}
