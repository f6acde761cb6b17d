import { temporaryFolder } from '../support/folder.js';
import { codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { operatorOf } from '../support/operators.js';
import { type Person, signIn, signUp } from '../support/people.js';
import type { Caller } from '../support/platform.js';

const EMAIL = 'operator@example.org';
const outbox = temporaryFolder();
let shop: Shop;
let operator: Person;
let customer: Caller;
beforeAll(async () => {
  shop = await startShop({
    mail: { smtpUrl: undefined, from: 'a@localhost', outboxDir: outbox.path },
  });
  operator = operatorOf(await signUp({ url: shop.url, outboxDir: outbox.path }, EMAIL));
  await shop.app.services.accounts.setOperator(EMAIL, true);
});
beforeEach(async () => {
  customer = await shop.customer();
});
afterEach(() => shop.verify());
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const REDEEM =
  'mutation ($code: String!) { redeemPromoCode(input: { code: $code }) { promoCode { code nanos } userErrors { code message path details } } }';
const CREATE = `mutation ($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { promoCode { code } userErrors { code message path details } } }`;
const promo = (code: string, more = {}) => ({
  code,
  nanos: '5000000000',
  redemptionsMax: 3,
  creditDays: 30,
  ...more,
});

test('each account once, also at once; in any case; its credit runs out', async () => {
  await operator.gql(CREATE, { input: promo('SPRING-26') });
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => customer.gql(REDEEM, { code: ' spring-26 ' })),
  );
  expect(answers.map(codeOf).sort()).toEqual([...Array(9).fill('CONFLICT'), undefined]);
  expect(await shop.posted(customer)).toBe(5n * DOLLAR);
  const { body } = await customer.gql(
    '{ account { creditLots { nodes { originalNanos expiresAt } } } }',
  );
  expect(body.data.account.creditLots.nodes).toContainEqual({
    originalNanos: '5000000000',
    expiresAt: expect.any(String) as string,
  });
});

test('the limit holds when more accounts come at once', async () => {
  await operator.gql(CREATE, { input: promo('THREE-ONLY') });
  const accounts = await Promise.all(Array.from({ length: 8 }, () => shop.customer()));
  const answers = await Promise.all(accounts.map((one) => one.gql(REDEEM, { code: 'THREE-ONLY' })));
  expect(answers.map(codeOf).sort()).toEqual([...Array(5).fill('NOT_FOUND'), ...Array(3)]);
});

test('over, unknown and malformed codes are refused; a code is made once', async () => {
  const expiresAt = new Date(Date.now() + 400 * 86_400_000).toISOString();
  await operator.gql(CREATE, { input: promo('OVER-SOON', { expiresAt }) });
  expect(codeOf(await operator.gql(CREATE, { input: promo('over-soon') }))).toBe('CONFLICT');
  await shop.skip(401 * 86_400);
  operator = operatorOf(await signIn(shop.url, EMAIL));
  expect(codeOf(await customer.gql(REDEEM, { code: 'OVER-SOON' }))).toBe('NOT_FOUND');
  expect(codeOf(await customer.gql(REDEEM, { code: 'NEVER-MADE' }))).toBe('NOT_FOUND');
  expect(codeOf(await customer.gql(REDEEM, { code: '💥' }))).toBe('BAD_USER_INPUT');
  for (const bad of [{ nanos: '0' }, { nanos: '-1' }, { redemptionsMax: 0 }, { creditDays: 0 }]) {
    expect(codeOf(await operator.gql(CREATE, { input: promo('BAD-CODE', bad) }))).toBe(
      'BAD_USER_INPUT',
    );
  }
});
