import type { Stripe } from 'stripe';
import {
  signatureOf,
  startStripeSimulator,
  type StripeSimulator,
} from '@gigarouter/stripe-simulator';
import type { Config } from '../../src/config/config.js';
import { LEDGER_CHECKS } from '../../src/credits/index.js';
import {
  PAYMENT_CHECKS,
  STRIPE_API_VERSION,
  type StripeOptions,
} from '../../src/payments/index.js';
import { runChecks } from '../../src/platform/checks.js';
import { errorOf, startTestApp, type TestApp } from './app.js';
import { moveClock } from './clock.js';
import { type Caller, newCaller } from './platform.js';
import { until } from './process.js';

export { codeOf } from './app.js';

export const SECRETS = ['whsec_test_of_this_year', 'whsec_test_of_next_year'] as const;
export const CARD = '4242424242424242';
export const DOLLAR = 1_000_000_000n;

export interface Bought {
  readonly id: string;
  readonly state: string;
  readonly checkoutUrl: string | null;
}

export interface Shop extends TestApp {
  readonly double: StripeSimulator;
  /** Moves the clock of the database and of Stripe. */
  skip(seconds: number): Promise<void>;
  /** Moves it to noon (UTC) on the second of a month: no day and no month ends in the middle of a test. */
  skipToNoon(): Promise<void>;
  /** An account without credit, and a key of it that may buy. */
  customer(): Promise<Caller>;
  /** A purchase of 10.00 USD, unless it says otherwise. */
  buy(customer: Caller, input?: Record<string, unknown>): Promise<Bought>;
  /** The checkout page of a purchase. */
  page(purchase: Pick<Bought, 'checkoutUrl'>): Stripe.Checkout.Session;
  /** A purchase of 10.00 USD that was paid and credited. */
  paid(customer: Caller, card?: string): Promise<Bought>;
  /** Takes that much of a customer's credit. */
  spend(customer: Caller, nanos: bigint): Promise<void>;
  /** What has happened at Stripe since the last call, oldest first. Nothing was sent. */
  news(): Stripe.Event[];
  /** Sends an event as Stripe does. @returns the status of the answer */
  send(event: Stripe.Event, how?: Partial<Sending>): Promise<number>;
  /** Handles what is in the inbox, all of it. */
  handle(): Promise<void>;
  /** Sends and handles all news. */
  catchUp(): Promise<void>;
  /** Posted credit in nano-USD. */
  posted(customer: Caller): Promise<bigint>;
  state(purchase: Pick<Bought, 'id'>): Promise<string>;
  /** The charge of a purchase that was paid. */
  charge(purchase: Pick<Bought, 'id'>): Promise<Stripe.Charge>;
  /** Fails unless every promise of the ledger and of payments holds. */
  verify(): Promise<void>;
}

interface Sending {
  readonly secret: string;
  readonly apiVersion: string;
  readonly ageS: number;
}

export const BUY = `mutation ($input: BuyCreditsInput!) {
  buyCredits(input: $input) {
    purchase { id state checkoutUrl price { amount currency } creditNanos bonusNanos }
    userErrors { code message path details }
  }
}`;

let purchases = 0;

/** The whole app, and a double of Stripe. Neither does anything by itself, unless `background` says so. */
export async function startShop(
  config: Partial<Config> = {},
  stripe: Partial<StripeOptions> = {},
  { background = false } = {},
): Promise<Shop> {
  let skippedS = 0;
  const nowMs = () => Date.now() + skippedS * 1_000;
  const double = await startStripeSimulator({ now: () => Math.floor(nowMs() / 1_000) });
  double.webhooks.faults.hold = true;
  const endpoint = {
    url: 'http://nowhere.test',
    secret: SECRETS[0],
    apiVersion: STRIPE_API_VERSION,
  };
  double.addEndpoint(endpoint);
  const t = await startTestApp({
    seeded: false,
    background,
    config: {
      stripe: {
        secretKey: 'sk_test_double',
        webhookSecrets: SECRETS,
        apiUrl: double.url,
        tax: false,
        invoices: false,
        timeoutMs: 2_000,
        ...stripe,
      },
      ...config,
    },
  });
  const seen = new Set<string>();
  const { stripeEvents, credits } = t.app.services;

  const shop: Shop = {
    ...t,
    double,
    skip: async (seconds) => {
      skippedS += seconds;
      await moveClock(t.database, skippedS);
    },
    skipToNoon: async () => {
      const now = new Date(nowMs());
      const noonMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 2, 12);
      await shop.skip((noonMs - now.getTime()) / 1_000);
    },
    customer: () => newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'BILLING'] }),
    buy: async (customer, input = { amount: '10.00' }) => {
      purchases += 1;
      const idempotencyKey = `purchase-${String(purchases)}`;
      const { body } = await customer.gql(BUY, { input: { idempotencyKey, ...input } });
      const error = errorOf({ body });
      if (error !== undefined) throw new Error(JSON.stringify(error));
      return body.data.buyCredits.purchase as Bought;
    },
    page: ({ checkoutUrl }) => {
      const session = double.store.find('checkout.session', checkoutUrl?.split('/').at(-1));
      if (session === undefined) throw new Error('There is no such page.');
      return session;
    },
    paid: async (customer, card = CARD) => {
      const purchase = await shop.buy(customer);
      double.payments.pay(shop.page(purchase), card);
      await shop.catchUp();
      return purchase;
    },
    spend: async ({ accountId }, nanos) => {
      await credits.adjust({ accountId, nanos: -nanos, reason: 'spent', actor: 'system' });
    },
    news: () => {
      const events = double.store.all('event').reverse();
      const fresh = events.filter(({ id }) => !seen.has(id));
      for (const { id } of fresh) seen.add(id);
      return fresh;
    },
    send: async (
      event,
      { secret = SECRETS[0], apiVersion = STRIPE_API_VERSION, ageS = 0 } = {},
    ) => {
      const atS = Math.floor(nowMs() / 1_000) - ageS;
      const { body, signature } = double.webhooks.sign(
        event,
        { ...endpoint, secret, apiVersion },
        atS,
      );
      return (await post(t.url, body, signature)).status;
    },
    handle: async () => {
      await until('the inbox to become empty', async () => {
        await stripeEvents.turn();
        return (await stripeEvents.counts()).waiting === 0 ? true : undefined;
      });
    },
    catchUp: async () => {
      for (const event of shop.news()) expect(await shop.send(event)).toBe(200);
      await shop.handle();
    },
    posted: async ({ accountId }) => (await credits.balance(accountId)).postedNanos,
    state: async ({ id }) => {
      const [row] = await t.database.query('SELECT state FROM purchase WHERE id = $1', [id]);
      return (row as { state: string }).state;
    },
    charge: async ({ id }) => {
      const [row] = await t.database.query(
        `SELECT source FROM payment_movement WHERE purchase_id = $1 AND kind = 'CHARGE'`,
        [id],
      );
      const charge = double.store.find('charge', (row as { source: string }).source);
      if (charge === undefined) throw new Error('It was not paid.');
      return charge;
    },
    verify: async () => {
      const checks = [...LEDGER_CHECKS, ...PAYMENT_CHECKS];
      const findings = await runChecks(t.app.database, checks);
      expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
    },
    stop: async () => {
      await double.stop();
      await t.stop();
    },
  };
  return shop;
}

/** Posts a body to the webhook, as it is. */
export function post(url: string, body: string | Buffer, signature: string): Promise<Response> {
  return fetch(`${url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature },
    body: new Uint8Array(Buffer.from(body)),
  });
}

export { signatureOf };
