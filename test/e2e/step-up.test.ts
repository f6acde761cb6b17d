import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import {
  ownAccountOf,
  PASSWORD,
  type Person,
  personOf,
  personOn,
  signInBrowser,
  signUp,
} from '../support/people.js';
import { newCaller } from '../support/platform.js';
import { setUpSecondFactor } from '../support/second-factor.js';

/*
 * Attack: whoever finds an open browser, or steals a session, makes themselves a key that lasts, or does what operators do.
 */

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: mailTo(outbox.path),
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let people = 0;
const newPerson = () =>
  signUp({ url: t.url, outboxDir: outbox.path }, `step${String((people += 1))}@example.org`);
/** As if all had last proved who they are eleven minutes ago. */
const wait = () =>
  t.database.query(
    `UPDATE session SET confirmed_at = confirmed_at - interval '11 minutes',
                        second_factor_at = second_factor_at - interval '11 minutes'`,
  );
const makeOperator = ({ email }: Person) => t.app.services.accounts.setOperator(email, true);

const KEY = (scope: string) =>
  `mutation { createApiKey(input: { name: "k", scopes: [${scope}] }) { apiKey { id } userErrors { code message path details } } }`;
const CLOSE =
  'mutation { closeAccount(input: { accountId: "acct_mine", giveUpCredit: true }) { userErrors { code message path details } } }';
const PROMO =
  'mutation { disablePromoCode(input: { code: "NONE" }) { promoCode { code } userErrors { code message path details } } }';
const CONFIRM = `mutation ($password: String, $code: String) {
  confirmIdentity(input: { password: $password, code: $code }) {
    userErrors { code message path details }
  }
}`;
const extensionsOf = ({ body }: { body: { errors?: { extensions: object }[] } }) =>
  errorOf({ body }) as { code: string; stepUp?: string } | undefined;

test.each([
  ['a key with the scope ADMIN', KEY('ADMIN')],
  ['closing an account', CLOSE],
])('%s needs a recent proof', async (_name, document) => {
  const person = await newPerson();
  const query = document.replace('acct_mine', await ownAccountOf(person));
  await wait();
  expect(extensionsOf(await person.gql(query))).toMatchObject({
    code: 'FORBIDDEN',
    stepUp: 'PASSWORD',
  });
  expect(extensionsOf(await person.gql(CONFIRM, {}))?.code).toBe('BAD_USER_INPUT');
  const wrong = await person.gql(CONFIRM, { password: 'not the password' });
  expect(extensionsOf(wrong)?.code).toBe('FORBIDDEN');
  expect(extensionsOf(await person.gql(query))?.stepUp).toBe('PASSWORD');
  expect(extensionsOf(await person.gql(CONFIRM, { password: PASSWORD }))).toBeUndefined();
  expect(extensionsOf(await person.gql(query))).toBeUndefined();
});

test('a key with the scope ADMIN is replaced after a recent proof only', async () => {
  const person = await newPerson();
  const { id } = (await person.gql(KEY('ADMIN'))).body.data.createApiKey.apiKey;
  await wait();
  const ROTATE =
    'mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }';
  expect(extensionsOf(await person.gql(ROTATE, { id }))?.stepUp).toBe('PASSWORD');
});

test('other keys and reading need none, and API keys cannot prove anything', async () => {
  const person = await newPerson();
  await wait();
  expect(extensionsOf(await person.gql(KEY('INFERENCE')))).toBeUndefined();
  expect(
    extensionsOf(await person.gql('{ account { apiKeys { nodes { id } } } }')),
  ).toBeUndefined();
  const caller = await newCaller(t, 0n, { scopes: ['READ', 'ADMIN'] });
  expect(extensionsOf(await caller.gql(KEY('ADMIN')))).toBeUndefined();
});

test('what operators do needs one, what they look at does not', async () => {
  const operator = await newPerson();
  await makeOperator(operator);
  expect(extensionsOf(await operator.gql(PROMO))?.code).toBe('NOT_FOUND');
  await wait();
  expect(extensionsOf(await operator.gql(PROMO))).toMatchObject({
    code: 'FORBIDDEN',
    stepUp: 'PASSWORD',
  });
  expect(extensionsOf(await operator.gql('{ operators { email } }'))).toBeUndefined();
  await operator.gql(CONFIRM, { password: PASSWORD });
  expect(extensionsOf(await operator.gql(PROMO))?.code).toBe('NOT_FOUND');
  // Somebody who is no operator learns nothing new.
  expect(extensionsOf(await (await newPerson()).gql(PROMO))).not.toHaveProperty('stepUp');
});

