import Stripe from 'stripe';
import { startTill, type Till } from '../support/stripe-till.js';

/** The double refuses as Stripe does, and the SDK makes the same errors of it. */

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

/** What a call fails with, as far as our code looks at it. */
async function failure(work: Promise<unknown>) {
  const error: unknown = await work.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
  const { type, statusCode, code, param, message, payment_intent } = error;
  return { type, statusCode, code, param, message, payment_intent, error };
}
const INVALID = 'StripeInvalidRequestError';

describe('what Stripe does not take', () => {
  test('no key', async () => {
    const { hostname: host, port } = new URL(till.double.url);
    const authenticator = () => Promise.resolve();
    const nobody = new Stripe('', { host, port, protocol: 'http', authenticator });
    expect(await failure(nobody.customers.list())).toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
    });
  });

  test('an address that it does not have', async () => {
    expect(await failure(stripe.products.list())).toMatchObject({
      type: INVALID,
      statusCode: 404,
      message: expect.stringMatching(/^Unrecognized request URL \(GET: \/v1\/products\)/) as string,
    });
  });

  test('an unknown parameter, also deep inside, and a filter that a list does not have', async () => {
    const unknown = { type: INVALID, statusCode: 400, code: 'parameter_unknown' };
    const surprise = { surprise: '1' } as Stripe.CustomerCreateParams;
    expect(await failure(stripe.customers.create(surprise))).toMatchObject({
      ...unknown,
      param: 'surprise',
    });
    const product_data = { name: 'Credit' };
    const price_data = { currency: 'usd', unit_amount: 100, product_data, color: 'red' };
    const line_items = [
      { price_data },
    ] as unknown as Stripe.Checkout.SessionCreateParams['line_items'];
    expect(await failure(till.sell(line_items === undefined ? {} : { line_items }))).toMatchObject({
      ...unknown,
      param: 'line_items[0][price_data][color]',
    });
    const filter = { charge: 'ch_1' } as Stripe.CustomerListParams;
    expect(await failure(stripe.customers.list(filter))).toMatchObject({
      ...unknown,
      param: 'charge',
    });
  });

  test('a parameter that is missing, or no number', async () => {
    const { id: customer } = await till.customer();
    const less = { mode: 'payment', customer } as Stripe.Checkout.SessionCreateParams;
    expect(await failure(stripe.checkout.sessions.create(less))).toMatchObject({
      code: 'parameter_missing',
      param: 'success_url',
    });
    const limit = 'many' as unknown as number;
    expect(await failure(stripe.customers.list({ limit }))).toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'limit',
    });
    expect(await failure(stripe.customers.list({ limit: 101 }))).toMatchObject({ param: 'limit' });
  });

  test('payment_method_types, which this version has no more', async () => {
    const types = {
      payment_method_types: ['card'],
    } as Partial<Stripe.Checkout.SessionCreateParams>;
    const gone = { type: INVALID, code: 'payment_method_types_no_longer_supported' };
    expect(await failure(till.sell(types))).toMatchObject(gone);
    const intent = { amount: 100, currency: 'usd', ...types } as Stripe.PaymentIntentCreateParams;
    expect(await failure(stripe.paymentIntents.create(intent))).toMatchObject(gone);
  });

  test('what is not there: 404 in an address, 400 in a parameter', async () => {
    const missing = { type: INVALID, code: 'resource_missing' };
    expect(await failure(stripe.customers.retrieve('cus_no'))).toMatchObject({
      ...missing,
      statusCode: 404,
      message: `No such customer: 'cus_no'`,
    });
    expect(await failure(till.sell({ customer: 'cus_no' }))).toMatchObject({
      ...missing,
      statusCode: 400,
      param: 'customer',
    });
    const refund = stripe.refunds.create({ payment_intent: 'pi_no' });
    expect(await failure(refund)).toMatchObject({ ...missing, param: 'payment_intent' });
  });

  test.each([
    ['49 cents', { unit_amount: 49, currency: 'usd' }, 'amount_too_small'],
    ['a million', { unit_amount: 100_000_000, currency: 'usd' }, 'amount_too_large'],
    ['another planet’s money', { unit_amount: 100, currency: 'xyz' }, undefined],
  ])('%s', async (_name, price, code) => {
    const price_data = { ...price, product_data: { name: 'Credit' } };
    const sale = till.sell({ line_items: [{ quantity: 1, price_data }] });
    expect(await failure(sale)).toMatchObject({ type: INVALID, ...(code && { code }) });
  });
});

