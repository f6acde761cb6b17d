import type { AccountId } from '../../src/platform/ids.js';
import { errorOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { type Bought, CARD, codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { type Person, signUp } from '../support/people.js';

/** F58: money of accounts that end. */

const outbox = temporaryFolder();
let shop: Shop;
let person: Person & { readonly accountId: AccountId };
let people = 0;
beforeAll(async () => {
  const mail = { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path };
  shop = await startShop({ mail, freeCredit: { nanos: 0n, days: 30 } });
});
beforeEach(async () => {
  shop.double.faults.clear();
  people += 1;
  const email = `owner${String(people)}@example.org`;
  const signedUp = await signUp({ url: shop.url, outboxDir: outbox.path }, email);
  const { body } = await signedUp.gql('{ viewer { accounts { id } } }');
  person = Object.assign(signedUp, { accountId: body.data.viewer.accounts[0].id });
});
afterEach(() => shop.verify());
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const BUY = `mutation ($input: BuyCreditsInput!) { buyCredits(input: $input) { purchase { id checkoutUrl } userErrors { code message path details } } }`;
const buy = async (idempotencyKey: string): Promise<Bought> => {
  const { body } = await person.gql(BUY, { input: { amount: '10.00', idempotencyKey } });
  return body.data.buyCredits.purchase as Bought;
};
const close = (giveUpCredit = false) =>
  person.gql(
    'mutation ($id: ID!, $g: Boolean!) { closeAccount(input: { accountId: $id, giveUpCredit: $g }) { userErrors { code message path details } } }',
    {
      id: person.accountId,
      g: giveUpCredit,
    },
  );
const freeze = () =>
  shop.app.services.accountAdmin.freeze({}, person.accountId, 'It was hijacked.');
const posted = async () => (await shop.app.services.credits.balance(person.accountId)).postedNanos;
const pay = (purchase: Bought) => {
  shop.double.payments.pay(shop.page(purchase), CARD);
};
/** From a bank account, which takes days. */
const payLater = (purchase: Bought) => {
  shop.double.payments.payLater(shop.page(purchase));
};
const refunded = async (purchase: Bought) => (await shop.charge(purchase)).amount_refunded;

test('closing closes the pages first, in whatever state they are', async () => {
  const [first, second] = [await buy('1'), await buy('2')];
  await shop.database.query(
    'UPDATE purchase SET session_id = NULL, checkout_url = NULL WHERE id = $1',
    [second.id],
  );
  const page = shop.page(first);
  expect(errorOf(await close())).toBeUndefined();
  expect([await shop.state(first), await shop.state(second)]).toEqual(['EXPIRED', 'EXPIRED']);
  expect(page.status).toBe('expired');
  expect(() => {
    shop.double.payments.pay(page, CARD);
  }).toThrow();
});

test('what was paid a moment before, and not told yet, is credit that has to be given up', async () => {
  const purchase = await buy('1');
  pay(purchase);
  expect(codeOf(await close())).toBe('CONFLICT');
  expect(await posted()).toBe(10n * DOLLAR);
  expect(errorOf(await close(true))).toBeUndefined();
  expect(await posted()).toBe(0n);
  await shop.catchUp();
  await shop.app.services.returns.turn();
  expect(await refunded(purchase)).toBe(0);
});

test('while money is on its way, closing is refused', async () => {
  const purchase = await buy('1');
  payLater(purchase);
  await shop.catchUp();
  expect(await shop.state(purchase)).toBe('WAITING');
  const refused = await close(true);
  expect([codeOf(refused), errorOf(refused)?.message]).toEqual([
    'CONFLICT',
    expect.stringMatching(/payments are in progress \(1\)/),
  ]);
  shop.double.payments.settleLater(shop.page(purchase), false);
  await shop.catchUp();
  expect(errorOf(await close())).toBeUndefined();
});

test('an account that stays keeps its pages', async () => {
  pay(await buy('1'));
  await shop.catchUp();
  const open = await buy('2');
  expect(codeOf(await close())).toBe('CONFLICT');
  expect(shop.page(open).status).toBe('open');
});

test('while Stripe is away an account is not closed', async () => {
  const purchase = await buy('1');
  shop.double.faults.plan('500', /expire/, 20);
  expect(codeOf(await close())).toBe('UPSTREAM_UNAVAILABLE');
  shop.double.faults.clear();
  expect(await shop.state(purchase)).toBe('PENDING');
  expect(errorOf(await close())).toBeUndefined();
});

test('buying and closing at once leave nothing that can be paid', async () => {
  const { payments, accounts, keyAuthenticator } = shop.app.services;
  for (let n = 0; n < 5; n++) {
    const { accountId, secret } = await shop.customer();
    const actor = await keyAuthenticator.authenticate(secret, '127.0.0.1');
    const buying = {
      accountId,
      actor: 'system',
      amount: '10.00',
      currency: 'usd',
      saveCard: false,
    };
    await Promise.allSettled([
      payments.buy({ ...buying, idempotencyKey: 'a' }),
      accounts.close(actor, accountId, false),
      payments.buy({ ...buying, idempotencyKey: 'b' }),
    ]);
    await accounts.close(actor, accountId, false);
    const open = shop.double.store
      .all('checkout.session')
      .filter(({ metadata, status }) => metadata?.account_id === accountId && status === 'open');
    expect(open).toEqual([]);
    await expect(payments.buy({ ...buying, idempotencyKey: 'c' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  }
});

test('money that comes to a closed account all the same goes back, once', async () => {
  const purchase = await buy('1');
  const page = shop.page(purchase);
  expect(errorOf(await close())).toBeUndefined();
  // Somebody had begun to pay before.
  page.status = 'open';
  shop.double.payments.pay(page, CARD);
  await shop.catchUp();
  expect(await shop.state(purchase)).toBe('PAID');
  const { returns } = shop.app.services;
  await Promise.all([returns.turn(), returns.turn()]);
  await returns.turn();
  await shop.catchUp();
  expect([await refunded(purchase), await posted()]).toEqual([1_000, 0n]);
});

test('freezing closes the pages; what is on its way goes back, and what was bought before stays', async () => {
  const before = await buy('0');
  pay(before);
  await shop.catchUp();
  const [open, waiting] = [await buy('1'), await buy('2')];
  payLater(waiting);
  await shop.catchUp();
  await freeze();
  await shop.app.services.returns.turn();
  expect(await shop.state(open)).toBe('EXPIRED');
  shop.double.payments.settleLater(shop.page(waiting), true);
  await shop.catchUp();
  shop.double.faults.plan('lost', /POST \/v1\/refunds/, 1);
  await shop.app.services.returns.turn();
  await shop.skip(60);
  await shop.app.services.refunds.turn();
  await shop.app.services.returns.turn();
  await shop.catchUp();
  expect([await refunded(before), await refunded(waiting)]).toEqual([0, 1_000]);
  expect(await posted()).toBe(10n * DOLLAR);
});
