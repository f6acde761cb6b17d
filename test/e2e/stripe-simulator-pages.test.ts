import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Stripe } from 'stripe';
import { temporaryFolder } from '../support/folder.js';
import { rawRequest } from '../support/raw-request.js';
import { startTill, type Till } from '../support/stripe-till.js';

/** What people see of the double, in a browser. */

const DECLINED = '4000000000000002';
let till: Till;
let stripe: Stripe;
beforeAll(async () => {
  till = await startTill();
  ({ stripe } = till);
});
afterAll(() => till.double.stop());

const look = async (url: string | null) => (await fetch(url ?? '')).text();
const state = async ({ id }: { id: string }) => {
  const { status, payment_status } = await stripe.checkout.sessions.retrieve(id);
  return [status, payment_status];
};
const setup = async () =>
  stripe.checkout.sessions.create({
    mode: 'setup',
    currency: 'usd',
    customer: (await till.customer()).id,
    success_url: 'http://shop.test/saved',
  });
/** The names of the buttons on the page of all payments that begin so. */
const buttons = async (word: string) =>
  [...(await look(till.double.url)).matchAll(/value="([^"]+)"/g)]
    .map(([, act = '']) => act)
    .filter((act) => act.startsWith(`${word} `));
const pressThere = async (word: string) =>
  till.press({ url: `${till.double.url}/` }, (await buttons(word))[0] ?? '');

test('every page says that no money moves, and runs no script', async () => {
  const { session, charge } = await till.sold();
  const portal = await stripe.billingPortal.sessions.create({
    customer: session.customer as string,
  });
  const page = await till.sell();
  for (const url of [page.url, portal.url, charge.receipt_url, till.double.url]) {
    const answer = await fetch(url ?? '');
    expect(await answer.text()).toContain('NO MONEY MOVES');
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  }
  expect(await look(charge.receipt_url)).toContain('$25.00 paid');
});

test('pay: back to the shop, paid', async () => {
  const page = await till.sell();
  expect(await look(page.url)).toContain('$25.00');
  const answer = await till.press(page, 'pay');
  expect([answer.status, answer.headers.get('location')]).toEqual([
    303,
    `http://shop.test/${page.id}`,
  ]);
  expect(await state(page)).toEqual(['complete', 'paid']);
  expect(await look(page.url)).toContain('This page is complete');
  expect((await till.press(page, 'pay')).status).toBe(400);
});

test('be declined: the page says so and stays; another card pays', async () => {
  const page = await till.sell();
  for (const [act, card, says] of [
    ['decline', undefined, 'Your card was declined.'],
    ['pay', DECLINED, 'Your card was declined.'],
    ['pay', '4242', 'Your card number is incorrect.'],
    ['pay', '4242424242424241', 'Your card number is incorrect.'],
  ] as const) {
    const answer = await till.press(page, act, card);
    expect([answer.status, await answer.text()]).toEqual([
      402,
      expect.stringContaining(says) as string,
    ]);
    expect(await state(page)).toEqual(['open', 'unpaid']);
  }
  expect((await till.press(page, 'pay')).status).toBe(303);
});

test('cancel: back to the shop, and the page is still there', async () => {
  const page = await till.sell();
  const answer = await till.press(page, 'cancel');
  expect([answer.status, answer.headers.get('location')]).toEqual([303, 'http://shop.test/cancel']);
  expect(await state(page)).toEqual(['open', 'unpaid']);
});

test('pay later: complete and unpaid, until it arrives or does not', async () => {
  const [arrives, bounces] = [await till.sell(), await till.sell()];
  for (const page of [arrives, bounces]) {
    expect((await till.press(page, 'later')).status).toBe(303);
    expect(await state(page)).toEqual(['complete', 'unpaid']);
  }
  const act = (word: string, { id }: { id: string }) =>
    till.press({ url: `${till.double.url}/` }, `${word} ${id}`);
  await act('arrive', arrives);
  await act('bounce', bounces);
  expect([await state(arrives), await state(bounces)]).toEqual([
    ['complete', 'paid'],
    ['complete', 'unpaid'],
  ]);
  const { data } = await stripe.events.list({ limit: 100 });
  const told = data.filter(({ type }) => type.includes('async')).map(({ type }) => type);
  expect(told).toEqual([
    'checkout.session.async_payment_failed',
    'checkout.session.async_payment_succeeded',
  ]);
});

test('each test card does what the page says', async () => {
  const text = await look((await till.sell()).url);
  const cards = [...text.matchAll(/<code>([\d ]+)<\/code><td>([^<]+)/g)];
  expect(cards).toHaveLength(10);
  for (const [, card = '', does = ''] of cards) {
    const { status } = await till.press(await till.sell(), 'pay', card);
    expect([does, status]).toEqual([does, does.startsWith('pays') ? 303 : 402]);
  }
  expect((await stripe.disputes.list()).data.map(({ status }) => status)).toEqual([
    'warning_needs_response',
    'needs_response',
  ]);
});

