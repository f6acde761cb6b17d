import type { Queryable } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { PaymentsService } from './payments.service.js';
import type { RefundsService } from './refunds.service.js';
import * as store from './returns.store.js';
import type { StripeGateway } from './stripe.gateway.js';

const AT_ONCE = 20;

export interface ReturnsParts {
  readonly db: Queryable;
  readonly stripe: Pick<StripeGateway, 'provider'>;
  readonly payments: Pick<PaymentsService, 'endPage'>;
  readonly refunds: Pick<RefundsService, 'refund'>;
  readonly logger: Logger;
}

/**
 * Accounts that are closed or frozen buy nothing: pages that are still open are closed, and money that arrives all the
 * same goes back.
 */
export class ReturnsService {
  constructor(private readonly parts: ReturnsParts) {}

  /** One turn. Any number of servers may; one purchase's trouble keeps no other waiting. */
  async turn(): Promise<void> {
    const query = { provider: this.parts.stripe.provider, atMost: AT_ONCE };
    for (const page of await store.listPages(this.parts.db, query)) {
      await this.attempt(page.id, () => this.parts.payments.endPage(page));
    }
    for (const { id, status } of await store.listPaid(this.parts.db, query)) {
      const refund = {
        purchaseId: id,
        reason: `It was paid after the account had been ${status.toLowerCase()}`,
        by: {},
        idempotencyKey: `returned:${id}`,
      };
      await this.attempt(id, () => this.parts.refunds.refund(refund));
    }
  }

  private async attempt(purchaseId: string, work: () => Promise<unknown>): Promise<void> {
    await work().catch((err: unknown) => {
      this.parts.logger.warn(
        { err, purchaseId },
        'a purchase of an account that has ended could not be ended or returned; it is tried again',
      );
    });
  }
}
