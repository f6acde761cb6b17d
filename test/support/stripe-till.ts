import {
  startStripeSimulator,
  type StripeSimulator,
  type StripeSimulatorOptions,
} from '@gigarouter/stripe-simulator';
import Stripe from 'stripe';

/** The double of Stripe without our server: the real SDK, and people at its pages. */
export interface Till {
  readonly double: StripeSimulator;
  readonly stripe: Stripe;
  /** Unix seconds at the double. */
  now(): number;
  skip(seconds: number): void;
  customer(): Promise<Stripe.Customer>;
  /** A page on which 25.00 USD are paid, unless it says otherwise. */
  sell(more?: Partial<Stripe.Checkout.SessionCreateParams>): Promise<Stripe.Checkout.Session>;
  /** What a customer does on a page: a button of it, as `pay`, and a card. */
  press(page: { url: string | null }, act: string, card?: string): Promise<Response>;
  /** A page that was paid. */
  sold(more?: Partial<Stripe.Checkout.SessionCreateParams>): Promise<{
    session: Stripe.Checkout.Session;
    intent: Stripe.PaymentIntent;
    charge: Stripe.Charge;
  }>;
}

/** Everything that hangs on a page. */
export const WHOLE = { expand: ['payment_intent.latest_charge.balance_transaction'] };

export async function startTill(options: StripeSimulatorOptions = {}): Promise<Till> {
  let nowS = Math.floor(Date.now() / 1_000);
  const double = await startStripeSimulator({ now: () => nowS, ...options });
  const { hostname: host, port } = new URL(double.url);
  const stripe = new Stripe('sk_test_double', {
    host,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 5_000,
  });
  const till: Till = {
    double,
    stripe,
    now: () => nowS,
    skip: (seconds) => {
      nowS += seconds;
    },
    customer: () => stripe.customers.create({ name: 'Jo', metadata: { account_id: 'acct_1' } }),
    sell: async (more = {}) => {
      const product_data = { name: 'Credit' };
      return stripe.checkout.sessions.create({
        mode: 'payment',
        customer: (await till.customer()).id,
        client_reference_id: 'pur_1',
        line_items: [
          { quantity: 2, price_data: { currency: 'usd', unit_amount: 1_250, product_data } },
        ],
        metadata: { purchase_id: 'pur_1' },
        payment_intent_data: { metadata: { purchase_id: 'pur_1' } },
        success_url: 'http://shop.test/{CHECKOUT_SESSION_ID}',
        cancel_url: 'http://shop.test/cancel',
        ...more,
      });
    },
    press: ({ url }, act, card = '4242 4242 4242 4242') =>
      fetch(url ?? '', {
        method: 'POST',
        body: new URLSearchParams({ act, card }),
        redirect: 'manual',
      }),
    sold: async (more) => {
      const page = await till.sell(more);
      expect((await till.press(page, 'pay')).status).toBe(303);
      const session = await stripe.checkout.sessions.retrieve(page.id, WHOLE);
      const intent = session.payment_intent as Stripe.PaymentIntent;
      return { session, intent, charge: intent.latest_charge as Stripe.Charge };
    },
  };
  return till;
}
