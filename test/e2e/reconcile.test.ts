import { CARD, DOLLAR, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';

/** I8, F6, F43: what Stripe's balance says is what we have, day by day, to the cent. */

const DAY_S = 86_400;
let shop: Shop;
let customer: Caller;
beforeEach(async () => {
  shop = await startShop();
  await shop.skipToNoon();
  customer = await shop.customer();
});
afterEach(() => shop.stop());

/** A minute later: what happens right now is left out. */
const run = async () => {
  await shop.skip(60);
  return shop.app.services.reconciler.run();
};

test('every webhook lost for three days: purchases, refunds and disputes are found and repaired', async () => {
  const purchases = [];
  for (let day = 0; day < 3; day += 1) {
    for (const card of [CARD, CARD, '4000000000000259']) {
      const purchase = await shop.buy(customer);
      shop.double.payments.pay(shop.page(purchase), card);
      purchases.push(purchase);
    }
    const [charge] = shop.double.store.all('charge').slice(1);
    if (charge === undefined) throw new Error('Nothing was charged.');
    shop.double.reversals.refund(charge, { amount: 250, metadata: {}, reason: null });
    await shop.skip(DAY_S);
  }
  const first = await run();
  expect(first.differences).toEqual([]);
  expect(first.days.map(({ stripeMinor, oursMinor }) => [stripeMinor, oursMinor])).toEqual(
    Array(3).fill([1_750n, 1_750n]),
  );
  expect(await shop.posted(customer)).toBe(60n * DOLLAR - (15n * DOLLAR) / 2n);
  await shop.verify();

  const again = await run();
  expect([again.repaired, again.differences]).toEqual([[], []]);
  // What comes late changes nothing.
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(60n * DOLLAR - (15n * DOLLAR) / 2n);
  await shop.verify();
});

test('a refund whose webhook was lost, of a purchase that is long settled', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  await shop.skip(40 * DAY_S);
  shop.double.reversals.refund(await shop.charge(purchase), {
    amount: 400,
    metadata: {},
    reason: null,
  });
  const { repaired, differences } = await run();
  expect([repaired, differences]).toEqual([[purchase.id], []]);
  expect(await shop.posted(customer)).toBe(6n * DOLLAR);
  await shop.verify();
});

test('a payment whose answer and webhooks were lost, so that its purchase does not know it', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.database.query(
    `UPDATE purchase SET session_id = NULL, payment_intent_id = NULL WHERE id = $1`,
    [purchase.id],
  );
  const { repaired, differences } = await run();
  expect([repaired, differences]).toEqual([[purchase.id], []]);
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  await shop.verify();
  expect(await run()).toMatchObject({ repaired: [], differences: [] });
});

test('F43: a payment that a restored database has forgotten is shown', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.database.query('DELETE FROM purchase WHERE id = $1', [purchase.id]);
  const { differences, days } = await run();
  expect(differences).toEqual([
    {
      id: expect.stringMatching(/^txn_/) as string,
      purchaseId: purchase.id,
      problem: 'missing here',
    },
  ]);
  expect(days.map(({ stripeMinor, oursMinor }) => [stripeMinor, oursMinor])).toEqual([
    [1_000n, 0n],
  ]);
});

test('a line that Stripe does not have, or has with another amount, is shown', async () => {
  const [gone, other] = [await shop.buy(customer), await shop.buy(customer)];
  for (const purchase of [gone, other]) shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  const line = (await shop.charge(other)).balance_transaction as string;
  await shop.database.query('ALTER TABLE payment_movement DISABLE TRIGGER USER', []);
  await shop.database.query('UPDATE payment_movement SET amount_minor = 999 WHERE id = $1', [line]);
  await shop.database.query(`UPDATE payment_movement SET id = 'txn_nowhere' WHERE id <> $1`, [
    line,
  ]);
  const { differences } = await run();
  expect(differences.map(({ problem }) => problem).sort()).toEqual([
    'another amount',
    'missing at Stripe',
    'missing here',
  ]);
});

test('another product at the same Stripe account is left out', async () => {
  const { store, payments } = shop.double;
  const purchase = await shop.buy(customer);
  const foreign = structuredClone(shop.page(purchase));
  Object.assign(foreign, { id: 'cs_test_foreign', client_reference_id: null, metadata: {} });
  store.intentTerms[foreign.id] = { metadata: {}, setup_future_usage: null };
  payments.pay(store.put(foreign), CARD);
  expect(await run()).toMatchObject({ days: [], repaired: [], differences: [] });
});

test('while Stripe is away it says so, and changes nothing', async () => {
  shop.double.faults.plan('reset', /balance_transactions/, 100);
  await expect(run()).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
});

test('more lines than fit on a page', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  const charge = await shop.charge(purchase);
  for (let cent = 0; cent < 250; cent += 1) {
    shop.double.reversals.refund(charge, { amount: 1, metadata: {}, reason: null });
  }
  const { days, differences } = await run();
  expect(differences).toEqual([]);
  expect(days[0]?.oursMinor).toBe(750n);
  expect(await shop.posted(customer)).toBe((15n * DOLLAR) / 2n);
  await shop.verify();
});
