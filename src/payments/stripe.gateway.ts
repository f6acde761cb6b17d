import { createHash } from 'node:crypto';
import Stripe from 'stripe';
import { AppError } from '../errors.js';
import type { AccountId, PurchaseId, RefundRequestId } from '../platform/ids.js';
import { decimalsOf, formatAmount } from './currency.js';
import type { Payment, Purchase } from './purchase.js';
import type { StripeApi } from './stripe-api.gateway.js';
import {
  type BalanceLine,
  balanceLineOf,
  paymentOfIntent,
  paymentOfSession,
} from './stripe-payment.js';

const LIST_MAX = 1_000;

/**
 * Payments at Stripe. Everything that writes carries a key made from our own id, so that it may be sent
 * again; when no answer comes, what became of it is unknown, and is asked for later.
 */
export class StripeGateway {
  constructor(private readonly api: StripeApi) {}

  /** Which of Stripe's worlds the money is in: what was sold in one is unknown in the others. */
  get provider(): string {
    return this.api.provider;
  }

  async createCustomer(account: {
    id: AccountId;
    name: string;
    email: string | undefined;
  }): Promise<string> {
    const { id, name, email } = account;
    // Under one key Stripe takes one request only, and people change their names.
    const hash = createHash('sha256')
      .update(JSON.stringify([name, email]))
      .digest('hex');
    const customer = await this.api.write(
      `customer:${id}:${hash.slice(0, 16)}`,
      (stripe, idempotencyKey) =>
        stripe.customers.create(
          { name, ...(email === undefined ? {} : { email }), metadata: { account_id: id } },
          { idempotencyKey },
        ),
      // A second one does no harm: the first to be written down is used.
      () => Promise.resolve(undefined),
    );
    return customer.id;
  }

  /** @returns id and address of the page where a purchase is paid; the same ones when asked again */
  async createCheckout(
    purchase: Purchase,
    customerId: string,
    urls: { readonly success: string; readonly cancel: string },
  ): Promise<{ sessionId: string; url: string }> {
    const metadata = { purchase_id: purchase.id, account_id: purchase.accountId };
    const { tax = false, invoices = false } = this.api.options ?? {};
    const session = await this.api.write(
      `checkout:${purchase.id}`,
      (stripe, idempotencyKey) =>
        stripe.checkout.sessions.create(
          {
            mode: 'payment',
            customer: customerId,
            client_reference_id: purchase.id,
            line_items: [
              {
                quantity: 1,
                price_data: {
                  currency: purchase.currency,
                  unit_amount: Number(purchase.amountMinor),
                  product_data: { name: `API credit ${formatNanos(purchase.creditNanos)}` },
                  ...(tax ? { tax_behavior: 'exclusive' as const } : {}),
                },
              },
            ],
            metadata,
            payment_intent_data: {
              // A session's metadata does not reach the payment.
              metadata,
              ...(purchase.saveCard ? { setup_future_usage: 'off_session' as const } : {}),
            },
            // The sum that was asked for is the sum that is paid.
            adaptive_pricing: { enabled: false },
            ...(tax
              ? { automatic_tax: { enabled: true }, customer_update: { address: 'auto' as const } }
              : {}),
            ...(invoices ? { invoice_creation: { enabled: true } } : {}),
            expires_at: Math.floor(purchase.expiresAt.getTime() / 1_000),
            success_url: urls.success,
            cancel_url: urls.cancel,
          },
          { idempotencyKey },
        ),
      () => this.findCheckout(purchase.id, customerId),
    );
    if (session.url === null) {
      throw new AppError('CONFLICT', 'The checkout page of this purchase is closed. Buy again.');
    }
    return { sessionId: session.id, url: session.url };
  }

  /** Closes a page: nobody can begin to pay there any more. Does nothing when it is paid, or closed already. */
  async expireCheckout(sessionId: string): Promise<void> {
    try {
      await this.api.ask((stripe) => stripe.checkout.sessions.expire(sessionId));
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    }
  }

  /** What became of a purchase; undefined while Stripe knows nothing of it. */
  async findPayment(
    purchase: Pick<Purchase, 'sessionId' | 'paymentIntentId'>,
  ): Promise<Payment | undefined> {
    const { sessionId, paymentIntentId } = purchase;
    if (sessionId !== null) {
      const session = await this.api.ask((stripe) =>
        stripe.checkout.sessions.retrieve(sessionId, {
          expand: [
            'payment_intent.latest_charge.balance_transaction',
            'payment_intent.payment_method',
          ],
        }),
      );
      const intent = session.payment_intent;
      const reversals = await this.reversalsOf(typeof intent === 'object' ? intent : null);
      return paymentOfSession(session, reversals);
    }
    if (paymentIntentId === null) return undefined;
    const intent = await this.api.ask((stripe) =>
      stripe.paymentIntents.retrieve(paymentIntentId, {
        expand: ['latest_charge.balance_transaction', 'payment_method'],
      }),
    );
    return paymentOfIntent(intent, await this.reversalsOf(intent));
  }

  /** The purchase that a checkout page was made for; undefined when it is not ours. */
  async purchaseOfSession(sessionId: string): Promise<PurchaseId | undefined> {
    const session = await this.api.ask((stripe) => stripe.checkout.sessions.retrieve(sessionId));
    return ours(session.client_reference_id ?? undefined);
  }