describe('cards', () => {
  test.each([
    ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
    ['pm_card_authenticationRequired', 'authentication_required', 'authentication_required'],
  ])('%s is charged: %s', async (card, code, decline_code) => {
    const { id: customer } = await till.customer();
    const { id: payment_method } = await stripe.paymentMethods.attach(card, { customer });
    const { error, ...told } = await failure(
      stripe.paymentIntents.create({
        ...{ amount: 500, currency: 'usd', customer, payment_method },
        ...{ off_session: true, confirm: true, metadata: { purchase_id: 'pur_1' } },
      }),
    );
    expect(told).toMatchObject({ type: 'StripeCardError', statusCode: 402, code });
    expect(error).toMatchObject({ decline_code, payment_method: { id: payment_method } });
    const intent = await stripe.paymentIntents.retrieve(told.payment_intent?.id ?? '');
    expect(intent).toEqual(told.payment_intent);
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      metadata: { purchase_id: 'pur_1' },
      latest_charge: error.charge,
    });
    expect((await stripe.paymentIntents.cancel(intent.id)).status).toBe('canceled');
  });

  test('a payment that has ended cannot be cancelled', async () => {
    const { intent } = await till.sold();
    const told = await failure(stripe.paymentIntents.cancel(intent.id));
    expect(told).toMatchObject({ type: INVALID, code: 'payment_intent_unexpected_state' });
    expect(told.payment_intent?.id).toBe(intent.id);
  });

  test('a refund of more than is left, of nothing, of what is disputed', async () => {
    const { intent, charge } = await till.sold();
    const refund = (more: object) => stripe.refunds.create({ payment_intent: intent.id, ...more });
    await refund({ amount: 2_000 });
    expect(await failure(refund({ amount: 501 }))).toMatchObject({
      type: INVALID,
      param: 'amount',
    });
    await refund({});
    expect(await failure(refund({}))).toMatchObject({ code: 'charge_already_refunded' });

    const disputed = await till.sold();
    const stored = till.double.store.find('charge', disputed.charge.id);
    if (stored !== undefined) till.double.reversals.open(stored);
    const of = stripe.refunds.create({ charge: disputed.charge.id });
    expect(await failure(of)).toMatchObject({ code: 'charge_disputed' });

    const page = await till.sell();
    await till.press(page, 'decline');
    const { payment_intent } = await stripe.checkout.sessions.retrieve(page.id);
    const unpaid = stripe.refunds.create({ payment_intent: payment_intent as string });
    expect(await failure(unpaid)).toMatchObject({
      type: INVALID,
      message: expect.stringMatching(/does not have a successful charge/) as string,
    });
    expect((await stripe.charges.retrieve(charge.id)).amount_refunded).toBe(2_500);
  });
});

test('meters: what is told twice, too late, too early, too long, for nobody', async () => {
  const { id } = await till.customer();
  const tell = (more: Partial<Stripe.Billing.MeterEventCreateParams> = {}) =>
    stripe.billing.meterEvents.create({
      event_name: 'usage',
      payload: { stripe_customer_id: id, value: '1' },
      ...more,
    });
  await tell({ identifier: 'hour 1' });
  const again = await failure(tell({ identifier: 'hour 1' }));
  expect(again).toMatchObject({ type: INVALID, statusCode: 400 });
  expect(again.message).toMatch(/already exists with identifier/);
  const value = (text: string, customer = id) => ({
    payload: { stripe_customer_id: customer, value: text },
  });
  for (const [more, code] of [
    [{ timestamp: till.now() - 35 * 86_400 - 1 }, 'timestamp_too_far_in_past'],
    [{ timestamp: till.now() + 301 }, 'timestamp_in_future'],
    [value('1234567890123456'), 'meter_event_value_too_many_digits'],
    [value('many'), 'meter_event_invalid_value'],
    [value('1', 'cus_no'), 'meter_event_customer_not_found'],
  ] as const) {
    expect(await failure(tell(more))).toMatchObject({ type: INVALID, code });
  }
  expect(till.double.meters.total('usage')).toBe(1n);
  till.skip(86_401);
  await tell({ identifier: 'hour 1' });
  expect(till.double.meters.total('usage')).toBe(2n);
});

test.each([
  ['429', { type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' }],
  ['500', { type: 'StripeAPIError', statusCode: 500 }],
  ['409', { type: 'StripeAPIError', statusCode: 409, code: 'idempotency_key_in_use' }],
  ['reset', { type: 'StripeConnectionError' }],
  ['lost', { type: 'StripeConnectionError' }],
  ['truncated', { type: 'StripeConnectionError' }],
  ['timeout', { type: 'StripeConnectionError' }],
] as const)('in trouble: %s', async (fault, expected) => {
  // A connection that is reset is tried again once, whatever the SDK is told.
  till.double.faults.plan(fault, /POST/, 2);
  expect(await failure(till.customer())).toMatchObject(expected);
});
