import { createHmac } from 'node:crypto';
import {
  CARD,
  DOLLAR,
  post,
  SECRETS,
  type Shop,
  signatureOf,
  startShop,
} from '../support/payments.js';
import type { Caller } from '../support/platform.js';

let shop: Shop;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop();
});
beforeEach(async () => {
  customer = await shop.customer();
  shop.news();
});
afterEach(() => shop.verify());
afterAll(() => shop.stop());

const completed = () => {
  const event = shop.news().find(({ type }) => type === 'checkout.session.completed');
  if (event === undefined) throw new Error('Nothing was completed.');
  return event;
};

describe('F8: what Stripe did not sign is not stored', () => {
  const inbox = async () => {
    const [row] = await shop.database.query('SELECT count(*)::int AS n FROM stripe_event', []);
    return (row as { n: number }).n;
  };

  test('forged, stale, future-dated, re-serialized, wrong secret, no signature, nothing', async () => {
    const purchase = await shop.buy(customer);
    shop.double.payments.pay(shop.page(purchase), CARD);
    const event = completed();
    const endpoint = { url: '', secret: SECRETS[0], apiVersion: '2026-10-28.endive' };
    const { body, signature } = shop.double.webhooks.sign(event, endpoint);
    const before = await inbox();
    const bad = {
      forged: [body, `t=${String(event.created)},v1=${'0'.repeat(64)}`],
      rewritten: [JSON.stringify(JSON.parse(body), null, 2), signature],
      'one byte more': [`${body} `, signature],
      'no header': [body, ''],
      'v0 only': [body, signature.replace('v1=', 'v0=')],
      'no time': [body, signature.replace(/^t=\d+,/, '')],
      'time changed': [body, signature.replace(/^t=\d+/, 't=1')],
      empty: ['', signature],
    };
    for (const [name, [text = '', header = '']] of Object.entries(bad)) {
      expect([name, (await post(shop.url, text, header)).status]).toEqual([name, 400]);
    }
    expect(await shop.send(event, { ageS: 301 })).toBe(400);
    expect(await shop.send(event, { ageS: -27 * 3_600 })).toBe(400);
    expect(await shop.send(event, { secret: 'whsec_of_another_endpoint' })).toBe(400);
    expect(await inbox()).toBe(before);
    expect(await shop.posted(customer)).toBe(0n);
  });

  test('a signed body that is no event is refused, whatever it is', async () => {
    const before = await inbox();
    const now = Math.floor(Date.now() / 1_000);
    for (const body of ['null', '[]', '{}', '"x"', '{"id":1}', '\u0000', '{"object":"event"}']) {
      const { status } = await post(shop.url, body, signatureOf(body, SECRETS[0], now));
      expect([body, status]).toEqual([body, 400]);
    }
    expect(await inbox()).toBe(before);
  });

  test('both secrets count while one replaces the other', async () => {
    const purchases = [await shop.buy(customer), await shop.buy(customer)];
    for (const [at, purchase] of purchases.entries()) {
      shop.double.payments.pay(shop.page(purchase), CARD);
      expect(await shop.send(completed(), { secret: SECRETS[at as 0 | 1] })).toBe(200);
    }
    await shop.handle();
    expect(await shop.posted(customer)).toBe(20n * DOLLAR);
  });

  test('a webhook of 10 MB is refused before it is read', async () => {
    const body = Buffer.alloc(10_000_000, 32);
    const hash = createHmac('sha256', SECRETS[0]).update('x').digest('hex');
    const answer = await post(shop.url, body, `t=1,v1=${hash}`).catch(() => undefined);
    expect([413, undefined]).toContain(answer?.status);
  });
});

test('F24: an event of another API version is refused loudly, and nothing is lost', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  expect(await shop.send(completed(), { apiVersion: '2020-08-27' })).toBe(400);
  expect(shop.log.some((line) => line.includes('another API version'))).toBe(true);
  await shop.skip(120);
  await shop.app.services.fulfillment.settleOpen();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
});

test('an event that cannot be handled is given up in the end, seen, and replayed', async () => {
  const { stripeEvents } = shop.app.services;
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const event = completed();
  await shop.database.query('CREATE TABLE aside AS SELECT * FROM purchase WHERE id = $1', [
    purchase.id,
  ]);
  await shop.database.query('DELETE FROM purchase WHERE id = $1', [purchase.id]);
  await shop.send(event);
  for (let turn = 0; turn < 10; turn += 1) {
    await shop.database.query(`UPDATE stripe_event SET not_before = 'epoch'`, []);
    await stripeEvents.turn();
  }
  const dead = await stripeEvents.dead();
  expect(dead.map(({ id, error }) => [id, error])).toEqual([
    [event.id, `There is no purchase ${purchase.id}.`],
  ]);
  await shop.database.query('INSERT INTO purchase SELECT * FROM aside', []);
  await shop.database.query('DROP TABLE aside', []);
  expect(await shop.app.services.deadLetters.replayAll({}, 'STRIPE_EVENT')).toBe(1);
  await shop.handle();
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  expect(await stripeEvents.dead()).toEqual([]);
});

test.each(['v1.billing.meter.error_report_triggered', 'v1.billing.meter.no_meter_found'])(
  'F49: %s, which comes without its object, is stored and told to the operator once',
  async (type) => {
    const event = { id: `evt_${type}`, object: 'v2.core.event', type, related_object: null };
    const body = JSON.stringify(event);
    const signed = () => signatureOf(body, SECRETS[0], Math.floor(Date.now() / 1_000));
    const told = () => shop.log.filter((line) => line.includes(`evt_${type}`)).length;
    expect((await post(shop.url, body, signed())).status).toBe(200);
    expect((await post(shop.url, body, signed())).status).toBe(200);
    await shop.handle();
    expect(told()).toBe(1);
  },
);

test('a dispute is told to the operator, and what waits or was given up is on /metrics', async () => {
  const purchase = await shop.paid(customer);
  shop.double.reversals.open(await shop.charge(purchase));
  await shop.catchUp();
  expect(shop.log.some((line) => line.includes('a payment is disputed'))).toBe(true);
  const metrics = await (await fetch(`${shop.url}/metrics`)).text();
  expect(metrics).toContain('gigarouter_stripe_events{state="waiting"} 0');
  expect(metrics).toContain('gigarouter_stripe_events{state="dead"} 0');
});
