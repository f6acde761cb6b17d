import Stripe from 'stripe';
import { startTill, type Till } from '../support/stripe-till.js';

/** Idempotency keys, as docs.stripe.com/api/idempotent_requests has them. */

const DAY_S = 86_400;
let till: Till;
let stripe: Stripe;
beforeAll(async () => {
  till = await startTill();
  ({ stripe } = till);
});
afterEach(() => {
  till.double.faults.clear();
});
afterAll(() => till.double.stop());

const named = (name: string, idempotencyKey: string) =>
  stripe.customers.create({ name }, { idempotencyKey });
const count = () => till.double.store.all('customer').length;

test('the same key and the same request are one, and the answer is the same', async () => {
  const first = await named('Jo', 'one');
  const before = count();
  const again = await named('Jo', 'one');
  expect(again).toEqual(first);
  expect(count()).toBe(before);
  const replayed = ({ lastResponse }: Stripe.Response<Stripe.Customer>) =>
    lastResponse.headers['idempotent-replayed'];
  expect([replayed(first), replayed(again)]).toEqual([undefined, 'true']);
  expect(again.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
  expect((await named('Jo', 'two')).id).not.toBe(first.id);
});

test('another request, or another address, under the same key is refused', async () => {
  await named('Jo', 'taken');
  const { StripeIdempotencyError } = Stripe.errors;
  await expect(named('Jack', 'taken')).rejects.toThrow(StripeIdempotencyError);
  const refund = stripe.refunds.create({ charge: 'ch_1' }, { idempotencyKey: 'taken' });
  await expect(refund).rejects.toMatchObject({
    type: 'StripeIdempotencyError',
    statusCode: 400,
    message: expect.stringContaining(`for the same endpoint`) as string,
  });
});

test('a 500 is kept as well: asked again, it is the same 500, and nothing was done', async () => {
  const before = count();
  till.double.faults.plan('stored-500', /customers/);
  await expect(named('Jo', 'unlucky')).rejects.toThrow(Stripe.errors.StripeAPIError);
  await expect(named('Jo', 'unlucky')).rejects.toMatchObject({ statusCode: 500 });
  expect(count()).toBe(before);
  await named('Jo', 'another key');
  expect(count()).toBe(before + 1);
});

test('a 500, 429 or 409 before anything began is not kept', async () => {
  for (const fault of ['500', '429', '409'] as const) {
    till.double.faults.plan(fault, /customers/);
    await expect(named('Jo', fault)).rejects.toThrow(Stripe.errors.StripeError);
    expect((await named('Jo', fault)).name).toBe('Jo');
  }
});

test('an answer that was lost is there under its key', async () => {
  const before = count();
  for (const fault of ['lost', 'truncated'] as const) {
    till.double.faults.plan(fault, /customers/, 2);
    await expect(named('Jo', fault)).rejects.toThrow(Stripe.errors.StripeConnectionError);
    till.double.faults.clear();
    await named('Jo', fault);
  }
  expect(count()).toBe(before + 2);
});

test('a declined card is kept: under the same key it is not charged again', async () => {
  const { id: customer } = await till.customer();
  const card = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer });
  const charge = () =>
    stripe.paymentIntents
      .create(
        {
          ...{ amount: 500, currency: 'usd', customer, payment_method: card.id },
          ...{ off_session: true, confirm: true },
        },
        { idempotencyKey: 'top-up' },
      )
      .catch((error: unknown) => (error as Stripe.errors.StripeCardError).payment_intent);
  expect(await charge()).toEqual(await charge());
  expect((await stripe.paymentIntents.list({ customer })).data).toHaveLength(1);
});

test('what was refused before it began may be sent again in another form', async () => {
  const options = { idempotencyKey: 'second thoughts' };
  const surprise = { surprise: '1' } as Stripe.CustomerCreateParams;
  for (const refused of [
    stripe.customers.create(surprise, options),
    stripe.refunds.create({ charge: 'ch_no' }, options),
    stripe.checkout.sessions.retrieve('cs_no', {}, options),
  ]) {
    await expect(refused).rejects.toThrow(Stripe.errors.StripeInvalidRequestError);
  }
  expect((await stripe.customers.create({ name: 'Jo' }, options)).name).toBe('Jo');
});

test('a key is known for a day, and then forgotten', async () => {
  const first = await named('Jo', 'old');
  till.skip(DAY_S - 1);
  expect((await named('Jo', 'old')).id).toBe(first.id);
  till.skip(1);
  const second = await named('Jack', 'old');
  expect(second.id).not.toBe(first.id);
  expect((await named('Jack', 'old')).id).toBe(second.id);
});

test('the same request many times at once is one', async () => {
  const before = count();
  const all = await Promise.all(Array.from({ length: 20 }, () => named('Jo', 'at once')));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(count()).toBe(before + 1);
});
