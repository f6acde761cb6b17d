import type { Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { PromoCode } from './promo-code.js';

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
): Promise<{ promo: PromoCode; redemptions: number } | undefined> {
  await tx.$queryRaw`SELECT FROM promo_code WHERE code = ${code} FOR UPDATE`;
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

export async function insertRedemption(
  tx: Transaction,
  redemption: { code: string; accountId: AccountId; actor: string },
): Promise<void> {
  await tx.promoRedemption.create({ data: redemption });
}
