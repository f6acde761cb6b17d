import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { errorOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { BUY, CARD, codeOf, DOLLAR, SECRETS, type Shop, startShop } from '../support/payments.js';
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

test.each([
  [{ amount: '0' }, 'BAD_USER_INPUT', /more than 0/],
  [{ amount: '0.00' }, 'BAD_USER_INPUT', /more than 0/],
  [{ amount: '-5' }, 'BAD_USER_INPUT', /not an amount/],
  [{ amount: '1e12' }, 'BAD_USER_INPUT', /not an amount/],
  [{ amount: '1000000000000' }, 'BAD_USER_INPUT', /not an amount|at most/],
  [{ amount: '999999.99' }, 'BAD_USER_INPUT', /1\.00 to 10000\.00 USD/],
  [{ amount: '0.50' }, 'BAD_USER_INPUT', /1\.00 to 10000\.00 USD/],
  [{ amount: '12.345' }, 'BAD_USER_INPUT', /steps of 0\.01/],
  [{ amount: '' }, 'BAD_USER_INPUT', /not an amount/],
  [{ amount: '١٢' }, 'BAD_USER_INPUT', /not an amount/],
  [{ amount: '10', currency: 'XXX' }, 'BAD_USER_INPUT', /not sold in XXX. Pay in USD/],
  [{ pack: 'starter', currency: 'CHF' }, 'BAD_USER_INPUT', /Pay in USD, EUR, JPY/],
  [{ pack: 'starter', amount: '10' }, 'BAD_USER_INPUT', /exactly one of `pack` and `amount`/],
  [{}, 'BAD_USER_INPUT', /exactly one of `pack` and `amount`/],
  [{ pack: 'withdrawn' }, 'NOT_FOUND', /no longer for sale/],
  [{ amount: '10', idempotencyKey: '' }, 'BAD_USER_INPUT', /1 to 255/],
  [{ amount: '10', idempotencyKey: 'x'.repeat(256) }, 'BAD_USER_INPUT', /1 to 255/],
])('%j is refused with %s', async (input, code, message) => {
  const answer = await customer.gql(BUY, { input: { idempotencyKey: 'bad input', ...input } });
  expect(codeOf(answer)).toBe(code);
  expect(errorOf(answer)?.message).toMatch(message);
  expect(
    (await customer.gql('{ account { purchases { edges { cursor } } } }')).body.data.account
      .purchases.edges,
  ).toEqual([]);
});

test('another account sees nothing of a purchase', async () => {
  const purchase = await shop.buy(customer);
  const stranger = await shop.customer();
  const { body } = await stranger.gql(
    'query ($id: ID!) { purchase: node(id: $id) { ... on Purchase { id } } node(id: $id) { id } account { purchases { edges { cursor } } } }',
    { id: purchase.id },
  );
  expect(body.data).toEqual({
    purchase: null,
    node: null,
    account: { purchases: { edges: [] } },
  });
});

describe('a pack that changes while its page is open', () => {
  const folder = temporaryFolder();
  afterAll(() => {
    folder.remove();
  });

  /** The server after a restart with another offer: it handles all that is told from now on. */
  async function restarted(offer: string) {
    const creditPacksFile = path.join(folder.path, 'packs.yaml');
    writeFileSync(creditPacksFile, offer);
    const stripe = {
      secretKey: 'sk_test_double',
      webhookSecrets: SECRETS,
      apiUrl: shop.double.url,
      tax: false,
      invoices: false,
      timeoutMs: 2_000,
    };
    const config = { ...readConfig({}), creditPacksFile, stripe };
    return createApp(config, shop.database.url, { logger: createLogger('silent') });
  }

  test.each([
    ['is withdrawn', 'packs: []'],
    [
      'gives less, and costs more',
      `packs: [{ id: builder, name: Builder, credit: '1.00', price: { usd: '99.00' } }]`,
    ],
  ])('one that %s is credited as it was sold', async (_name, offer) => {
    const purchase = await shop.buy(customer, { pack: 'builder' });
    const later = await restarted(offer);
    try {
      shop.double.payments.pay(shop.page(purchase), CARD);
      const { stripeEvents, payments } = later.services;
      const endpoint = { url: '', secret: SECRETS[0], apiVersion: '2026-10-28.endive' };
      for (const event of shop.news()) {
        const { body, signature } = shop.double.webhooks.sign(event, endpoint);
        await stripeEvents.accept('/webhooks/stripe', Buffer.from(body), signature);
      }
      await stripeEvents.turn();
      expect(await shop.state(purchase)).toBe('PAID');
      expect(await shop.posted(customer)).toBe(26n * DOLLAR);
      expect(payments.packs().map(({ creditNanos }) => creditNanos)).not.toContain(25n * DOLLAR);
    } finally {
      await later.stop();
    }
  });
});

test('an event for another account’s session credits that account only', async () => {
  const other = await shop.customer();
  const [mine, theirs] = [
    await shop.buy(customer),
    await shop.buy(other, { amount: '20.00', idempotencyKey: 'theirs' }),
  ];
  shop.news();
  shop.double.payments.pay(shop.page(theirs), CARD);
  // Who opens the success page counts for nothing: it says which page was paid, not by whom.
  await fetch(`${shop.url}/payments/success?session_id=${shop.page(theirs).id}`);
  await shop.catchUp();
  expect([await shop.state(mine), await shop.state(theirs)]).toEqual(['PENDING', 'PAID']);
  expect([await shop.posted(customer), await shop.posted(other)]).toEqual([0n, 20n * DOLLAR]);
});