  /** The purchase that a payment belongs to, by what we wrote on it; undefined when it is not ours. */
  async purchaseOf(paymentIntentId: string): Promise<PurchaseId | undefined> {
    const intent = await this.api.ask((stripe) => stripe.paymentIntents.retrieve(paymentIntentId));
    return ours(intent.metadata.purchase_id);
  }

  /**
   * Gives money back.
   * @param again it was asked for a while ago: when Stripe has kept an error of its own, and has no such refund, it is
   *   asked for under a new key
   * @throws AppError CONFLICT when Stripe refuses
   */
  async refund(
    request: { id: RefundRequestId; paymentIntentId: string; amountMinor: bigint },
    again = false,
  ): Promise<string> {
    const { id, paymentIntentId, amountMinor } = request;
    const find = async () => {
      const refunds = await this.api.ask((stripe) =>
        stripe.refunds
          .list({ payment_intent: paymentIntentId, limit: 100 })
          .autoPagingToArray({ limit: LIST_MAX }),
      );
      return refunds.find(({ metadata }) => metadata?.refund_request_id === id);
    };
    const refund = await this.api.write(
      `refund:${id}`,
      (stripe, idempotencyKey) =>
        stripe.refunds.create(
          {
            payment_intent: paymentIntentId,
            amount: Number(amountMinor),
            reason: 'requested_by_customer',
            metadata: { refund_request_id: id },
          },
          { idempotencyKey },
        ),
      again ? find : notYet,
    );
    return refund.id;
  }

  /**
   * Tells a meter what a customer used; a second time changes nothing.
   * @returns undefined when the meter has it, else why it will never take it
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async report(usage: {
    id: string;
    eventName: string;
    customerId: string;
    nanos: bigint;
    at: Date;
  }): Promise<string | undefined> {
    const { id, eventName, customerId, nanos, at } = usage;
    try {
      await this.api.write(
        id,
        (stripe, idempotencyKey) =>
          stripe.billing.meterEvents.create(
            {
              event_name: eventName,
              identifier: id,
              timestamp: Math.floor(at.getTime() / 1_000),
              payload: { stripe_customer_id: customerId, value: nanos.toString() },
            },
            { idempotencyKey },
          ),
        // The meter itself counts an identifier once.
        () => Promise.resolve(undefined),
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
      // Stripe knows the identifier for a day or more: it was sent, and the answer was lost.
      const isKnown = /already exists with identifier/i.test(error.message);
      return isKnown ? undefined : error.message;
    }
  }

  /** Charges, refunds and disputes on our balance, of a time. @param range whole seconds; `until` excluded */
  async listBalance(range: { readonly since: Date; readonly until: Date }): Promise<BalanceLine[]> {
    const [gte, lt] = [range.since, range.until].map((at) => Math.floor(at.getTime() / 1_000));
    const created = { gte: gte ?? 0, lt: lt ?? 0 };
    const lines = [];
    let after: string | undefined;
    // Page by page, each asked for again when it fails: a day may have many.
    for (let more = true; more;) {
      const page = await this.api.ask((stripe) =>
        stripe.balanceTransactions.list({
          created,
          limit: 100,
          expand: ['data.source'],
          ...(after === undefined ? {} : { starting_after: after }),
        }),
      );
      lines.push(...page.data.map(balanceLineOf));
      after = page.data.at(-1)?.id;
      more = page.has_more && after !== undefined;
    }
    return lines.filter((line) => line !== undefined);
  }

  private async findCheckout(id: PurchaseId, customerId: string) {
    const sessions = await this.api.ask((stripe) =>
      stripe.checkout.sessions
        .list({ customer: customerId, limit: 100 })
        .autoPagingToArray({ limit: LIST_MAX }),
    );
    return sessions.find(({ client_reference_id: ours }) => ours === id);
  }

  private async reversalsOf(intent: Stripe.PaymentIntent | null) {
    if (intent?.latest_charge == null) return { refunds: [], disputes: [] };
    const payment = { payment_intent: intent.id, limit: 100 };
    const expand = ['data.balance_transaction', 'data.failure_balance_transaction'];
    const [refunds, disputes] = await Promise.all([
      this.api.ask((stripe) =>
        stripe.refunds.list({ ...payment, expand }).autoPagingToArray({ limit: LIST_MAX }),
      ),
      this.api.ask((stripe) =>
        stripe.disputes.list(payment).autoPagingToArray({ limit: LIST_MAX }),
      ),
    ]);
    return { refunds, disputes };
  }
}

/** What exists may not show yet: the same key goes on, until it was a while ago. */
export function notYet(): never {
  throw new AppError(
    'UPSTREAM_UNAVAILABLE',
    'The payment service failed. The outcome of the payment will be determined shortly.',
  );
}

/** Others may use the same account at Stripe. */
function ours(id: string | undefined): PurchaseId | undefined {
  return id?.startsWith('pur_') === true ? (id as PurchaseId) : undefined;
}

/** Credit in words: nano-USD as "25.00 USD". */
function formatNanos(nanos: bigint): string {
  const cents = nanos / 10n ** BigInt(9 - decimalsOf('usd'));
  return `${formatAmount(cents, 'usd')} USD`;
}
