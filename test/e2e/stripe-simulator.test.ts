import type { Stripe } from 'stripe';
import { startTill, type Till, WHOLE } from '../support/stripe-till.js';
import { readShapes, type Shapes } from '../support/stripe-shape.js';

/**
 * The double answers as Stripe does: each answer in the life of a payment, through the real SDK, against
 * Stripe's own example objects and the types of the SDK.
 */

/** Where an answer differs from the example, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'charge.refunds': 'since API version 2022-11-15 a charge holds its refunds only when asked to',
  'billing.meter.id': 'the example has a made-up prefix; real meters begin with mtr_',
};

let till: Till;
let stripe: Stripe;
let shapes: Shapes;
const seen = new Set<string>();
beforeAll(async () => {
  shapes = readShapes();
  till = await startTill();
  ({ stripe } = till);
});
afterAll(() => till.double.stop());

/** Fails unless an answer, and all objects in it, are as documented. */
function conforms<T extends object>(answer: T): T {
  expect(shapes.problemsOf(answer, Object.keys(DIFFERENCES))).toEqual([]);
  for (const kind of JSON.stringify(answer).matchAll(/"object":"([a-z_.]+)"/g)) {
    seen.add(kind[1] ?? '');
  }
  return answer;
}

test('a customer, and a page before it is paid', async () => {
  const { id } = conforms(await till.customer());
  conforms(await stripe.customers.retrieve(id));
  const session = conforms(await till.sell({ customer: id }));
  expect(session).toMatchObject({
    status: 'open',
    payment_status: 'unpaid',
    amount_total: 2_500,
    // Made when somebody tries to pay, not before.
    payment_intent: null,
    expires_at: till.now() + 86_400,
  });
  expect(conforms(await stripe.checkout.sessions.expire(session.id)).status).toBe('expired');
});

test('a payment, with all that hangs on it', async () => {
  const { session, intent, charge } = await till.sold({
    payment_intent_data: { metadata: { a: 'b' }, setup_future_usage: 'off_session' },
  });
  conforms(session);
  expect([session.status, session.payment_status, intent.status]).toEqual([
    'complete',
    'paid',
    'succeeded',
  ]);
  // What was written on the page does not reach the payment; what was meant for it does.
  expect([session.metadata, intent.metadata, charge.metadata]).toEqual([
    { purchase_id: 'pur_1' },
    { a: 'b' },
    { a: 'b' },
  ]);
  expect(charge.balance_transaction).toMatchObject({
    amount: 2_500,
    net: 2_500,
    source: charge.id,
  });
  const method = conforms(await stripe.paymentMethods.retrieve(intent.payment_method as string));
  expect(method).toMatchObject({ customer: session.customer, card: { last4: '4242' } });
  conforms(await stripe.charges.retrieve(charge.id));
  conforms(await stripe.paymentMethods.detach(method.id));
});

test('tax on top', async () => {
  const taxed = conforms(await till.sell({ automatic_tax: { enabled: true } }));
  expect(taxed).toMatchObject({ amount_subtotal: 2_500, amount_total: 2_750 });
  expect(taxed.total_details?.amount_tax).toBe(250);
});

test('a declined card leaves a failed charge, and the page open', async () => {
  const { id, url } = await till.sell();
  expect((await till.press({ url }, 'decline')).status).toBe(402);
  const session = conforms(await stripe.checkout.sessions.retrieve(id, WHOLE));
  const intent = session.payment_intent as Stripe.PaymentIntent;
  expect([session.status, intent.status]).toEqual(['open', 'requires_payment_method']);
  expect(intent.latest_charge).toMatchObject({ status: 'failed', balance_transaction: null });
  expect(intent.last_payment_error).toMatchObject({
    code: 'card_declined',
    decline_code: 'generic_decline',
  });
});

