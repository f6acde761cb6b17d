import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';
import { type Caller, newCaller } from '../support/platform.js';

/* What a caller gets wrong is never our error: a 4xx code that says what to change, and nothing happens. */

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let caller: Caller;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  caller = await newCaller(t, 0n, { scopes: ['READ', 'ADMIN', 'BILLING', 'INFERENCE'] });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const GRANT = `mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { transactionId } }`;
const ADJUST = `mutation ($input: AdjustCreditsInput!) { adjustCredits(input: $input) { transactionId } }`;
const codeOf = ({ body }: { body: { errors?: { extensions: { code: string } }[] } }) =>
  body.errors?.[0]?.extensions.code;

const grant = (input: object) =>
  operator.gql(GRANT, {
    input: { accountId: caller.accountId, nanos: '1', reason: 'a test', ...input },
  });

describe('grants', () => {
  const INT64_MAX = (2n ** 63n - 1n).toString();
  test.each([
    ['an amount over the range', { nanos: INT64_MAX }],
    ['an amount past 2⁶³', { nanos: (2n ** 63n).toString() }],
    ['a priority below 0', { priority: -1 }],
    ['a priority above 100', { priority: 101 }],
    ['a priority that PostgreSQL has no room for', { priority: 2_000_000_000 }],
    ['an expiry that has passed', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['an expiry that PostgreSQL has no room for', { expiresAt: '+275760-09-13T00:00:00Z' }],
    ['NUL in the reason', { reason: 'a\0b' }],
    ['NUL in the key', { idempotencyKey: 'a\0b' }],
    ['NUL in the account', { accountId: 'acct_\0' }],
  ])('%s', async (_name, input) => {
    expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(codeOf(await grant(input)));
    expect(await t.app.services.credits.balance(caller.accountId)).toMatchObject({
      postedNanos: 0n,
    });
  });

  test('a sum that no balance can hold is refused, and the credit before it stays', async () => {
    const { accountId } = await newCaller(t, 0n);
    const most = { accountId, nanos: (2n ** 62n).toString() };
    expect(codeOf(await grant(most))).toBeUndefined();
    expect(codeOf(await grant(most))).toBe('BAD_USER_INPUT');
    expect(codeOf(await operator.gql(ADJUST, { input: { ...most, reason: 'a test' } }))).toBe(
      'BAD_USER_INPUT',
    );
    expect(await t.app.services.credits.balance(accountId)).toMatchObject({
      postedNanos: 2n ** 62n,
    });
  });

  test('a key that was used for a grant with another expiry or priority is a conflict', async () => {
    const { accountId } = await newCaller(t, 0n);
    const first = {
      accountId,
      idempotencyKey: 'once',
      expiresAt: '2100-01-01T00:00:00Z',
      priority: 10,
    };
    expect(codeOf(await grant(first))).toBeUndefined();
    expect(codeOf(await grant(first))).toBeUndefined();
    for (const other of [
      { expiresAt: '2101-01-01T00:00:00Z' },
      { expiresAt: null },
      { priority: 11 },
    ]) {
      expect(codeOf(await grant({ ...first, ...other }))).toBe('CONFLICT');
    }
    expect(await t.app.services.credits.balance(accountId)).toMatchObject({ postedNanos: 1n });
  });
});
