import { AppError } from '../errors.js';
import type { CreditsService } from '../credits/index.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import { checkPromoCode, normalise, type PromoCode } from './promo-code.js';
import * as store from './promos.store.js';

const DAY_MS = 86_400_000;

/** Codes that give credit. */
export class PromosService {
  constructor(
    private readonly db: Pick<Database, 'prisma'>,
    private readonly credits: Pick<CreditsService, 'postWithin'>,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError BAD_USER_INPUT, CONFLICT when the code exists */
  async create(promo: PromoCode, actor: string): Promise<PromoCode> {
    const made = { ...promo, code: normalise(promo.code) };
    checkPromoCode(made, this.clock.now());
    if (await store.insertPromoCode(this.db.prisma, made, actor)) return made;
    throw new AppError('CONFLICT', `There is a code ${made.code} already.`);
  }

  /**
   * Gives the code's credit to an account, once.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND (unknown or over: one answer), CONFLICT (used by this account)
   */
  async redeem(accountId: AccountId, text: string, actor: string): Promise<PromoCode> {
    const code = normalise(text);
    const now = this.clock.now();
    return this.db.prisma.$transaction(async (tx) => {
      const found = await store.lockPromoCode(tx, code);
      if (found !== undefined && (await store.hasRedeemed(tx, code, accountId))) {
        throw new AppError('CONFLICT', 'This account has used the code already.');
      }
      const isOver = found?.promo.expiresAt != null && found.promo.expiresAt <= now;
      if (found === undefined || isOver || found.redemptions >= found.promo.redemptionsMax) {
        throw new AppError('NOT_FOUND', 'There is no such code, or it is over.', {
          details: { argument: 'code' },
        });
      }
      const { promo } = found;
      await store.insertRedemption(tx, { code, accountId, actor });
      await this.credits.postWithin(tx, {
        id: `promo:${code}:${accountId}`,
        accountId,
        kind: 'GRANT',
        nanos: promo.nanos,
        source: 'GRANT',
        actor,
        reason: `Code ${code}`,
        ...(promo.creditDays === null
          ? {}
          : { expiresAt: new Date(now.getTime() + promo.creditDays * DAY_MS) }),
      });
      return promo;
    });
  }
}