test('for somebody with a second factor only that one counts', async () => {
  const person = await newPerson();
  const { app } = await setUpSecondFactor(t.url, person.email);
  expect(extensionsOf(await person.gql(KEY('ADMIN')))?.stepUp).toBe('CODE');
  expect(extensionsOf(await person.gql(CONFIRM, { password: PASSWORD }))?.code).toBe(
    'BAD_USER_INPUT',
  );
  expect(extensionsOf(await person.gql(CONFIRM, { code: '000000' }))?.code).toBe('FORBIDDEN');
  expect(extensionsOf(await person.gql(CONFIRM, { code: app.code() }))).toBeUndefined();
  expect(extensionsOf(await person.gql(KEY('ADMIN')))).toBeUndefined();
});

test('the second factor itself is changed after a recent proof only', async () => {
  const { email } = await newPerson();
  const { browser } = await setUpSecondFactor(t.url, email);
  await wait();
  for (const name of ['disable', 'generate-backup-codes', 'enable']) {
    const body = { password: PASSWORD };
    const refused = await browser.send(`/api/auth/two-factor/${name}`, { method: 'POST', body });
    expect([name, refused.status, await refused.json()]).toMatchObject([
      name,
      403,
      { stepUp: 'CODE' },
    ]);
  }
});

test('guesses at the password of an open session are limited', async () => {
  const person = await newPerson();
  const codes: (string | undefined)[] = [];
  for (let n = 0; n < 11; n += 1) {
    codes.push(extensionsOf(await person.gql(CONFIRM, { password: 'not the password' }))?.code);
  }
  expect(codes).toEqual([...Array<string>(10).fill('FORBIDDEN'), 'RATE_LIMITED']);
});

describe('an organization of which an operator requires it', () => {
  const REQUIRE = `mutation ($id: ID!, $required: Boolean!) {
    requireSecondFactor(input: { id: $id, isRequired: $required }) {
      account { isSecondFactorRequired }
      userErrors { code message path details }
    }
  }`;

  test('lets members act only in a session with a second factor, and its keys go on', async () => {
    const [operator, owner] = [await newPerson(), await newPerson()];
    await makeOperator(operator);
    const made = await owner.gql(
      'mutation { createOrganization(input: { name: "Acme" }) { account { id } userErrors { code message path details } } }',
    );
    const id = made.body.data.createOrganization.account.id as string;
    const on = (person: Person) => personOn(t.url, person, id);
    const created = await on(owner).gql(
      'mutation { createApiKey(input: { name: "k", scopes: [READ] }) { secret userErrors { code message path details } } }',
    );
    const { secret } = created.body.data.createApiKey;
    const READ = '{ account { balance { postedNanos } } }';

    const { data } = (await operator.gql(REQUIRE, { id, required: true })).body;
    expect(data.requireSecondFactor.account.isSecondFactorRequired).toBe(true);
    const refused = await on(owner).gql(READ);
    expect(errorOf(refused)).toMatchObject({
      code: 'FORBIDDEN',
      secondFactorRequired: true,
    });
    expect(extensionsOf(await owner.gql(READ))).toBeUndefined();
    expect(extensionsOf(await personOf(t.url, '', secret as string).gql(READ))).toBeUndefined();

    const { app } = await setUpSecondFactor(t.url, owner.email);
    // A session from before has not shown it.
    expect(extensionsOf(await on(owner).gql(READ))?.code).toBe('FORBIDDEN');
    await owner.gql(CONFIRM, { code: app.code() });
    expect(extensionsOf(await on(owner).gql(READ))).toBeUndefined();

    await operator.gql(REQUIRE, { id, required: false });
    const [{ id: personal }] = (await owner.gql('{ viewer { accounts { id } } }')).body.data.viewer
      .accounts as [{ id: string }];
    const ofOne = await operator.gql(REQUIRE, { id: personal, required: true });
    expect(extensionsOf(ofOne)?.code).toBe('CONFLICT');
  });
});

test('who has neither password nor second factor signs in again', async () => {
  const person = await newPerson();
  await t.database.query(
    `DELETE FROM identity i USING app_user u WHERE u.id = i.user_id AND u.email = $1`,
    [person.email],
  );
  await wait();
  expect(extensionsOf(await person.gql(KEY('ADMIN')))?.stepUp).toBe('SIGN_IN');
  const { answer } = await signInBrowser(t.url, person.email);
  expect(answer.status).toBe(401);
});
