import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { ManagedPromoCode, PromoCode } from './promo-code.js';

/** @returns false when there is one */
export async function insertPromoCode(
  db: Transaction,
  promo: PromoCode,
  createdBy: string,
): Promise<boolean> {
  const { count } = await db.promoCode.createMany({
    data: [{ ...promo, createdBy }],
    skipDuplicates: true,
  });
  return count === 1;
}

/** Locks it: whoever redeems waits here, so that the limit holds. */
export async function lockPromoCode(
  tx: Transaction,
  code: string,
): Promise<
  { promo: PromoCode & { readonly disabledAt: Date | null }; redemptions: number } | undefined
> {
  await tx.query('SELECT FROM promo_code WHERE code = $1 FOR UPDATE', [code]);
  const promo = await tx.promoCode.findUnique({ where: { code } });
  if (promo === null) return undefined;
  return { promo, redemptions: await tx.promoRedemption.count({ where: { code } }) };
}

export async function hasRedeemed(
  tx: Transaction,
  code: string,
  accountId: AccountId,
): Promise<boolean> {
  const where = { code_accountId: { code, accountId } };
  return (await tx.promoRedemption.findUnique({ where })) !== null;
}

/** With another account. */
export async function hasPersonRedeemed(
  tx: Transaction,
  code: string,
  mailbox: string,
): Promise<boolean> {
  const where = { code_mailbox: { code, mailbox } };
  return (await tx.promoRedemption.findUnique({ where })) !== null;
}

/** Once for each account and each person: two unique indexes see to it. */
export async function insertRedemption(
  tx: Transaction,
  redemption: { code: string; accountId: AccountId; mailbox: string; actor: string },
): Promise<void> {
  await tx.promoRedemption.create({ data: redemption });
}

export async function disablePromoCode(tx: Transaction, code: string): Promise<void> {
  await tx.execute('UPDATE promo_code SET disabled_at = db_now() WHERE code = $1', [code]);
}

type Row = Omit<ManagedPromoCode, 'redemptions'> & {
  redemptions: { accountId: AccountId; redeemedAt: string }[];
};

const MANAGED = `SELECT p.code, p.nanos, p.credit_days AS "creditDays", p.redemptions_max AS "redemptionsMax",
    p.expires_at AS "expiresAt", p.created_by AS "createdBy", p.created_at AS "createdAt",
    p.disabled_at AS "disabledAt",
    (SELECT count(*)::int FROM promo_redemption r WHERE r.code = p.code) AS "redemptionCount",
    (SELECT coalesce(jsonb_agg(x), '[]') FROM (
       SELECT r.account_id AS "accountId", r.created_at AS "redeemedAt" FROM promo_redemption r
        WHERE r.code = p.code ORDER BY r.created_at DESC, r.account_id LIMIT 10) x) AS redemptions
  FROM promo_code p`;

function toPromo(row: Row): ManagedPromoCode {
  const redemptions = row.redemptions.map(({ accountId, redeemedAt }) => ({
    accountId,
    redeemedAt: new Date(redeemedAt),
  }));
  return { ...row, redemptions };
}

/** Newest first, by keyset. @param page `after`: a code */
export async function listPromoCodes(
  db: Queryable,
  { first, after }: { readonly first: number; readonly after: string | undefined },
): Promise<ManagedPromoCode[]> {
  const rows = await db.query<Row>(
    `${MANAGED} WHERE $1::text IS NULL
        OR (p.created_at, p.code) < (SELECT a.created_at, a.code FROM promo_code a WHERE a.code = $1)
      ORDER BY p.created_at DESC, p.code DESC LIMIT $2`,
    [after ?? null, first],
  );
  return rows.map(toPromo);
}

export async function findPromoCode(
  db: Queryable,
  code: string,
): Promise<ManagedPromoCode | undefined> {
  const [row] = await db.query<Row>(`${MANAGED} WHERE p.code = $1`, [code]);
  return row && toPromo(row);
}
