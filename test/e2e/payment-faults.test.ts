import { BUY, CARD, codeOf, DOLLAR, SECRETS, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';

/** F1–F13 of the fault catalog: what goes wrong around a purchase. */

let shop: Shop;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop();
});
beforeEach(async () => {
  customer = await shop.customer();
  shop.news();
  shop.double.faults.clear();
});
afterEach(() => shop.verify());
afterAll(() => shop.stop());

const completed = () => {
  const event = shop.news().find(({ type }) => type === 'checkout.session.completed');
  if (event === undefined) throw new Error('Nothing was completed.');
  return event;
};

test('F1: the same webhook 20 times at once gives credit once', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const event = completed();
  const answers = await Promise.all(Array.from({ length: 20 }, () => shop.send(event)));
  expect(answers).toEqual(Array(20).fill(200));
  await shop.handle();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  await shop.app.services.stripeEvents.replay([event.id]);
  await shop.handle();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F2, F3: each order of the events of one payment gives credit once', async () => {
  const purchases = await Promise.all([...Array(24).keys()].map(() => shop.buy(customer)));
  shop.news();
  for (const [at, purchase] of purchases.entries()) {
    shop.double.payments.pay(shop.page(purchase), CARD);
    const events = shop.news();
    expect(events.map(({ type }) => type)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ]);
    for (const event of permutation(events, at)) {
      await shop.send(event);
      await shop.send(event);
      await shop.handle();
    }
    expect(await shop.posted(customer)).toBe(BigInt(at + 1) * 10n * DOLLAR);
  }
});

test('F2: one event at two endpoints is handled for each, and gives credit once', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const { body, signature } = shop.double.webhooks.sign(completed(), {
    url: '',
    secret: SECRETS[0],
    apiVersion: '2026-10-28.endive',
  });
  const { stripeEvents } = shop.app.services;
  expect(await stripeEvents.accept('/webhooks/other', Buffer.from(body), signature)).toBe(true);
  expect(await stripeEvents.accept('/webhooks/stripe', Buffer.from(body), signature)).toBe(true);
  await shop.handle();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F4: webhook and success page at the same moment give credit once; the page says so', async () => {
  for (let round = 1n; round <= 5n; round += 1n) {
    const purchase = await shop.buy(customer);
    const page = shop.page(purchase);
    const open = await fetch(`${shop.url}/payments/success?session_id=${page.id}`);
    expect(await open.text()).toContain('still open');
    shop.double.payments.pay(page, CARD);
    const event = completed();
    const visit = async () =>
      (await fetch(`${shop.url}/payments/success?session_id=${page.id}`)).text();
    const [texts] = await Promise.all([
      Promise.all([visit(), visit(), visit()]),
      shop.send(event).then(() => shop.handle()),
    ]);
    for (const text of texts) expect(text).toContain('on your account now');
    expect(await shop.posted(customer)).toBe(round * 10n * DOLLAR);
  }
});

test('F5: a payment from a bank account gives credit when it arrives, not before', async () => {
  const [arrives, bounces] = [await shop.buy(customer), await shop.buy(customer)];
  for (const purchase of [arrives, bounces]) shop.double.payments.payLater(shop.page(purchase));
  await shop.catchUp();
  expect([await shop.state(arrives), await shop.posted(customer)]).toEqual(['WAITING', 0n]);
  await shop.skip(5 * 86_400);
  shop.double.payments.settleLater(shop.page(arrives), true);
  shop.double.payments.settleLater(shop.page(bounces), false);
  await shop.catchUp();
  expect([await shop.state(arrives), await shop.state(bounces)]).toEqual(['PAID', 'FAILED']);
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F6: when every webhook is lost for three days, open purchases are asked about', async () => {
  const [paid, unpaid] = [await shop.buy(customer), await shop.buy(customer)];
  shop.double.payments.pay(shop.page(paid), CARD);
  shop.news();
  await shop.skip(3 * 86_400);
  await shop.app.services.fulfillment.settleOpen();
  expect([await shop.state(paid), await shop.state(unpaid)]).toEqual(['PAID', 'EXPIRED']);
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F7: an event that is faster than our own row waits for it', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const event = completed();
  // As if it were not committed yet.
  await shop.database.query('CREATE TABLE aside AS SELECT * FROM purchase WHERE id = $1', [
    purchase.id,
  ]);
  await shop.database.query('DELETE FROM purchase WHERE id = $1', [purchase.id]);
  expect(await shop.send(event)).toBe(200);
  await shop.app.services.stripeEvents.turn();
  expect(await shop.app.services.stripeEvents.counts()).toMatchObject({ waiting: 1, dead: 0 });
  await shop.database.query('INSERT INTO purchase SELECT * FROM aside', []);
  await shop.database.query('DROP TABLE aside', []);
  await shop.handle();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F7: a process that died before it wrote its page down learns it from the event', async () => {
  const purchase = await shop.buy(customer);
  await shop.database.query('UPDATE purchase SET session_id = NULL WHERE id = $1', [purchase.id]);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F9: two tabs that both pay are two purchases; neither is lost', async () => {
  const tabs = [await shop.buy(customer), await shop.buy(customer)];
  for (const tab of tabs) shop.double.payments.pay(shop.page(tab), CARD);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(20n * DOLLAR);
});

test('F9: two tabs with one idempotency key are one page, which is paid once', async () => {
  const input = { amount: '10.00', idempotencyKey: 'two tabs' };
  const tabs = await Promise.all([...Array(5).keys()].map(() => shop.buy(customer, input)));
  expect(new Set(tabs.map(({ checkoutUrl }) => checkoutUrl)).size).toBe(1);
  const [tab] = tabs;
  if (tab === undefined) throw new Error('There is no page.');
  shop.double.payments.pay(shop.page(tab), CARD);
  expect(() => {
    shop.double.payments.pay(shop.page(tab), CARD);
  }).toThrow('complete already');
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  const other = await customer.gql(BUY, { input: { ...input, amount: '11.00' } });
  expect(codeOf(other)).toBe('IDEMPOTENCY_MISMATCH');
});