test('a page that is over, that never was, a button that is none', async () => {
  const page = await till.sell();
  expect((await till.press(page, 'give it to me')).status).toBe(400);
  expect(await state(page)).toEqual(['open', 'unpaid']);
  till.skip(86_401);
  expect(await look(page.url)).toContain('This page is expired');
  expect((await till.press(page, 'pay')).status).toBe(400);
  expect(await state(page)).toEqual(['expired', 'unpaid']);
  expect((await fetch(`${till.double.url}/c/pay/cs_test_no`)).status).toBe(404);
});

test('a card is saved, seen in the portal, and removed', async () => {
  const page = await setup();
  expect(await look(page.url)).not.toContain('Pay later');
  expect((await till.press(page, 'pay', DECLINED)).status).toBe(402);
  expect((await till.press(page, 'pay')).headers.get('location')).toBe('http://shop.test/saved');
  const portal = await stripe.billingPortal.sessions.create({
    customer: page.customer as string,
    return_url: 'http://shop.test/"><script>',
  });
  const text = await look(portal.url);
  expect(text).toContain('Card ending in 4242');
  expect(text).not.toContain('<script>');
  const [, act = ''] = /value="(remove [^"]+)"/.exec(text) ?? [];
  const other = await stripe.billingPortal.sessions.create({
    customer: (await setup()).customer as string,
  });
  await till.press(other, act);
  expect(await look(portal.url)).toContain('Card ending in 4242');
  await till.press(portal, act);
  expect(await look(portal.url)).toContain('No card is saved');
});

test('all payments, with a button for each thing that may happen to them', async () => {
  const { charge } = await till.sold();
  await pressThere('refund');
  expect((await stripe.charges.retrieve(charge.id)).refunded).toBe(true);
  expect(await buttons('refund')).not.toContain(`refund ${charge.id}`);
  for (const end of ['won', 'lost'] as const) {
    await till.sold();
    await pressThere('dispute');
    await pressThere(end);
    expect((await stripe.disputes.list({ limit: 1 })).data[0]?.status).toBe(end);
  }
  const declined = await till.sell();
  await till.press(declined, 'decline');
  const [failed] = (await stripe.charges.list({ limit: 1 })).data;
  expect(await buttons('refund')).not.toContain(`refund ${failed?.id ?? ''}`);
});

describe('with a file', () => {
  const folder = temporaryFolder();
  const file = path.join(folder.path, 'deep', 'stripe-double.json');
  afterAll(() => {
    folder.remove();
  });

  test('everything that was answered is there after a restart', async () => {
    const before = await startTill({ file });
    const { session, charge } = await before.sold();
    const open = await before.sell();
    const named = (one: Stripe) =>
      one.customers.create({ name: 'Jo' }, { idempotencyKey: 'over a restart' });
    const customer = await named(before.stripe);
    const usage = {
      event_name: 'usage',
      identifier: 'hour 1',
      payload: { stripe_customer_id: customer.id, value: '7' },
    };
    await before.stripe.billing.meterEvents.create(usage);
    const { data: events } = await before.stripe.events.list();
    await before.double.stop();

    const after = await startTill({ file });
    try {
      const { checkout, billing, charges } = after.stripe;
      expect(await charges.retrieve(charge.id)).toMatchObject({ amount: 2_500, paid: true });
      expect((await checkout.sessions.retrieve(session.id)).payment_status).toBe('paid');
      expect((await named(after.stripe)).id).toBe(customer.id);
      expect((await after.stripe.events.list()).data).toEqual(events);
      await expect(billing.meterEvents.create(usage)).rejects.toThrow('already exists');
      expect(after.double.meters.total('usage')).toBe(7n);
      const page = { url: `${after.double.url}/c/pay/${open.id}` };
      expect((await after.press(page, 'pay')).status).toBe(303);
      const paid = await checkout.sessions.retrieve(open.id, { expand: ['payment_intent'] });
      expect(paid.payment_intent).toMatchObject({ metadata: { purchase_id: 'pur_1' } });
    } finally {
      await after.double.stop();
    }
  });

  test('a file that cannot be read is named, not overwritten', async () => {
    writeFileSync(file, '{"objects": ');
    await expect(startTill({ file })).rejects.toThrow(`${file} cannot be read`);
  });
});

describe('pages of other sites', () => {
  test.each([
    ['a name that was made to lead here', { host: 'evil.example' }],
    ['a form of another origin', { origin: 'https://evil.example' }],
    ['a sandboxed form', { origin: 'null' }],
  ])('%s: refused, and nothing is done', async (_name, headers) => {
    const { charge } = await till.sold();
    const answer = await rawRequest(till.double.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: `act=refund+${charge.id}`,
    });
    expect(answer.status).toBe(403);
    expect((await stripe.charges.retrieve(charge.id)).amount_refunded).toBe(0);
  });

  test('its own pages may, by each of its names', async () => {
    const { port } = new URL(till.double.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `stripe-double:${port}`]) {
      const { status } = await rawRequest(till.double.url, {
        headers: { host, origin: `http://${host}` },
      });
      expect([host, status]).toEqual([host, 200]);
    }
  });
});
