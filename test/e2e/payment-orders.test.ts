import type { Stripe } from 'stripe';
import type { Payment } from '../../src/payments/purchase.js';
import { FulfillmentService } from '../../src/payments/fulfillment.service.js';
import { StripeApi } from '../../src/payments/stripe-api.gateway.js';
import { StripeGateway } from '../../src/payments/stripe.gateway.js';
import { type Bought, CARD, DOLLAR, type Shop, startShop } from '../support/payments.js';

/**
 * I13, F3: the events of a payment in every order, each told twice. What a handler reads of Stripe is as old
 * as it may be: as things were when its event happened, so that late handlers know less than early ones.
 */

const REFUND_FAILS_LATER = '4000000000005126';
const REFUND_WAITS = '4000000000007726';
let shop: Shop;
let gateway: StripeGateway;
beforeAll(async () => {
  shop = await startShop();
  const options = { webhookSecrets: [], tax: false, invoices: false, timeoutMs: 2_000 };
  gateway = new StripeGateway(
    new StripeApi({ ...options, secretKey: 'sk_test_double', apiUrl: shop.double.url }),
  );
});
afterAll(() => shop.stop());

interface Story {
  readonly card?: string;
  /** Includes what is seen before the payment: five times as many orders. */
  readonly fromTheStart?: true;
  /** What happens after the payment, a step at a time. */
  readonly steps: readonly ((charge: Stripe.Charge) => unknown)[];
  /** Cents of ten dollars that stay credited in the end. */
  readonly leftCents: bigint;
}

const reversals = () => shop.double.reversals;
const refund = (amount: number) => (charge: Stripe.Charge) =>
  reversals().refund(charge, { amount, metadata: {}, reason: null });
function newest<T extends { charge: Stripe.Refund['charge'] }>(
  all: readonly T[],
  of: Stripe.Charge,
): T {
  const found = all.find(({ charge }) => charge === of.id);
  if (found === undefined) throw new Error('It has not happened yet.');
  return found;
}
const dispute = (charge: Stripe.Charge) => reversals().open(charge);
const inquire = (charge: Stripe.Charge) => reversals().open(charge, { inquiry: true });
const escalate = (charge: Stripe.Charge) => {
  reversals().escalate(newest(shop.double.store.all('dispute'), charge));
};
const close = (outcome: 'won' | 'lost') => (charge: Stripe.Charge) => {
  reversals().close(newest(shop.double.store.all('dispute'), charge), outcome);
  if (outcome === 'won') charge.disputed = false;
};
const end = (status: 'failed' | 'canceled' | 'succeeded') => (charge: Stripe.Charge) => {
  reversals().settleRefund(newest(shop.double.store.all('refund'), charge), status);
};

const STORIES: Readonly<Record<string, Story>> = {
  'three partial refunds': {
    fromTheStart: true,
    steps: [refund(250), refund(350), refund(400)],
    leftCents: 0n,
  },
  'a refund that fails, then another': {
    card: REFUND_FAILS_LATER,
    steps: [refund(250), end('failed'), refund(100)],
    leftCents: 900n,
  },
  'a refund that is canceled': {
    card: REFUND_WAITS,
    steps: [refund(1_000), end('canceled')],
    leftCents: 1_000n,
  },
  'a dispute that is won, then a refund': {
    steps: [dispute, close('won'), refund(100)],
    leftCents: 900n,
  },
  'a refund, then a dispute that is lost': {
    steps: [refund(300), dispute, close('lost')],
    leftCents: 0n,
  },
  'an inquiry that becomes a dispute, and is won': {
    steps: [inquire, escalate, close('won')],
    leftCents: 1_000n,
  },
  'an inquiry that just ends, then a full refund': {
    steps: [inquire, close('won'), refund(1_000)],
    leftCents: 0n,
  },
};