test('refunds: in part, of the rest, waiting, failed', async () => {
  const { intent, charge } = await till.sold();
  const part = { payment_intent: intent.id, amount: 1_000, metadata: { refund_request_id: 'r' } };
  const expand = ['balance_transaction', 'charge'];
  const first = conforms(await stripe.refunds.create({ ...part, expand }));
  expect(first).toMatchObject({
    status: 'succeeded',
    balance_transaction: { amount: -1_000, type: 'refund' },
    charge: { amount_refunded: 1_000, refunded: false },
  });
  await stripe.refunds.create({ charge: charge.id, reason: 'requested_by_customer' });
  const list = conforms(await stripe.refunds.list({ payment_intent: intent.id, limit: 1 }));
  expect([list.data.map(({ amount }) => amount), list.has_more]).toEqual([[1_500], true]);
  expect((await stripe.charges.retrieve(charge.id)).refunded).toBe(true);

  const other = await till.sell();
  await till.press(other, 'pay', '4000000000005126');
  const { payment_intent: paid } = await stripe.checkout.sessions.retrieve(other.id);
  const { id } = await stripe.refunds.create({ payment_intent: paid as string });
  const waits = till.double.store.find('refund', id);
  if (waits === undefined) throw new Error('It is not there.');
  till.double.reversals.settleRefund(waits, 'failed');
  const failed = conforms(
    await stripe.refunds.retrieve(id, { expand: ['failure_balance_transaction'] }),
  );
  expect(failed).toMatchObject({
    status: 'failed',
    failure_balance_transaction: { amount: 2_500 },
  });
});

test('a dispute, from its inquiry to its end', async () => {
  const { charge } = await till.sold();
  const stored = till.double.store.find('charge', charge.id);
  if (stored === undefined) throw new Error('It is not there.');
  const dispute = till.double.reversals.open(stored, { inquiry: true });
  const { id } = dispute;
  const at = async () => conforms(await stripe.disputes.retrieve(id));
  expect((await at()).status).toBe('warning_needs_response');
  till.double.reversals.escalate(dispute);
  expect((await at()).balance_transactions.map(({ amount }) => amount)).toEqual([-2_500]);
  till.double.reversals.close(dispute, 'won');
  expect(await at()).toMatchObject({
    status: 'won',
    balance_transactions: [{ amount: -2_500 }, { amount: 2_500 }],
  });
  conforms(await stripe.disputes.list({ charge: charge.id }));
});

test('a saved card, charged while its owner is away; the portal', async () => {
  const { id } = await till.customer();
  const page = await stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer: id,
    success_url: 'http://shop.test/',
  });
  await till.press(conforms(page), 'pay');
  const expand = ['setup_intent.payment_method'];
  const { setup_intent } = conforms(await stripe.checkout.sessions.retrieve(page.id, { expand }));
  const intent = setup_intent as Stripe.SetupIntent;
  expect(intent).toMatchObject({ status: 'succeeded', payment_method: { customer: id } });
  const { id: method } = intent.payment_method as Stripe.PaymentMethod;
  const away = {
    amount: 999,
    currency: 'usd',
    customer: id,
    payment_method: method,
    off_session: true,
    confirm: true,
  };
  const paid = conforms(await stripe.paymentIntents.create({ ...away, expand: ['latest_charge'] }));
  expect(paid).toMatchObject({ status: 'succeeded', amount_received: 999 });
  expect(paid.latest_charge).toMatchObject({ paid: true });
  conforms(await stripe.paymentIntents.list({ customer: id }));
  conforms(
    await stripe.billingPortal.sessions.create({ customer: id, return_url: 'http://a.test' }),
  );
});

test('a test card is attached without a page; detached, it is not taken again', async () => {
  const { id } = await till.customer();
  const method = conforms(await stripe.paymentMethods.attach('pm_card_visa', { customer: id }));
  expect([method.customer, method.id === 'pm_card_visa']).toEqual([id, false]);
  expect((await stripe.paymentMethods.list({ customer: id })).data).toHaveLength(1);
  await stripe.paymentMethods.detach(method.id);
  expect((await stripe.paymentMethods.list({ customer: id })).data).toEqual([]);
  await expect(stripe.paymentMethods.attach(method.id, { customer: id })).rejects.toThrow(
    'may not be used again',
  );
});

