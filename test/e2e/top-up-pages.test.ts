import { temporaryFolder } from '../support/folder.js';
import { CARD, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { type Person, signUp } from '../support/people.js';

const DECLINED_LATER = '4000000000000341';
const FREE = 100_000_000n;
const outbox = temporaryFolder();
let shop: Shop;
let person: Person;
let accountId: `acct_${string}`;
let people = 0;
beforeAll(async () => {
  const mail = { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path };
  shop = await startShop({ mail, freeCredit: { nanos: FREE, days: 30 } });
  await shop.skipToNoon();
});
beforeEach(async () => {
  shop.double.faults.clear();
  people += 1;
  const email = `owner${String(people)}@example.org`;
  person = await signUp({ url: shop.url, outboxDir: outbox.path }, email);
  accountId = (await person.gql('{ viewer { accounts { id } } }')).body.data.viewer.accounts[0].id;
});
afterEach(() => shop.verify());
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const SET = `mutation ($input: EnableAutoTopUpInput!) { enableAutoTopUp(input: $input) { autoTopUp { isEnabled } userErrors { code message path details } } }`;
const SETTING = {
  thresholdNanos: '1000000000',
  amount: '10.00',
  monthlyCap: '30.00',
  consent: true,
};
const set = (setting = {}) => person.gql(SET, { input: { ...SETTING, ...setting } });
const turn = () => shop.app.services.topUps.turn();
const posted = async () => (await shop.app.services.credits.balance(accountId)).postedNanos;
const spent = async () =>
  (await person.gql('{ account { autoTopUp { spentThisMonth { amount } } } }')).body.data.account
    .autoTopUp.spentThisMonth.amount as string;
const charges = () =>
  shop.double.store
    .all('payment_intent')
    .filter(({ metadata, status }) => metadata.account_id === accountId && status === 'succeeded')
    .length;

async function saveCard(number: string): Promise<void> {
  const { body } = await person.gql(
    'mutation { saveCard(input: { }) { url userErrors { code message path details } } }',
  );
  const page = body.data.saveCard as { url: string };
  shop.double.payments.pay(shop.page({ checkoutUrl: page.url }), number);
  await shop.catchUp();
}

const pages = async () => {
  const { body } = await person.gql(
    '{ account { purchases { edges { node { id kind state checkoutUrl } } } } }',
  );
  const nodes = body.data.account.purchases.edges.map(({ node }: { node: Page }) => node) as Page[];
  return nodes.filter(({ kind }) => kind === 'CHECKOUT');
};
interface Page {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly checkoutUrl: string;
}

test('set again after each decline: one page can be paid at a time, and all of it counts against the cap', async () => {
  await saveCard(DECLINED_LATER);
  for (let n = 0; n < 5; n++) {
    await set({ monthlyCap: '15.00' });
    await turn();
  }
  const made = await pages();
  expect(made.map(({ state: is }) => is)).toEqual(['PENDING', ...Array(4).fill('EXPIRED')]);
  expect(await spent()).toBe('10.00');
  const [open, ...closed] = made;
  for (const page of closed) {
    expect(() => {
      shop.double.payments.pay(shop.page(page), CARD);
    }).toThrow();
  }
  if (open === undefined) throw new Error('There is no page.');
  shop.double.payments.pay(shop.page(open), CARD);
  // Nobody has told us yet: the card is not charged beside it.
  await saveCard(CARD);
  await set({ monthlyCap: '15.00', thresholdNanos: String(50n * DOLLAR) });
  await turn();
  await turn();
  await shop.skip(120);
  await turn();
  expect([charges(), await posted()]).toEqual([1, 10n * DOLLAR + FREE]);
});

test('two servers that open the page of a decline at once open one', async () => {
  await saveCard(DECLINED_LATER);
  await set();
  await Promise.all([turn(), turn()]);
  await set();
  await Promise.all([turn(), turn(), turn()]);
  expect((await pages()).filter(({ state: is }) => is === 'PENDING')).toHaveLength(1);
});

test.each([
  ['customers', /POST \/v1\/customers$/],
  ['pages', /POST \/v1\/checkout\/sessions$/],
])('an error that Stripe keeps for %s keeps nobody from buying', async (_what, request) => {
  shop.double.faults.plan('stored-500', request);
  const BUY = `mutation ($input: BuyCreditsInput!) { buyCredits(input: $input) { purchase { id checkoutUrl } userErrors { code message path details } } }`;
  const { body } = await person.gql(BUY, { input: { amount: '10.00', idempotencyKey: 'k' } });
  shop.double.payments.pay(
    shop.page(body.data.buyCredits.purchase as { checkoutUrl: string }),
    CARD,
  );
  await shop.catchUp();
  expect(await posted()).toBe(10n * DOLLAR + FREE);
});