test.each(Object.entries(STORIES))(
  '%s: every order of what was seen, each twice, ends alike',
  async (_name, { card = CARD, fromTheStart = false, steps, leftCents }) => {
    const seen = (await record(card, steps)).slice(fromTheStart ? 0 : 1);
    const orders = permutations([...seen.keys()]);
    for (const order of orders) {
      const customer = await shop.customer();
      const purchase = await shop.buy(customer);
      for (const at of order) {
        const glimpse = seen[at];
        if (glimpse === undefined) throw new Error('It was not recorded.');
        const service = fulfillmentThatSees(copyFor(purchase, glimpse));
        await service.settle(purchase.id as `pur_${string}`);
        await service.settle(purchase.id as `pur_${string}`);
      }
      expect([order, await shop.state(purchase), await shop.posted(customer)]).toEqual([
        order,
        'PAID',
        (leftCents * DOLLAR) / 100n,
      ]);
    }
    await shop.verify();
  },
);

test('a payment by bank debit in every order of its four events, each delivered twice', async () => {
  for (const order of permutations([0, 1, 2, 3])) {
    const customer = await shop.customer();
    const purchase = await shop.buy(customer);
    shop.news();
    shop.double.payments.payLater(shop.page(purchase));
    const early = shop.news().slice(1);
    shop.double.payments.settleLater(shop.page(purchase), true);
    const late = shop.news();
    const events = [...early, ...late].slice(-4);
    for (const at of order) {
      const event = events[at];
      if (event === undefined) throw new Error('Fewer events than expected.');
      await shop.send(event);
      await shop.send(event);
      await shop.handle();
    }
    expect([order, await shop.posted(customer)]).toEqual([order, 10n * DOLLAR]);
  }
  await shop.verify();
});

test('events that are handled side by side, while more happens', async () => {
  for (let round = 0; round < 5; round += 1) {
    const who = await shop.customer();
    const purchase = await shop.buy(who);
    shop.double.payments.pay(shop.page(purchase), CARD);
    const settle = () => shop.app.services.fulfillment.settle(purchase.id as `pur_${string}`);
    const before = [settle(), settle(), settle()];
    await before[0];
    const charge = await shop.charge(purchase);
    const racing = [];
    for (const cents of [100, 200, 300]) {
      racing.push(settle(), settle());
      refund(cents)(charge);
      racing.push(settle());
    }
    await Promise.all([...before, ...racing]);
    await shop.catchUp();
    expect(await shop.posted(who)).toBe(4n * DOLLAR);
  }
  await shop.verify();
});

/** What the gateway reads before the payment, after it, and after each step. */
async function record(card: string, steps: Story['steps']): Promise<readonly Payment[]> {
  const customer = await shop.customer();
  const purchase = await shop.buy(customer);
  const page = shop.page(purchase);
  const look = async () => {
    const payment = await gateway.findPayment({ sessionId: page.id, paymentIntentId: null });
    if (payment === undefined) throw new Error('Stripe knows nothing of it.');
    return payment;
  };
  const seen = [await look()];
  shop.double.payments.pay(page, card);
  seen.push(await look());
  const intent = shop.double.store.find('payment_intent', page.payment_intent);
  const charge = shop.double.store.find('charge', intent?.latest_charge);
  if (charge === undefined) throw new Error('It was not paid.');
  for (const step of steps) {
    step(charge);
    seen.push(await look());
  }
  return seen;
}

/** The same story for another purchase: ids are unique at Stripe. */
function copyFor({ id }: Bought, payment: Payment): Payment {
  return {
    ...payment,
    paymentIntentId: payment.paymentIntentId && `${payment.paymentIntentId}_${id}`,
    movements: payment.movements.map((movement) => ({
      ...movement,
      id: `${movement.id}_${id}`,
      source: `${movement.source}_${id}`,
    })),
  };
}

function fulfillmentThatSees(payment: Payment): Pick<FulfillmentService, 'settle'> {
  const { database: db, services, logger } = shop.app;
  const stripe = { provider: 'double', findPayment: () => Promise.resolve(payment) };
  return new FulfillmentService({ db, credits: services.credits, stripe, logger });
}

function permutations<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((first, at) =>
    permutations(list.toSpliced(at, 1)).map((rest) => [first, ...rest]),
  );
}
