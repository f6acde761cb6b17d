import { CARD, codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';

/** F13: tax, discounts and other currencies change what is paid, never what a pack gives. */

/** A pack of 25.00 with a bonus, in nano-USD. */
const BUILDER = { pack: 'builder' };
const GIVES = 26n * DOLLAR;
let shop: Shop;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop({}, { tax: true });
});
beforeEach(async () => {
  customer = await shop.customer();
  shop.news();
});
afterEach(() => shop.verify());
afterAll(() => shop.stop());

const bought = async (change: object = {}) => {
  const purchase = await shop.buy(customer, BUILDER);
  Object.assign(shop.page(purchase), change);
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  return purchase;
};
const outcome = async (purchase: { id: string }) => [
  await shop.state(purchase),
  await shop.posted(customer),
];
const refund = async (purchase: { id: string }, amount?: number) => {
  const charge = await shop.charge(purchase);
  shop.double.reversals.refund(charge, { amount, metadata: {}, reason: null });
  await shop.catchUp();
};
/** As a promo code or tax leaves a page: in minor units. */
const totals = (amount_total: number, amount_tax: number, amount_discount = 0) => ({
  amount_total,
  total_details: { amount_discount, amount_shipping: 0, amount_tax },
});

test('F13: tax is paid on top of the price, and gives no credit', async () => {
  const purchase = await shop.buy(customer, BUILDER);
  expect(purchase).toMatchObject({ price: { amount: '25.00', currency: 'USD' } });
  expect(shop.page(purchase)).toMatchObject({
    ...totals(2_750, 250),
    amount_subtotal: 2_500,
    automatic_tax: { enabled: true },
  });
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  expect((await shop.charge(purchase)).amount).toBe(2_750);
  expect(await outcome(purchase)).toEqual(['PAID', GIVES]);
});

test('F13: a part of what was paid, tax included, takes the same part of the credit', async () => {
  const purchase = await bought();
  await refund(purchase, 1_375);
  expect(await shop.posted(customer)).toBe(GIVES / 2n);
  await refund(purchase, 275);
  expect(await shop.posted(customer)).toBe((GIVES * 4n) / 10n);
  await refund(purchase);
  expect(await outcome(purchase)).toEqual(['PAID', 0n]);
});

test('F13: the price without its tax is not all that was paid: it leaves the tax’s share', async () => {
  const purchase = await bought();
  await refund(purchase, 2_500);
  // 26.00 × 250 ÷ 2750, of which half a nano-dollar counts as one.
  expect(await shop.posted(customer)).toBe(2_363_636_364n);
});

test('F13: a dispute takes the credit with the tax, and gives both back', async () => {
  const purchase = await bought();
  const dispute = shop.double.reversals.open(await shop.charge(purchase));
  await shop.catchUp();
  expect([dispute.amount, await shop.posted(customer)]).toEqual([2_750, 0n]);
  shop.double.reversals.close(dispute, 'won');
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(GIVES);
});

test('F13: what can be refunded is what was paid, tax included, as far as it is unspent', async () => {
  const QUERY = '{ account { purchases { edges { node { refundable { amount currency } } } } } }';
  const refundable = async () =>
    (await customer.gql(QUERY)).body.data.account.purchases.edges[0].node.refundable;
  await bought();
  expect(await refundable()).toEqual({ amount: '27.50', currency: 'USD' });
  await shop.spend(customer, GIVES / 2n);
  expect(await refundable()).toEqual({ amount: '13.75', currency: 'USD' });
});

test.each([
  ['no tax where its customer lives', totals(2_500, 0)],
  ['more tax than elsewhere', totals(3_125, 625)],
  ['tax that is rounded', totals(2_701, 201)],
  ['a cent too much', totals(2_751, 250)],
])('F13: %s: the credit of the pack, no more and no less', async (_name, change) => {
  const purchase = await bought(change);
  expect(await outcome(purchase)).toEqual(['PAID', GIVES]);
});

test.each([
  ['a promo code that takes something off', totals(2_475, 225, 250)],
  ['a promo code, with tax that makes up for it', totals(2_640, 240, 100)],
  ['a promo code of a cent', totals(2_749, 250, 1)],
  ['tax that was taken out of the price', totals(2_500, 227)],
])('F13: %s: less than was asked for gives nothing, and is looked at', async (_name, change) => {
  const purchase = await bought(change);
  expect(await outcome(purchase)).toEqual(['REVIEW', 0n]);
  expect(shop.log.some((line) => line.includes(purchase.id) && line.includes('look at it'))).toBe(
    true,
  );
});

test('F13: a promo code that leaves nothing to pay gives nothing', async () => {
  const purchase = await shop.buy(customer, BUILDER);
  const page = shop.page(purchase);
  Object.assign(page, totals(0, 0, 2_500), {
    status: 'complete',
    payment_status: 'no_payment_required',
  });
  shop.double.webhooks.emit('checkout.session.completed', page);
  await shop.catchUp();
  expect(await outcome(purchase)).toEqual(['FAILED', 0n]);
});

test('F13: adaptive pricing is off; a page that shows another currency changes nothing', async () => {
  const purchase = await shop.buy(customer, BUILDER);
  expect(shop.page(purchase).adaptive_pricing).toEqual({ enabled: false });
  const presentment_details = { presentment_amount: 2_530, presentment_currency: 'eur' };
  Object.assign(shop.page(purchase), { presentment_details });
  shop.double.payments.pay(shop.page(purchase), CARD);
  await shop.catchUp();
  expect(await outcome(purchase)).toEqual(['PAID', GIVES]);
});

test.each([
  ['more of it', totals(410_000, 37_000)],
  ['as much of it', totals(2_750, 250)],
])('F13: paid in another currency, %s: nothing by itself', async (_name, change) => {
  const purchase = await bought({ ...change, currency: 'jpy' });
  expect(await outcome(purchase)).toEqual(['REVIEW', 0n]);
});

test('F13: tax is worked out on a page only, so nothing is bought without one', async () => {
  await shop.paid(customer);
  const SET =
    'mutation ($input: EnableAutoTopUpInput!) { enableAutoTopUp(input: $input) { autoTopUp { isEnabled } userErrors { code message path details } } }';
  const input = {
    ...{ thresholdNanos: '1000000000', amount: '10.00', monthlyCap: '30.00' },
    consent: true,
  };
  expect(codeOf(await customer.gql(SET, { input }))).toBe('CONFLICT');
});
