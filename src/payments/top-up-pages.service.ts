import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import { readNow } from '../platform/now.store.js';
import { formatAmount } from './currency.js';
import type { PaymentsService } from './payments.service.js';
import type { Purchase } from './purchase.js';
import { monthOf } from './top-up.js';
import * as store from './top-ups.store.js';

/**
 * Pages on which owners pay what their card was declined for. Of an account one page or one attempt is open at a time
 * (a unique index sees to it), and both count against the monthly cap.
 */
export class TopUpPages {
  constructor(
    private readonly db: Database,
    private readonly payments: Pick<PaymentsService, 'buy' | 'endPage'>,
  ) {}

  /**
   * Closes the account's page, so that a card may be charged.
   * @returns false when somebody is paying there, or has just paid
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async close(accountId: AccountId): Promise<boolean> {
    const page = await store.findOpenPage(this.db, accountId);
    if (page === undefined) return true;
    const { state } = await this.payments.endPage(page);
    return state === 'EXPIRED' || state === 'FAILED';
  }

  /** A page for an attempt that was declined, instead of an earlier one; undefined when none can be opened. */
  async open({ id, accountId, amountMinor, currency }: Purchase): Promise<Purchase | undefined> {
    try {
      if (!(await this.close(accountId))) return undefined;
      const { prisma } = this.db;
      const policy = await store.findPolicy(prisma, accountId);
      const month = monthOf(await readNow(this.db));
      const spentMinor = await store.sumTopUps(prisma, accountId, month);
      if (policy === undefined || spentMinor + amountMinor > policy.monthlyCapMinor) {
        return undefined;
      }
      return await this.payments.buy({
        accountId,
        actor: 'system',
        amount: formatAmount(amountMinor, currency),
        currency,
        saveCard: true,
        forTopUp: true,
        idempotencyKey: `top-up:${id}`,
      });
    } catch (error) {
      // Its owner hears of the decline all the same.
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }
}
