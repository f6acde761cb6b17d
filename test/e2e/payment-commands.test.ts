import { spawn } from 'node:child_process';
import path from 'node:path';
import { CARD, DOLLAR, SECRETS, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
let shop: Shop;
let customer: Caller;
beforeEach(async () => {
  shop = await startShop();
  customer = await shop.customer();
});
afterEach(() => shop.stop());

/** The command as it is installed, on the shop's database and Stripe. */
function gigarouter(...args: string[]): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: shop.database.url,
        STRIPE_SECRET_KEY: 'sk_test_double',
        STRIPE_WEBHOOK_SECRETS: SECRETS[0],
        STRIPE_API_URL: shop.double.url,
        LOG_LEVEL: 'fatal',
      },
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.once('close', (code) => {
      resolve({ code, out });
    });
  });
}
const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test('reconcile repairs what webhooks missed, then finds nothing; a difference ends it with 1', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const range = ['--since', day(-1), '--until', day(1)];
  const first = await gigarouter('reconcile', ...range);
  expect([first.code, await shop.posted(customer)]).toEqual([0, 10n * DOLLAR]);
  expect(first.out).toMatch(/ok {6}\S+ {2}USD {2}Stripe 1000 {2}here 1000/);
  const second = JSON.parse((await gigarouter('reconcile', '--json', ...range)).out) as object;
  expect(second).toMatchObject({ repaired: [], differences: [] });

  await shop.database.query('ALTER TABLE payment_movement DISABLE TRIGGER USER', []);
  await shop.database.query('UPDATE payment_movement SET amount_minor = 999', []);
  const broken = await gigarouter('reconcile', ...range);
  expect([broken.code, broken.out]).toEqual([1, expect.stringContaining('another amount: txn_')]);
});

test('payments lists what was given up, and handles it again', async () => {
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const event = shop.news().find(({ type }) => type === 'checkout.session.completed');
  if (event === undefined) throw new Error('Nothing was completed.');
  const { id: objectId, object } = event.data.object as { id: string; object: string };
  await shop.database.query(
    `INSERT INTO stripe_event (endpoint, id, type, object_id, payload, attempts, error, dead_at)
     VALUES ('/webhooks/stripe', $1, $2, $3, $4, 9, 'It was a bad day.', now())`,
    [event.id, event.type, objectId, JSON.stringify({ object: { id: objectId, object } })],
  );
  const dead = await gigarouter('payments', 'dead');
  expect(dead.out).toBe(`${event.id}  checkout.session.completed  It was a bad day.\n`);
  const replayed = await gigarouter('payments', 'replay', '--json');
  expect(JSON.parse(replayed.out)).toEqual({ replayed: 1, waiting: 0, dead: 0 });
  expect(await shop.posted(customer)).toBe(10n * DOLLAR);
  expect((await gigarouter('payments', 'dead')).out).toBe('None was given up.\n');
  expect((await gigarouter('payments', 'replay', 'evt_nothing')).code).toBe(1);
});

test('verify checks payments too, and ends with 1 when credit was taken back wrongly', async () => {
  await shop.paid(customer);
  const clean = await gigarouter('verify');
  expect([clean.code, clean.out]).toEqual([0, expect.stringMatching(/checks, no drift/)]);
  await shop.database.query('UPDATE purchase SET clawed_back_nanos = 1', []);
  const broken = await gigarouter('verify');
  expect([broken.code, broken.out]).toEqual([1, expect.stringMatching(/BROKEN {2}I7/)]);
});