test('F10: a checkout that costs nothing gives nothing', async () => {
  const purchase = await shop.buy(customer);
  const page = shop.page(purchase);
  Object.assign(page, {
    status: 'complete',
    payment_status: 'no_payment_required',
    amount_total: 0,
  });
  shop.double.webhooks.emit('checkout.session.completed', page);
  await shop.catchUp();
  expect([await shop.state(purchase), await shop.posted(customer)]).toEqual(['FAILED', 0n]);
});

test.each([
  ['less', { amount_total: 100 }],
  ['another currency', { currency: 'jpy' }],
])(
  'F11: %s than was asked for gives nothing by itself, and is looked at',
  async (_name, change) => {
    const purchase = await shop.buy(customer);
    Object.assign(shop.page(purchase), change);
    shop.double.payments.pay(shop.page(purchase), CARD);
    await shop.catchUp();
    expect([await shop.state(purchase), await shop.posted(customer)]).toEqual(['REVIEW', 0n]);
    expect(shop.log.some((line) => line.includes(purchase.id) && line.includes('look at it'))).toBe(
      true,
    );
  },
);

test('F11: what an event says of amount, account and purchase counts for nothing', async () => {
  const other = await shop.customer();
  const [mine, theirs] = [await shop.buy(customer), await shop.buy(other, { amount: '1000.00' })];
  shop.double.payments.pay(shop.page(mine), CARD);
  const event = structuredClone(completed());
  Object.assign(event.data.object, {
    id: shop.page(theirs).id,
    client_reference_id: theirs.id,
    metadata: { purchase_id: theirs.id },
    amount_total: 999_999_99,
    payment_status: 'paid',
  });
  expect(await shop.send(event)).toBe(200);
  await shop.handle();
  expect([await shop.posted(customer), await shop.posted(other)]).toEqual([0n, 0n]);
  expect(await shop.state(theirs)).toBe('PENDING');
});

test('F12: yen have no smaller unit', async () => {
  const purchase = await shop.buy(customer, { pack: 'starter', currency: 'jpy' });
  const page = shop.page(purchase);
  expect([page.amount_total, page.currency]).toEqual([800, 'jpy']);
  shop.double.payments.pay(page, CARD);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(5n * DOLLAR);
});

test('a declined card leaves the page open; another card pays', async () => {
  const purchase = await shop.buy(customer);
  for (const card of ['4000000000000002', '4000000000009995', '4000000000000069', '1234']) {
    expect(() => {
      shop.double.payments.pay(shop.page(purchase), card);
    }).toThrow();
    await shop.catchUp();
    expect([await shop.state(purchase), await shop.posted(customer)]).toEqual(['PENDING', 0n]);
  }
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

describe('F22: Stripe in trouble', () => {
  test.each(['429', '500', '409', 'reset', 'lost', 'truncated'] as const)(
    '%s while a page is made: the same page in the end, and one purchase',
    async (fault) => {
      shop.double.faults.plan(fault, /POST \/v1\/checkout/, 2);
      const purchase = await shop.buy(customer);
      const pages = shop.double.store
        .all('checkout.session')
        .filter(({ client_reference_id: id }) => id === purchase.id);
      expect(pages.map(({ url }) => url)).toEqual([purchase.checkoutUrl]);
    },
  );

  test('away for longer: 503, and the same key opens the page when it is back', async () => {
    const input = { amount: '10.00', idempotencyKey: 'patience' };
    shop.double.faults.plan('reset', /POST \/v1\/checkout/, 100);
    expect(codeOf(await customer.gql(BUY, { input }))).toBe('UPSTREAM_UNAVAILABLE');
    shop.double.faults.clear();
    const purchase = await shop.buy(customer, input);
    shop.double.payments.pay(shop.page(purchase), CARD);
    await shop.catchUp();
    expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  });

  test('away while an event is handled: it comes again', async () => {
    const purchase = await shop.buy(customer);
    shop.double.payments.pay(shop.page(purchase), CARD);
    shop.double.faults.plan('reset', /GET/, 100);
    expect(await shop.send(completed())).toBe(200);
    await shop.app.services.stripeEvents.turn();
    expect(await shop.app.services.stripeEvents.counts()).toMatchObject({ waiting: 1, dead: 0 });
    shop.double.faults.clear();
    await shop.database.query(`UPDATE stripe_event SET not_before = 'epoch'`, []);
    await shop.handle();
    expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  });
});

test('what belongs to another product at the same Stripe account is left alone', async () => {
  const { store, webhooks, payments } = shop.double;
  const purchase = await shop.buy(customer);
  const session = structuredClone(shop.page(purchase));
  Object.assign(session, { id: 'cs_test_foreign', client_reference_id: null, metadata: {} });
  store.intentTerms[session.id] = { metadata: {}, setup_future_usage: null };
  store.put(session);
  payments.pay(session, CARD);
  webhooks.emit('customer.updated', store.all('customer')[0] ?? session);
  await shop.catchUp();
  expect(await shop.app.services.stripeEvents.counts()).toEqual({ waiting: 0, dead: 0 });
  expect(await shop.posted(customer)).toBe(0n);
});

/** The n-th order of a list. */
function permutation<T>(list: readonly T[], n: number): T[] {
  const rest = [...list];
  const order: T[] = [];
  for (let left = rest.length, code = n; left > 0; left -= 1) {
    order.push(...rest.splice(code % left, 1));
    code = Math.floor(code / left);
  }
  return order;
}
