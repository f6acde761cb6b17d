import type { Queryable, Tables, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { Purchase } from './purchase.js';
import { findPurchase } from './purchases.store.js';
import type { TopUpPolicy } from './top-up.js';

export async function findPolicy(
  db: Tables,
  accountId: AccountId,
): Promise<TopUpPolicy | undefined> {
  const found = await db.topUpPolicy.findUnique({ where: { accountId } });
  return found === null ? undefined : { ...found, accountId };
}

/** Locks it: an attempt and a change of the setting wait for each other. */
export async function lockPolicy(
  tx: Transaction,
  accountId: AccountId,
): Promise<TopUpPolicy | undefined> {
  await tx.query('SELECT FROM top_up_policy WHERE account_id = $1 FOR UPDATE', [accountId]);
  return findPolicy(tx, accountId);
}

export async function savePolicy(
  tx: Transaction,
  policy: TopUpPolicy & { readonly consentedBy: string },
): Promise<void> {
  const data = { ...policy, updatedAt: policy.consentedAt };
  await tx.topUpPolicy.upsert({
    where: { accountId: policy.accountId },
    create: data,
    update: data,
  });
}

/** Never switches one on. */
export async function changePolicy(
  tx: Tables,
  accountId: AccountId,
  change: Partial<Pick<TopUpPolicy, 'failures' | 'nextAttemptAt' | 'offReason'>> & {
    readonly enabled?: false;
  },
): Promise<void> {
  await tx.topUpPolicy.updateMany({ where: { accountId }, data: change });
}

/** After an attempt that went through. */
export async function coolOff(db: Queryable, accountId: AccountId, seconds: number): Promise<void> {
  await db.query(
    `UPDATE top_up_policy SET failures = 0, next_attempt_at = db_now() + make_interval(secs => $2) WHERE account_id = $1`,
    [accountId, seconds],
  );
}

/** Accounts whose credit is below their threshold, and that have a card and no attempt open. */
export async function listDue(
  db: Queryable,
  query: { provider: string; atMost: number },
): Promise<AccountId[]> {
  const rows = await db.query<{ id: AccountId }>(
    `SELECT p.account_id AS id FROM top_up_policy p
       JOIN payment_customer c ON c.account_id = p.account_id AND c.provider = $1
       JOIN account a ON a.id = p.account_id
      WHERE p.enabled AND p.next_attempt_at <= db_now() AND c.payment_method_id IS NOT NULL AND a.status = 'ACTIVE'
        AND p.threshold_nanos > (SELECT b.posted - b.held FROM account_balance b WHERE b.account_id = p.account_id)
        AND NOT EXISTS (SELECT FROM purchase q WHERE q.account_id = p.account_id AND q.kind = 'TOP_UP'
                           AND q.state IN ('PENDING', 'WAITING'))
      ORDER BY p.next_attempt_at LIMIT $2`,
    [query.provider, query.atMost],
  );
  return rows.map(({ id }) => id);
}

/** Neither frozen nor closed. */
export async function isOpen(db: Queryable, accountId: AccountId): Promise<boolean> {
  const rows = await db.query(`SELECT id FROM account WHERE id = $1 AND status = 'ACTIVE'`, [
    accountId,
  ]);
  return rows.length === 1;
}

/** The page of a top-up that was declined, while it may be paid. */
export async function findOpenPage(
  db: Queryable,
  accountId: AccountId,
): Promise<Purchase | undefined> {
  const [row] = await db.query<{ id: string }>(
    `SELECT id FROM purchase WHERE account_id = $1 AND for_top_up AND state IN ('PENDING', 'WAITING')`,
    [accountId],
  );
  return row && findPurchase(db, row.id);
}

/** Whether the account's credit is below its threshold. */
export async function isBelow(tx: Transaction, accountId: AccountId): Promise<boolean> {
  const rows = await tx.query(
    `
    SELECT FROM top_up_policy p JOIN account_balance b ON b.account_id = p.account_id
     WHERE p.account_id = $1 AND p.threshold_nanos > b.posted - b.held`,
    [accountId],
  );
  return rows.length === 1;
}

/**
 * What the account's attempts of a time have cost, or may still cost, in minor units: by its card, and on the pages that
 * declined attempts have opened.
 */
export async function sumTopUps(
  tx: Tables,
  accountId: AccountId,
  { start, end }: { readonly start: Date; readonly end: Date },
): Promise<bigint> {
  const sum = await tx.purchase.aggregate({
    where: {
      accountId,
      OR: [{ kind: 'TOP_UP' }, { forTopUp: true }],
      state: { in: ['PENDING', 'WAITING', 'PAID', 'REVIEW'] },
      createdAt: { gte: start, lt: end },
    },
    _sum: { amountMinor: true },
  });
  return sum._sum.amountMinor ?? 0n;
}

/** The account's newest attempt. */
export async function findLastTopUp(
  tx: Transaction,
  accountId: AccountId,
): Promise<Pick<Purchase, 'state'> | undefined> {
  const where = { accountId, kind: 'TOP_UP' as const };
  const found = await tx.purchase.findFirst({
    where,
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
  return found ?? undefined;
}

/**
 * Attempts whose outcome is not known: the process that made them may be dead. Each is asked about half a
 * minute after it began, and then ever less often, at least every ten minutes.
 */
export async function listUnknown(
  db: Queryable,
  query: { provider: string; unknownS: number; atMost: number },
): Promise<Purchase['id'][]> {
  const rows = await db.query<{ id: Purchase['id'] }>(
    `SELECT id FROM purchase
      WHERE kind = 'TOP_UP' AND state = 'PENDING' AND payment_intent_id IS NULL AND provider = $1
        AND coalesce(checked_at + least(checked_at - created_at, interval '10 minutes'), created_at)
            < db_now() - make_interval(secs => $2)
      ORDER BY created_at LIMIT $3`,
    [query.provider, query.unknownS, query.atMost],
  );
  return rows.map(({ id }) => id);
}
