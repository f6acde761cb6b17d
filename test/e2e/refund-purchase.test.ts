import { errorOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { type Bought, codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { operatorOf } from '../support/operators.js';
import { type Person, signIn, signUp } from '../support/people.js';
import type { Caller } from '../support/platform.js';

const OPERATOR = 'operator@example.org';
const outbox = temporaryFolder();
let shop: Shop;
let customer: Caller;
let operator: Person;
beforeAll(async () => {
  shop = await startShop({
    mail: { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path },
  });
  operator = operatorOf(await signUp({ url: shop.url, outboxDir: outbox.path }, OPERATOR));
  await shop.app.services.accounts.setOperator(OPERATOR, true);
});
beforeEach(async () => {
  customer = await shop.customer();
  shop.double.faults.clear();
});
afterEach(() => shop.verify());
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const REFUND = `mutation ($input: RefundPurchaseInput!) {
  refundPurchase(input: $input) {
    purchase { id clawedBackNanos refundable { amount } }
    userErrors { code message path details }
  }
}`;
let keys = 0;
const ask = (purchase: Bought, amount?: string, idempotencyKey = `refund ${String((keys += 1))}`) =>
  operator.gql(REFUND, {
    input: { purchaseId: purchase.id, reason: 'asked for it', idempotencyKey, amount },
  });

test('gives back at most what is unspent of that very purchase', async () => {
  const [first, second] = [await shop.paid(customer), await shop.paid(customer)];
  await shop.spend(customer, 4n * DOLLAR);
  expect(codeOf(await ask(first, '6.01'))).toBe('CONFLICT');
  const { body } = await ask(first);
  expect(body.data.refundPurchase.purchase).toMatchObject({
    clawedBackNanos: '6000000000',
    refundable: { amount: '0.00' },
  });
  expect((await shop.charge(first)).amount_refunded).toBe(600);
  expect(codeOf(await ask(first, '0.01'))).toBe('CONFLICT');
  expect(errorOf(await ask(second, '10.00'))).toBeUndefined();
  expect(await shop.posted(customer)).toBe(0n);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(0n);
});

test('what is held by calls in flight is not given back', async () => {
  const purchase = await shop.paid(customer);
  await shop.app.services.credits.hold({
    runId: `run_${purchase.id}`,
    accountId: customer.accountId,
    keyId: null,
    nanos: 3n * DOLLAR,
    ttlMs: 60_000,
    details: {},
  });
  expect(codeOf(await ask(purchase, '7.01'))).toBe('CONFLICT');
  expect(errorOf(await ask(purchase, '7.00'))).toBeUndefined();
});

test('one key is one refund, also at once; two keys are two', async () => {
  const purchase = await shop.paid(customer);
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask(purchase, '2.00', 'the same')));
  expect(answers.map(codeOf)).toEqual([undefined, undefined, undefined, undefined]);
  await ask(purchase, '2.00', 'another');
  await shop.catchUp();
  expect((await shop.charge(purchase)).amount_refunded).toBe(400);
  expect(await shop.posted(customer)).toBe(6n * DOLLAR);
});

test('when Stripe refuses, the credit is back', async () => {
  const purchase = await shop.paid(customer);
  (await shop.charge(purchase)).disputed = true;
  const refused = await ask(purchase, '2.00');
  expect(codeOf(refused)).toBe('CONFLICT');
  expect(errorOf(refused)?.message).toMatch(/Stripe refused/);
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('when the answer is lost, it is one refund, and asked again it stays one', async () => {
  const purchase = await shop.paid(customer);
  shop.double.faults.plan('lost', /POST \/v1\/refunds/, 100);
  expect(codeOf(await ask(purchase, '2.00', 'lost'))).toBe('UPSTREAM_UNAVAILABLE');
  expect(await shop.posted(customer)).toBe(8n * DOLLAR);
  shop.double.faults.clear();
  expect(errorOf(await ask(purchase, '2.00', 'lost'))).toBeUndefined();
  await shop.catchUp();
  expect((await shop.charge(purchase)).amount_refunded).toBe(200);
  expect(await shop.posted(customer)).toBe(8n * DOLLAR);
});

test('a refund whose answer was lost, and that nobody asks for again, is finished', async () => {
  const [there, lost] = [await shop.paid(customer), await shop.paid(customer)];
  shop.double.faults.plan('lost', /POST \/v1\/refunds/, 100);
  expect(codeOf(await ask(there, '2.00'))).toBe('UPSTREAM_UNAVAILABLE');
  shop.double.faults.clear();
  shop.double.faults.plan('reset', /POST \/v1\/refunds/, 100);
  expect(codeOf(await ask(lost, '3.00'))).toBe('UPSTREAM_UNAVAILABLE');
  shop.double.faults.clear();
  await shop.skip(60);
  await shop.app.services.refunds.turn();
  expect((await shop.charge(there)).amount_refunded).toBe(200);
  expect((await shop.charge(lost)).amount_refunded).toBe(300);
  expect(await shop.posted(customer)).toBe(15n * DOLLAR);
});

test('an error that Stripe keeps for a refund does not keep it from being made, once', async () => {
  const purchase = await shop.paid(customer);
  shop.double.faults.plan('stored-500', /POST \/v1\/refunds/);
  expect(codeOf(await ask(purchase, '2.00', 'kept'))).toBe('UPSTREAM_UNAVAILABLE');
  await shop.skip(60);
  await shop.app.services.refunds.turn();
  await shop.app.services.refunds.turn();
  expect(errorOf(await ask(purchase, '2.00', 'kept'))).toBeUndefined();
  expect((await shop.charge(purchase)).amount_refunded).toBe(200);
  await shop.catchUp();
  expect(await shop.posted(customer)).toBe(8n * DOLLAR);
});

test('F23: a refund that never reached Stripe is given up after a day, and its credit is back', async () => {
  const purchase = await shop.paid(customer);
  shop.double.faults.plan('reset', /POST \/v1\/refunds/, 100);
  expect(codeOf(await ask(purchase, '2.00', 'never came'))).toBe('UPSTREAM_UNAVAILABLE');
  shop.double.faults.clear();
  await shop.skip(25 * 3_600);
  operator = operatorOf(await signIn(shop.url, OPERATOR));
  await shop.app.services.refunds.turn();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  expect(codeOf(await ask(purchase, '2.00', 'never came'))).toBe('CONFLICT');
});

test('another amount under the same key is refused', async () => {
  const purchase = await shop.paid(customer);
  await ask(purchase, '2.00', 'one key');
  expect(codeOf(await ask(purchase, '3.00', 'one key'))).toBe('IDEMPOTENCY_MISMATCH');
  expect((await shop.charge(purchase)).amount_refunded).toBe(200);
});

test.each([
  ['0', /more than 0/],
  ['-1', /not an amount/],
  ['1.001', /steps of/],
])('%s is refused', async (amount, message) => {
  const answer = await ask(await shop.paid(customer), amount);
  expect(errorOf(answer)?.message).toMatch(message);
});

test('an unpaid or unknown purchase is refused', async () => {
  expect(codeOf(await ask(await shop.buy(customer)))).toBe('CONFLICT');
  expect(codeOf(await ask({ id: 'pur_nothing', state: '', checkoutUrl: null }))).toBe('NOT_FOUND');
});
