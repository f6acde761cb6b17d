import Stripe from 'stripe';
import type { AccountId } from '../platform/ids.js';
import type { Card, Purchase } from './purchase.js';
import type { StripeApi } from './stripe-api.gateway.js';
import { notYet } from './stripe.gateway.js';

/** What became of charging a saved card. */
export interface Charged {
  /** undefined: Stripe refused before it made one. */
  readonly paymentIntentId?: string;
  readonly declined?: { readonly code: string; readonly message: string };
}

const LIST_MAX = 1_000;
/** Our clock and Stripe's may be apart by this. */
const CLOCKS_DIFFER_S = 600;

/** Cards that Stripe keeps for an account: saving one, and charging it while its owner is away. */
export class StripeCards {
  constructor(private readonly api: StripeApi) {}

  /** Whether tax is added to what is sold. */
  get addsTax(): boolean {
    return this.api.options?.tax === true;
  }

  /** @returns address of a page where a card is saved and nothing is paid */
  async createCardPage(
    accountId: AccountId,
    customerId: string,
    urls: { readonly success: string; readonly cancel: string },
  ): Promise<string> {
    const session = await this.api.ask((stripe) =>
      stripe.checkout.sessions.create({
        mode: 'setup',
        customer: customerId,
        currency: 'usd',
        metadata: { account_id: accountId },
        success_url: urls.success,
        cancel_url: urls.cancel,
      }),
    );
    if (session.url === null) throw new Error('Stripe made a page without an address.');
    return session.url;
  }

  /** The card that was saved on a page; undefined when none was, or it was another kind of page. */
  async findSavedCard(sessionId: string): Promise<{ customerId: string; card: Card } | undefined> {
    const session = await this.api.ask((stripe) =>
      stripe.checkout.sessions.retrieve(sessionId, { expand: ['setup_intent.payment_method'] }),
    );
    const { customer, setup_intent: intent } = session;
    if (typeof customer !== 'string' || typeof intent !== 'object') return undefined;
    const method = intent?.payment_method;
    if (intent?.status !== 'succeeded' || typeof method !== 'object' || !method?.card)
      return undefined;
    const { brand, last4: lastFour } = method.card;
    return { customerId: customer, card: { paymentMethodId: method.id, brand, lastFour } };
  }

  /** Address of the page where a customer sees cards and invoices. */
  async createPortal(customerId: string, returnUrl: string): Promise<string> {
    const session = await this.api.ask((stripe) =>
      stripe.billingPortal.sessions.create({ customer: customerId, return_url: returnUrl }),
    );
    return session.url;
  }

  /**
   * Charges a card while its owner is away.
   * @param again the attempt began a while ago: when Stripe has kept an error of its own, and has no such payment, the
   *   card is charged under a new key
   * @returns the payment, and why the card was declined, if it was, or cannot be charged at all
   * @throws AppError UPSTREAM_UNAVAILABLE: whether it was charged is unknown
   */
  async chargeSavedCard(
    purchase: Purchase,
    { customerId, card, again }: { customerId: string; card: Card; again: boolean },
  ): Promise<Charged> {
    const { id, accountId, amountMinor, currency } = purchase;
    const find = () => this.findOwnIntent(purchase, customerId);
    try {
      const intent = await this.api.write(
        `top-up:${id}`,
        (stripe, idempotencyKey) =>
          stripe.paymentIntents.create(
            {
              amount: Number(amountMinor),
              currency,
              customer: customerId,
              payment_method: card.paymentMethodId,
              off_session: true,
              confirm: true,
              // Nobody is there to be sent to another page.
              automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
              description: 'API credit, automatic top-up',
              metadata: { purchase_id: id, account_id: accountId },
            },
            { idempotencyKey },
          ),
        again ? find : notYet,
      );
      return chargedOf(intent);
    } catch (error) {
      if (error instanceof Stripe.errors.StripeInvalidRequestError) {
        // Its owner has removed it, or the customer is gone: it would be the same the next time.
        const { code = 'refused', message } = error;
        return { declined: { code, message } };
      }
      const intent =
        error instanceof Stripe.errors.StripeCardError ? error.payment_intent : undefined;
      if (intent === undefined) throw error;
      return chargedOf(intent);
    }
  }

  /** The payment of an attempt whose answer never came, by what we wrote on it. */
  async findIntent(
    purchase: Pick<Purchase, 'id' | 'createdAt'>,
    customerId: string,
  ): Promise<Charged | undefined> {
    const intent = await this.findOwnIntent(purchase, customerId);
    return intent && chargedOf(intent);
  }

  private async findOwnIntent(
    { id, createdAt }: Pick<Purchase, 'id' | 'createdAt'>,
    customerId: string,
  ): Promise<Stripe.PaymentIntent | undefined> {
    const gte = Math.floor(createdAt.getTime() / 1_000) - CLOCKS_DIFFER_S;
    const intents = await this.api.ask((stripe) =>
      stripe.paymentIntents
        .list({ customer: customerId, created: { gte }, limit: 100 })
        .autoPagingToArray({ limit: LIST_MAX }),
    );
    return intents.find(({ metadata }) => metadata.purchase_id === id);
  }

  /** So that a card that was declined is not charged by it later. Does nothing when it has ended. */
  async cancelIntent(paymentIntentId: string): Promise<void> {
    try {
      await this.api.ask((stripe) => stripe.paymentIntents.cancel(paymentIntentId));
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
    }
  }
}

function chargedOf(intent: Stripe.PaymentIntent): Charged {
  const { id: paymentIntentId, status, last_payment_error: error } = intent;
  if (status === 'succeeded' || status === 'processing') return { paymentIntentId };
  const code = error?.code ?? status;
  return {
    paymentIntentId,
    declined: { code, message: error?.message ?? 'The card was declined.' },
  };
}
