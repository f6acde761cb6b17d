import { errorOf } from '../support/app.js';
import { mailsTo, type Person, signUp } from '../support/people.js';
import { CARD, codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { temporaryFolder } from '../support/folder.js';

/** F17–F21: what buys by itself must never run away. */

const DECLINED_LATER = '4000000000000341';
const WANTS_ITS_OWNER = '4000002760003184';
const outbox = temporaryFolder();
let shop: Shop;
let person: Person & { readonly accountId: `acct_${string}` };
let people = 0;
beforeAll(async () => {
  const mail = { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path };
  shop = await startShop({ mail, freeCredit: { nanos: 100_000_000n, days: 30 } });
  await shop.skipToNoon();
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

const SET = `mutation ($input: EnableAutoTopUpInput!) {
  enableAutoTopUp(input: $input) {
    autoTopUp { isEnabled consent failures offReason card { brand lastFour } spentThisMonth { amount } }
    userErrors { code message path details }
  }
}`;
const DISABLE =
  'mutation { disableAutoTopUp(input: { }) { autoTopUp { isEnabled } userErrors { code message path details } } }';
const STATE = `{ account {
  autoTopUp { isEnabled failures offReason nextAttemptAt consent spentThisMonth { amount } }
  balance { postedNanos }
} }`;
const SETTING = {
  thresholdNanos: '1000000000',
  amount: '10.00',
  monthlyCap: '30.00',
  consent: true,
};

async function saveCard(number: string): Promise<void> {
  const { body } = await person.gql(
    'mutation { saveCard(input: { }) { url userErrors { code message path details } } }',
  );
  const page = body.data.saveCard as { url: string };
  shop.double.payments.pay(shop.page({ checkoutUrl: page.url }), number);
  await shop.catchUp();
}
const set = (setting = {}) => person.gql(SET, { input: { ...SETTING, ...setting } });
const turn = () => shop.app.services.topUps.turn();
const state = async () => {
  const { data } = (await person.gql(STATE)).body;
  return { ...data.account.autoTopUp, posted: BigInt(data.account.balance.postedNanos as string) };
};
const charges = () =>
  shop.double.store
    .all('payment_intent')
    .filter(
      ({ metadata, status }) => metadata.account_id === person.accountId && status === 'succeeded',
    ).length;
const spend = async () => {
  const { credits } = shop.app.services;
  const { availableNanos } = await credits.balance(person.accountId);
  if (availableNanos === 0n) return;
  await credits.adjust({
    accountId: person.accountId,
    nanos: -availableNanos,
    reason: 'spent',
    actor: 'system',
  });
};
const FREE = 100_000_000n;

test('below the threshold, credit is bought with the saved card; consent is kept word by word', async () => {
  expect(codeOf(await set())).toBe('CONFLICT');
  await saveCard(CARD);
  const { body } = await set();
  expect(body.data.enableAutoTopUp.autoTopUp).toMatchObject({
    isEnabled: true,
    card: { brand: 'visa', lastFour: '4242' },
    consent:
      'I agree that my saved card is charged 10.00 USD whenever my credit falls below 1.00 USD, at most 30.00 USD in a calendar month (UTC), until I switch it off.',
  });
  await turn();
  await turn();
  expect(await state()).toMatchObject({ posted: 10n * DOLLAR + FREE, failures: 0 });
  await shop.catchUp();
  expect(await state()).toMatchObject({
    posted: 10n * DOLLAR + FREE,
    spentThisMonth: { amount: '10.00' },
  });
});

test('F17: 50 turns at once charge once', async () => {
  await saveCard(CARD);
  await set();
  await Promise.all(Array.from({ length: 50 }, turn));
  await shop.catchUp();
  // The turn that had it may have found no connection free: then the next one ends it.
  await shop.skip(60);
  await turn();
  expect([charges(), (await state()).posted]).toEqual([1, 10n * DOLLAR + FREE]);
});

test('the monthly cap is absolute; the next month begins anew', async () => {
  await saveCard(CARD);
  await set();
  for (let round = 0; round < 6; round += 1) {
    await spend();
    await shop.skip(120);
    await turn();
  }
  expect([charges(), (await state()).spentThisMonth.amount]).toEqual([3, '30.00']);
  await shop.skip(31 * 86_400);
  await turn();
  expect(charges()).toBe(4);
});

test.each([
  ['is declined', DECLINED_LATER, /Your card was declined/],
  ['wants its owner', WANTS_ITS_OWNER, /requires authentication/],
])(
  'F18: a card that %s: a mail with a page, back-off, off after three',
  async (_name, card, why) => {
    await saveCard(card);
    await set();
    const subjects = async () => {
      await shop.app.services.notifications.turn();
      return mailsTo(outbox.path, person.email).filter((m) => m.subject.includes('top-up')).length;
    };
    await turn();
    await turn();
    expect(await state()).toMatchObject({ isEnabled: true, failures: 1, posted: FREE });
    expect(await subjects()).toBe(1);
    for (const hours of [2, 13, 1, 20]) {
      await shop.skip(hours * 3_600);
      await turn();
    }
    const after = await state();
    expect(after).toMatchObject({ isEnabled: false, failures: 3, posted: FREE });
    expect(after.offReason).toMatch(why);
    expect([charges(), await subjects()]).toEqual([0, 3]);
    const open = shop.double.store
      .all('payment_intent')
      .filter(({ metadata }) => metadata.account_id === person.accountId);
    expect(open.map(({ status }) => status)).toEqual(['canceled', 'canceled', 'canceled']);
    // On the page, with its owner there, it works.
    const { body } = await person.gql(
      '{ account { purchases { edges { node { kind checkoutUrl } } } } }',
    );
    const page = body.data.account.purchases.edges[0].node as { kind: string; checkoutUrl: string };
    expect(page.kind).toBe('CHECKOUT');
    shop.double.payments.pay(shop.page(page), CARD);
    await shop.catchUp();
    expect((await state()).posted).toBe(10n * DOLLAR + FREE);
  },
);

test.each(['lost', 'truncated', 'timeout', 'stored-500'] as const)(
  'F19, F22: %s while the card is charged: found again, charged at most once',
  async (fault) => {
    await saveCard(CARD);
    await set();
    shop.double.faults.plan(fault, /POST \/v1\/payment_intents$/, 20);
    await turn();
    expect((await state()).posted).toBe(FREE);
    shop.double.faults.clear();
    await shop.skip(60);
    await turn();
    expect(charges()).toBe(1);
    expect((await state()).posted).toBe(10n * DOLLAR + FREE);
  },
);

test('F19: a process that died between charge and record: the payment is found and credited once', async () => {
  await saveCard(CARD);
  await set();
  await turn();
  shop.double.faults.plan('lost', /POST \/v1\/payment_intents$/, 20);
  await spend();
  await shop.skip(120);
  await turn();
  shop.double.faults.clear();
  // The webhook finds it first; then the worker looks.
  await shop.catchUp();
  await shop.skip(60);
  await turn();
  expect([charges(), (await state()).posted]).toEqual([2, 10n * DOLLAR]);
});

test('F23: a key that Stripe has forgotten is not used again: the payment is looked for', async () => {
  await saveCard(CARD);
  await set();
  shop.double.faults.plan('lost', /POST \/v1\/payment_intents$/, 20);
  await turn();
  shop.double.faults.clear();
  await shop.skip(25 * 3_600);
  await turn();
  await turn();
  expect([charges(), (await state()).posted]).toEqual([1, 10n * DOLLAR + FREE]);
});

test('F23: an attempt that never reached Stripe is given up after a day', async () => {
  await saveCard(CARD);
  await set();
  shop.double.faults.plan('reset', /POST \/v1\/payment_intents$/, 20);
  await turn();
  shop.double.faults.clear();
  await shop.skip(25 * 3_600);
  await turn();
  const PURCHASES = '{ account { purchases { edges { node { kind state failure } } } } }';
  const { body } = await person.gql(PURCHASES);
  const given = { kind: 'TOP_UP', state: 'FAILED', failure: 'Stripe knows nothing of it.' };
  expect(body.data.account.purchases.edges).toContainEqual({ node: given });
});

test('F20: switched off stays off, whatever is in flight', async () => {
  await saveCard(CARD);
  await set();
  await person.gql(DISABLE);
  await turn();
  expect(charges()).toBe(0);
  await set();
  await Promise.all([turn(), person.gql(DISABLE), turn()]);
  await spend();
  await shop.skip(24 * 3_600);
  await shop.catchUp();
  const before = charges();
  await turn();
  expect([charges(), (await state()).isEnabled]).toEqual([before, false]);
  expect(before).toBeLessThanOrEqual(1);
});

test('F20: a cap that is lowered while an attempt begins is respected', async () => {
  await saveCard(CARD);
  await set();
  await turn();
  await set({ amount: '5.00', monthlyCap: '10.00' });
  await spend();
  await shop.skip(120);
  await turn();
  expect(charges()).toBe(1);
});

test('F21: what is bought by itself is a lot of its own that stays', async () => {
  await saveCard(CARD);
  await set();
  await turn();
  const LOTS = '{ account { creditLots { nodes { source originalNanos expiresAt } } } }';
  const { body } = await person.gql(LOTS);
  expect(body.data.account.creditLots.nodes).toEqual([
    { source: 'SIGN_UP', originalNanos: String(FREE), expiresAt: expect.any(String) as string },
    { source: 'PURCHASE', originalNanos: '10000000000', expiresAt: null },
  ]);
});

test('a card that its owner removes is not charged', async () => {
  await saveCard(CARD);
  await set();
  const { body } = await person.gql(
    'mutation { openBillingPortal(input: { }) { url userErrors { code message path details } } }',
  );
  const portal = body.data.openBillingPortal.url as string;
  const page = await (await fetch(portal)).text();
  expect(page).toContain('Card ending in 4242');
  const act = /value="(remove [^"]+)"/.exec(page)?.[1] ?? '';
  await fetch(portal, { method: 'POST', body: new URLSearchParams({ act }) });
  await shop.catchUp();
  expect(
    (await person.gql('{ account { savedCard { lastFour } } }')).body.data.account.savedCard,
  ).toBeNull();
  await turn();
  expect(charges()).toBe(0);
});

test.each([
  [{ consent: false }, /must agree/],
  [{ amount: '0' }, /more than 0/],
  [{ amount: '12.345' }, /steps of/],
  [{ monthlyCap: '5.00' }, /must be at least/],
  [{ thresholdNanos: '0' }, /more than 0/],
  [{ thresholdNanos: '-1' }, /more than 0/],
  [{ currency: 'XXX' }, /not sold in/],
])('%j is refused', async (setting, message) => {
  await saveCard(CARD);
  const answer = await set(setting);
  expect(errorOf(answer)?.message).toMatch(message);
  expect((await state()).isEnabled).toBeUndefined();
});
