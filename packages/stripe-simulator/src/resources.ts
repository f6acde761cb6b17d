import type { Stripe } from 'stripe';
import type { z } from 'zod';
import { TEST_METHODS } from './cards.js';
import type { Meters } from './meters.js';
import { newPortalSession } from './balance-objects.js';
import { newCustomer, newIntent, newSession } from './objects.js';
import * as parameters from './parameters.js';
import type { Payments } from './payments.js';
import type { Reversals } from './reversals.js';
import { invalid, missing, StripeSimulatorError } from './stripe-error.js';
import type { SimulatorStore } from './store.js';

/** Sums in the smallest unit of a currency that Stripe charges. */
const AMOUNT_MIN = 50;
const AMOUNT_MAX = 99_999_999;
const CURRENCIES = new Set(
  'usd eur gbp jpy krw kwd bhd chf cad aud sek nok dkk pln inr brl mxn sgd hkd nzd'.split(' '),
);
/** Added where tax is switched on. */
const TAX_PERCENT = 10;
const SESSION_S = { default: 86_400, min: 1_800, max: 86_400 } as const;

export interface Parts {
  readonly store: SimulatorStore;
  readonly payments: Payments;
  readonly reversals: Reversals;
  readonly meters: Meters;
  readonly url: () => string;
}

/** What POST creates, by path; each answers the object. */
export function createResources({ store, payments, reversals, meters, url }: Parts) {
  const made = (prefix: string) => ({ id: store.newId(prefix), created: store.now() });
  const checkCustomer = (id: string) => {
    if (store.find('customer', id) === undefined) throw missing('customer', id, 'customer');
  };

  return {
    customer(given: unknown): Stripe.Customer {
      const {
        email = null,
        name = null,
        metadata,
      } = parameters.read(parameters.customerCreate, given);
      return store.put(newCustomer(made('cus'), { email, name, metadata }));
    },

    session(given: unknown): Stripe.Checkout.Session {
      const params = parameters.read(parameters.sessionCreate, given);
      checkCustomer(params.customer);
      const terms = params.mode === 'payment' ? priceOf(params) : NO_PRICE;
      const expires_at = params.expires_at ?? store.now() + SESSION_S.default;
      const lifeS = expires_at - store.now();
      if (lifeS < SESSION_S.min - 60 || lifeS > SESSION_S.max + 60) {
        throw invalid('The `expires_at` timestamp must be 30 minutes to 24 hours away.', {
          param: 'expires_at',
        });
      }
      const id = store.newId('cs_test');
      store.intentTerms[id] = {
        metadata: params.payment_intent_data?.metadata ?? {},
        setup_future_usage: params.payment_intent_data?.setup_future_usage ?? null,
      };
      return store.put(
        newSession(
          { id, created: store.now() },
          {
            ...terms,
            automatic_tax: {
              enabled: params.automatic_tax?.enabled ?? false,
              liability: null,
              provider: null,
              status: null,
            },
            cancel_url: params.cancel_url ?? null,
            client_reference_id: params.client_reference_id ?? null,
            customer: params.customer,
            expires_at,
            metadata: params.metadata,
            mode: params.mode,
            payment_intent: null,
            payment_status: 'unpaid',
            setup_intent: null,
            success_url: params.success_url,
            url: `${url()}/c/pay/${id}`,
          },
        ),
      );
    },

    /** A saved card is charged while its owner is away: the only way that intents are made directly. */
    intent(given: unknown): Stripe.PaymentIntent {
      const params = parameters.read(parameters.intentCreate, given);
      checkAmount(params.amount, params.currency);
      const method = store.find('payment_method', params.payment_method);
      if (method === undefined)
        throw missing('PaymentMethod', params.payment_method, 'payment_method');
      if (method.customer !== params.customer) {
        throw invalid('The payment method does not belong to the customer.', {
          param: 'payment_method',
        });
      }
      const intent = store.put(
        newIntent(made('pi'), {
          amount: params.amount,
          currency: params.currency,
          customer: params.customer,
          metadata: params.metadata,
          payment_method: null,
          setup_future_usage: null,
        }),
      );
      payments.payOffSession(intent, method);
      return intent;
    },

    refund(given: unknown): Stripe.Refund {
      const params = parameters.read(parameters.refundCreate, given);
      const intent = store.find('payment_intent', params.payment_intent);
      const charge = store.find('charge', params.charge ?? intent?.latest_charge);
      if (intent !== undefined && charge?.status !== 'succeeded') {
        throw invalid(
          `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`,
        );
      }
      if (charge === undefined) {
        throw params.charge === undefined
          ? missing('payment_intent', params.payment_intent, 'payment_intent')
          : missing('charge', params.charge, 'charge');
      }
      return reversals.refund(charge, {
        amount: params.amount,
        metadata: params.metadata,
        reason: params.reason ?? null,
      });
    },

    portal(given: unknown): Stripe.BillingPortal.Session {
      const { customer, return_url = null } = parameters.read(parameters.portalCreate, given);
      checkCustomer(customer);
      const session = made('bps');
      return store.put(
        newPortalSession(session, { customer, return_url, url: `${url()}/p/${session.id}` }),
      );
    },

    /** `pm_card_visa` and its like are there for everybody. */
    attachment(id: string, given: unknown): Stripe.PaymentMethod {
      const { customer } = parameters.read(parameters.methodAttach, given);
      checkCustomer(customer);
      const cardNumber = TEST_METHODS[id];
      if (cardNumber !== undefined) return payments.save(cardNumber, customer);
      const method = store.find('payment_method', id);
      if (method === undefined) throw missing('PaymentMethod', id);
      if (method.customer === customer) return method;
      throw invalid(
        'This PaymentMethod was used without a Customer, detached, or attached to another, and may not be used again.',
      );
    },

    meter(given: unknown): Stripe.Billing.Meter {
      const params = parameters.read(parameters.meterCreate, given);
      const { default_aggregation, display_name, event_name, event_time_window } = params;
      return meters.create({ default_aggregation, display_name, event_name }, event_time_window);
    },

    meterEvent(given: unknown): Stripe.Billing.MeterEvent {
      return meters.record(parameters.read(parameters.meterEventCreate, given));
    },
  };
}

