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
    const customer = await this.api.ask((stripe) =>
      stripe.customers.create(
        { name, ...(email === undefined ? {} : { email }), metadata: { account_id: id } },
        { idempotencyKey: `customer:${id}:${hash.slice(0, 16)}` },
      ),
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
    const session = await this.api.ask((stripe) =>
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
        { idempotencyKey: `checkout:${purchase.id}` },
      ),
    );
    if (session.url === null) {
      throw new AppError('CONFLICT', 'The page of this purchase is closed. Buy again.');
    }
    return { sessionId: session.id, url: session.url };
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

  /** Gives money back. @throws AppError CONFLICT when Stripe refuses */
  async refund(request: {
    id: RefundRequestId;
    paymentIntentId: string;
    amountMinor: bigint;
  }): Promise<string> {
    const { id, paymentIntentId, amountMinor } = request;
    const refund = await this.api.ask((stripe) =>
      stripe.refunds.create(
        {
          payment_intent: paymentIntentId,
          amount: Number(amountMinor),
          reason: 'requested_by_customer',
          metadata: { refund_request_id: id },
        },
        { idempotencyKey: `refund:${id}` },
      ),
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
      await this.api.ask((stripe) =>
        stripe.billing.meterEvents.create(
          {
            event_name: eventName,
            identifier: id,
            timestamp: Math.floor(at.getTime() / 1_000),
            payload: { stripe_customer_id: customerId, value: nanos.toString() },
          },
          { idempotencyKey: id },
        ),
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

/** Others may use the same account at Stripe. */
function ours(id: string | undefined): PurchaseId | undefined {
  return id?.startsWith('pur_') === true ? (id as PurchaseId) : undefined;
}

/** Credit in words: nano-USD as "25.00 USD". */
function formatNanos(nanos: bigint): string {
  const cents = nanos / 10n ** BigInt(9 - decimalsOf('usd'));
  return `${formatAmount(cents, 'usd')} USD`;
}