test('a meter and what is told to it', async () => {
  const meter = conforms(
    await stripe.billing.meters.create({
      display_name: 'Usage',
      event_name: 'usage',
      default_aggregation: { formula: 'sum' },
    }),
  );
  expect((await stripe.billing.meters.list({ status: 'active' })).data).toEqual([meter]);
  const payload = { stripe_customer_id: (await till.customer()).id, value: '12' };
  conforms(await stripe.billing.meterEvents.create({ event_name: 'usage', payload }));
  expect(till.double.meters.total('usage')).toBe(12n);
});

test('events, each with what it is about as it was', async () => {
  const { intent } = await till.sold();
  const { data } = conforms(await stripe.events.list({ limit: 100 }));
  const about = data.filter((event) => JSON.stringify(event.data.object).includes(intent.id));
  expect(about.map(({ type }) => type)).toEqual([
    'checkout.session.completed',
    'payment_intent.succeeded',
    'charge.succeeded',
    'payment_intent.created',
  ]);
  expect(about.at(-1)?.data.object).toMatchObject({ status: 'requires_payment_method' });
  conforms(await stripe.events.retrieve(about[0]?.id ?? ''));
});

test('lists: pages both ways, times, and each object of every list as documented', async () => {
  till.skip(1_000);
  const mine = (await till.customer()).id;
  const made = [];
  for (let at = 0; at < 5; at += 1) made.unshift((await till.sell({ customer: mine })).id);
  const idsOf = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id);
  const of = (more: Stripe.Checkout.SessionListParams) =>
    stripe.checkout.sessions.list({ customer: mine, limit: 2, ...more });
  const first = conforms(await of({}));
  expect([idsOf(first), first.has_more, first.url]).toEqual([
    made.slice(0, 2),
    true,
    '/v1/checkout/sessions',
  ]);
  const last = await of({ starting_after: made[2] ?? '' });
  expect([idsOf(last), last.has_more]).toEqual([made.slice(3), false]);
  const before = await of({ ending_before: made[3] ?? '' });
  expect([idsOf(before), before.has_more]).toEqual([made.slice(1, 3), true]);
  expect(idsOf({ data: await of({}).autoPagingToArray({ limit: 10 }) })).toEqual(made);
  expect(idsOf(await of({ created: { lt: till.now() } }))).toEqual([]);
  expect(idsOf(await of({ created: { gte: till.now() }, limit: 100 }))).toEqual(made);

  const lines = { expand: ['data.source'], limit: 100 };
  conforms(await stripe.balanceTransactions.list(lines));
  conforms(await stripe.customers.list());
  conforms(await stripe.setupIntents.list({ expand: ['data.payment_method'] }));
  conforms(await stripe.charges.list({ limit: 100 }));
});

test('nothing was left out, and each difference is still there', async () => {
  expect([...seen].sort().join(' ')).toBe(
    'balance_transaction billing.meter billing.meter_event billing_portal.session charge checkout.session customer dispute event list payment_intent payment_method refund setup_intent',
  );
  const { charge } = await till.sold();
  const problems = shapes.problemsOf({ charge, meters: await stripe.billing.meters.list() }, []);
  expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual(Object.keys(DIFFERENCES));
});

test('the comparison finds what is wrong', async () => {
  const wrong: Record<string, unknown> = { ...(await till.customer()) };
  Object.assign(wrong, {
    created: Date.now(),
    balance: '0',
    id: 'acct_1',
    surprise: 1,
    livemode: 2,
  });
  delete wrong.name;
  expect(shapes.problemsOf(wrong, []).sort()).toEqual([
    'customer.balance: "0" is no number',
    'customer.balance: a string, and a number in the example',
    expect.stringMatching(/^customer.created: \d+ is no time in seconds$/) as string,
    'customer.id: "acct_1" does not begin with cus_',
    'customer.livemode: 2 is no false',
    'customer.livemode: a number, and a boolean in the example',
    'customer.name: missing, and in the example',
    'customer.surprise: unknown to the SDK',
  ]);
});