const NO_PRICE = {
  amount_subtotal: null,
  amount_total: null,
  currency: null,
  total_details: null,
} as const;

function priceOf({ line_items = [], automatic_tax }: z.infer<typeof parameters.sessionCreate>) {
  const currency = line_items[0]?.price_data.currency ?? '';
  if (line_items.some(({ price_data }) => price_data.currency !== currency)) {
    throw invalid('All line items must have the same currency.', { param: 'line_items' });
  }
  const subtotal = line_items.reduce(
    (sum, { quantity, price_data }) => sum + quantity * price_data.unit_amount,
    0,
  );
  checkAmount(subtotal, currency);
  const tax = automatic_tax?.enabled === true ? Math.round((subtotal * TAX_PERCENT) / 100) : 0;
  return {
    amount_subtotal: subtotal,
    amount_total: subtotal + tax,
    currency,
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: tax },
  };
}

function checkAmount(amount: number, currency: string): void {
  if (!CURRENCIES.has(currency)) {
    throw invalid(`Invalid currency: ${currency}.`, {
      code: 'invalid_currency',
      param: 'currency',
    });
  }
  if (amount < AMOUNT_MIN) {
    throw new StripeSimulatorError(400, {
      type: 'invalid_request_error',
      code: 'amount_too_small',
      message: 'The amount must be at least 50 cents.',
      param: 'amount',
    });
  }
  if (amount > AMOUNT_MAX) {
    throw invalid('The amount must be no more than 999,999.99.', {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}
