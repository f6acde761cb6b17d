import { type Bought, DOLLAR, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';
import { temporaryFolder } from '../support/folder.js';

/** F14–F16: money that goes back takes its credit along, whatever the order in which that is told. */

const REFUND_FAILS_LATER = '4000000000005126';
const REFUND_WAITS = '4000000000007726';
const outbox = temporaryFolder();
let shop: Shop;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop({
    mail: { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path },
  });
});
beforeEach(async () => {
  customer = await shop.customer();
  shop.news();
});
afterEach(() => shop.verify());
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const refund = async (purchase: Bought, cents: number) =>
  shop.double.reversals.refund(await shop.charge(purchase), {
    amount: cents,
    metadata: {},
    reason: null,
  });

test('F14: a full refund takes all credit back; three partial ones add up to it', async () => {
  const [full, partial] = [await shop.paid(customer), await shop.paid(customer)];
  await refund(full, 1_000);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  for (const [cents, left] of [
    [333, 6_670_000_000n],
    [333, 3_340_000_000n],
    [334, 0n],
  ] as const) {
    await refund(partial, cents);
    await shop.catchUp();
    expect(await shop.posted(customer)).toBe(left);
  }
});

test.each([
  ['failed', REFUND_FAILS_LATER],
  ['canceled', REFUND_WAITS],
] as const)(
  'F14: a refund takes the credit when it is made; once it has %s, the credit is back',
  async (end, card) => {
    const purchase = await shop.paid(customer, card);
    const made = await refund(purchase, 400);
    await shop.catchUp();
    expect(await shop.posted(customer)).toBe(6n * DOLLAR);
    shop.double.reversals.settleRefund(made, end);
    await shop.catchUp();
    expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  },
);

test('F15: a refund after the credit is spent leaves a debt: no hold, and the next purchase pays it', async () => {
  const purchase = await shop.paid(customer);
  await shop.spend(customer, 7n * DOLLAR);
  await refund(purchase, 1_000);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(-7n * DOLLAR);
  const hold = shop.app.services.credits.hold({
    runId: 'run_test_of_debt',
    accountId: customer.accountId,
    keyId: null,
    nanos: 1n,
    ttlMs: 1_000,
    details: {},
  });
  await expect(hold).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDIT' });
  await shop.paid(customer);
  expect(await shop.posted(customer)).toBe(3n * DOLLAR);
});

test('F16: a dispute takes the credit; won, it comes back; lost, it stays away', async () => {
  const [won, lost] = [await shop.paid(customer), await shop.paid(customer)];
  const { reversals } = shop.double;
  const toWin = reversals.open(await shop.charge(won));
  const toLose = reversals.open(await shop.charge(lost));
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(0n);
  reversals.close(toWin, 'won');
  reversals.close(toLose, 'lost');
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('F16: an inquiry moves nothing, until it becomes a dispute', async () => {
  const purchase = await shop.paid(customer, '4000000000001976');
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  const inquiry = shop.double.store
    .all('dispute')
    .find(({ payment_intent: id }) => id === shop.page(purchase).payment_intent);
  if (inquiry === undefined) throw new Error('Its bank did not inquire.');
  shop.double.reversals.escalate(inquiry);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(0n);
});

test('F16: a dispute on what was refunded in part takes no more than was given', async () => {
  const purchase = await shop.paid(customer);
  await refund(purchase, 600);
  shop.double.reversals.open(await shop.charge(purchase));
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(0n);
});

test('a card whose every payment is disputed gives and takes at once', async () => {
  await shop.paid(customer, '4000000000000259');
  expect(await shop.posted(customer)).toBe(0n);
});
