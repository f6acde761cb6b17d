import type { CreditsService } from '../credits/index.js';
import type { Database, Transaction } from '../platform/database.js';
import type { PurchaseId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { readNow } from '../platform/now.store.js';
import { formatAmount } from './currency.js';
import { keepCard } from './customers.store.js';
import {
  afterRefunds,
  clawBackOf,
  type Movement,
  type Payment,
  type Purchase,
  type RefundRequest,
  stateAfter,
} from './purchase.js';
import * as store from './purchases.store.js';
import { updateRefundRequests } from './refund-requests.store.js';
import type { StripeEvent } from './stripe-event.js';
import { STRIPE_EVENTS } from './stripe-events.store.js';
import { finish } from '../platform/leased-work.js';
import type { StripeGateway } from './stripe.gateway.js';

/** After this, an open purchase is asked about. */
const UNHEARD_S = 60;

export interface FulfillmentParts {
  readonly db: Database;
  readonly credits: Pick<CreditsService, 'postWithin'>;
  readonly stripe: Pick<StripeGateway, 'findPayment' | 'provider'>;
  readonly logger: Logger;
}

/**
 * Brings a purchase, and the credit that it gave, to what Stripe says of it now. Webhooks, the success page
 * and the reconciler all call `settle`: any number of times, in any order, side by side, with one effect.
 */
export class FulfillmentService {
  constructor(private readonly parts: FulfillmentParts) {}

  /**
   * @param event marked as handled in the same transaction
   * @param foundIntentId its payment as found at Stripe, for a purchase that does not know it: the answer that named it
   *   may have been lost
   * @returns undefined when there is no such purchase
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async settle(
    id: PurchaseId,
    event?: StripeEvent,
    foundIntentId?: string,
  ): Promise<Purchase | undefined> {
    const purchase = await store.findPurchase(this.parts.db, id);
    if (purchase === undefined) return undefined;
    const { sessionId, paymentIntentId } = purchase;
    const ids = { sessionId, paymentIntentId: paymentIntentId ?? foundIntentId ?? null };
    // Asked before the lock is taken: Stripe may take its time. What is old by then changes nothing.
    const payment = await this.parts.stripe.findPayment(ids);
    return this.parts.db.transaction(async (tx) => {
      const settled = await this.apply(tx, id, payment);
      if (event !== undefined) await finish(tx, STRIPE_EVENTS, [event.endpoint, event.id]);
      return settled;
    });
  }

  /**
   * Asks about open purchases that nothing was heard of for a while: the webhook may be lost. Any number of
   * servers may; one purchase's trouble keeps no other waiting.
   */
  async settleOpen(atMost = 100): Promise<void> {
    const ids = await store.listOpen(this.parts.db, {
      provider: this.parts.stripe.provider,
      unheardS: UNHEARD_S,
      atMost,
    });
    for (const id of ids) {
      await this.settle(id).catch((err: unknown) => {
        this.parts.logger.warn(
          { err, purchaseId: id },
          'an open purchase could not be asked about',
        );
      });
    }
  }

  private async apply(
    tx: Transaction,
    id: PurchaseId,
    payment: Payment | undefined,
  ): Promise<Purchase | undefined> {
    const locked = await store.lockPurchase(tx, id);
    if (locked === undefined) return undefined;
    const { purchase } = locked;
    const now = await readNow(tx);
    if (payment === undefined) return this.withoutPayment(tx, purchase, now);

    const fresh = await store.insertMovements(tx, id, payment.movements);
    const requests = afterRefunds(locked.requests, payment.refunds);
    await updateRefundRequests(
      tx,
      id,
      requests.filter((request, at) => request !== locked.requests[at]),
    );
    const state = stateAfter(purchase, payment);
    const becamePaid = state === 'PAID' && purchase.state !== 'PAID';
    if (becamePaid) {
      await this.give(tx, purchase);
      if (purchase.saveCard && payment.card !== null) {
        await keepCard(tx, purchase.accountId, this.parts.stripe.provider, payment.card);
      }
    }
    const movements = [...locked.movements, ...fresh];
    const back =
      state === 'PAID' ? await this.takeBack(tx, purchase, { movements, requests, fresh }) : {};
    if (state === 'REVIEW' && purchase.state !== 'REVIEW') this.alert(purchase, payment);
    const change = {
      state,
      ...back,
      checkedAt: now,
      receiptUrl: payment.receiptUrl ?? purchase.receiptUrl,
      paymentIntentId: payment.paymentIntentId ?? purchase.paymentIntentId,
      failure: state === 'PAID' ? null : (failureOf(state, payment) ?? purchase.failure),
      ...(state !== purchase.state && state !== 'WAITING' ? { endedAt: now } : {}),
    };
    await store.updatePurchase(tx, id, change);
    return { ...purchase, ...change };
  }

  /** Its page was never made: nobody can have paid. */
  private async withoutPayment(tx: Transaction, purchase: Purchase, now: Date): Promise<Purchase> {
    const over = purchase.state === 'PENDING' && purchase.expiresAt <= now;
    const change = over ? ({ state: 'EXPIRED', endedAt: now } as const) : {};
    await store.updatePurchase(tx, purchase.id, { ...change, checkedAt: now });
    return { ...purchase, ...change };
  }

  private async give(tx: Transaction, purchase: Purchase): Promise<void> {
    const { id, accountId, creditNanos, bonusNanos } = purchase;
    await this.parts.credits.postWithin(tx, {
      id,
      accountId,
      kind: 'PURCHASE',
      nanos: creditNanos + bonusNanos,
      source: 'PURCHASE',
      actor: 'system',
      reason: `Bought for ${inWords(purchase, purchase.amountMinor)}`,
    });
  }

  /** Posts the difference between what has been taken back and what has to be, in one movement. */
  private async takeBack(
    tx: Transaction,
    purchase: Purchase,
    now: {
      movements: readonly Movement[];
      requests: readonly RefundRequest[];
      fresh: readonly Movement[];
    },
  ): Promise<Pick<Purchase, 'clawedBackNanos' | 'reversals'> | object> {
    const clawedBackNanos = clawBackOf(purchase, now.movements, now.requests);
    const difference = purchase.clawedBackNanos - clawedBackNanos;
    if (difference === 0n) return {};
    const reversals = purchase.reversals + 1;
    const causes = now.fresh.filter(({ kind }) => kind !== 'CHARGE');
    const isDispute = causes.length > 0 && causes.every(({ kind }) => kind === 'DISPUTE');
    await this.parts.credits.postWithin(tx, {
      id: `${purchase.id}:${String(reversals)}`,
      accountId: purchase.accountId,
      kind: isDispute ? 'DISPUTE' : 'REFUND',
      nanos: difference,
      source: 'PURCHASE',
      lotId: purchase.id,
      actor: 'system',
      reverses: purchase.id,
      reason:
        causes.map((cause) => `${cause.source}: ${inWords(cause, cause.amountMinor)}`).join('; ') ||
        'Refund ended',
    });
    return { clawedBackNanos, reversals };
  }

  private alert(purchase: Purchase, { netMinor, currency }: Payment): void {
    this.parts.logger.error(
      {
        purchaseId: purchase.id,
        asked: inWords(purchase, purchase.amountMinor),
        paid: inWords({ currency }, netMinor),
      },
      'a purchase was paid with another amount than was asked for: no credit was given, look at it',
    );
  }
}

function failureOf(state: Purchase['state'], payment: Payment): string | null {
  if (state !== 'REVIEW') return payment.failure;
  return `Paid ${inWords(payment, payment.netMinor)}, which is not what was asked for.`;
}

function inWords({ currency }: { readonly currency: string }, minor: bigint): string {
  return `${formatAmount(minor, currency)} ${currency.toUpperCase()}`;
}
