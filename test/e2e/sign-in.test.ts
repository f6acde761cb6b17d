import {
  mailAfter,
  mailsTo,
  ownAccountOf,
  PASSWORD,
  personOf,
  SIGN_IN,
  SIGN_UP,
  signInBrowser,
  signUp,
  VERIFY,
} from '../support/people.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { until } from '../support/process.js';
import { temporaryFolder } from '../support/folder.js';

const outbox = temporaryFolder();
let t: TestApp;
let server: { url: string; outboxDir: string };
beforeAll(async () => {
  t = await startTestApp({
    config: { mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path } },
  });
  server = { url: t.url, outboxDir: outbox.path };
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const VIEWER =
  '{ viewer { user { id email isEmailVerified } isOperator accounts { id kind viewerRole name } } }';
const LOTS =
  '{ account { creditLots { nodes { source originalNanos remainingNanos expiresAt } } } }';

let people = 0;
/** Addresses of a network of their own keep the limits of tests apart. */
const newEmail = () => `person${String((people += 1))}@example.org`;

test('from sign-up to free credit: an address has to be confirmed first', async () => {
  const email = newEmail();
  const mail = await mailAfter(outbox.path, email, async () => {
    const { body } = await t.gql(SIGN_UP, { email });
    expect(body.data).toEqual({ signUp: { userErrors: [] } });
  });
  expect(mail.subject).toBe('Confirm your email address');
  const confirmation = { token: mail.token, password: PASSWORD };
  expect(codeOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBe('UNAUTHENTICATED');
  expect((await t.gql(VERIFY, confirmation)).body.data.verifyEmail.userErrors).toEqual([]);

  const { token } = (await t.gql(SIGN_IN, { email, password: PASSWORD })).body.data.signIn;
  const person = personOf(t.url, email, token as string);
  expect((await person.gql(VIEWER)).body.data.viewer).toMatchObject({
    user: { email, isEmailVerified: true },
    isOperator: false,
    accounts: [{ kind: 'PERSONAL', viewerRole: 'OWNER', name: 'Test' }],
  });
  const { nodes: creditLots } = (await person.gql(LOTS)).body.data.account.creditLots;
  expect(creditLots).toEqual([
    {
      source: 'SIGN_UP',
      originalNanos: '100000000',
      remainingNanos: '100000000',
      expiresAt: expect.stringMatching(/^\d{4}-/) as string,
    },
  ]);
  const { auditEvents } = (
    await person.gql('{ account { auditEvents { nodes { action userId } } } }')
  ).body.data.account;
  expect(auditEvents.nodes.map(({ action }: { action: string }) => action)).toEqual([
    'user.signed-in',
    'user.email-verified',
    'account.created',
  ]);
  expect(codeOf(await t.gql(VERIFY, confirmation))).toBe('BAD_USER_INPUT');
  expect((await person.gql(LOTS)).body.data.account.creditLots.nodes).toHaveLength(1);
});

test('F25: free credit is given once for a mailbox, however it is spelt and however often it is confirmed', async () => {
  const first = await signUp(server, 'once@example.org');
  expect((await first.gql(LOTS)).body.data.account.creditLots.nodes).toHaveLength(1);
  const tagged = await signUp(server, 'once+again@example.org');
  expect((await tagged.gql(LOTS)).body.data.account.creditLots.nodes).toHaveLength(0);
  const { accounts } = t.app.services;
  const { id } = (await first.gql(VIEWER)).body.data.viewer.user;
  await Promise.all(
    Array.from({ length: 20 }, () => accounts.giveFreeCredit({ id, email: 'once@example.org' })),
  );
  expect((await first.gql(LOTS)).body.data.account.creditLots.nodes).toHaveLength(1);
});

test('what is answered does not tell whether an address is known', async () => {
  const known = await signUp(server, newEmail());
  const ask = async (query: string, variables: object) => {
    const emails = [known.email, newEmail()];
    const answers = await Promise.all(emails.map((email) => t.gql(query, { email, ...variables })));
    return answers.map(({ status, body }) => [
      status,
      body.data,
      { ...errorOf({ body }), requestId: '' },
    ]);
  };
  const password = 'another password';
  for (const [query, variables] of [
    [SIGN_UP, {}],
    [SIGN_IN, { password }],
    [
      'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }',
      {},
    ],
    [
      'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }',
      {},
    ],
  ] as const) {
    const [first, second] = await ask(query, variables);
    expect(first).toEqual(second);
  }
  await until('a mail that says so to the owner', () =>
    mailsTo(outbox.path, known.email).find(
      ({ subject }) => subject === 'You already have an account',
    ),
  );
});

test('a link by mail signs in, once, and opens an account for a new address', async () => {
  const email = newEmail();
  const { token } = await mailAfter(outbox.path, email, () =>
    t.gql(
      'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }',
      { email },
    ),
  );
  const USE =
    'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }';
  const used = await t.gql(USE, { token });
  const person = personOf(t.url, email, used.body.data.signInWithMagicLink.token as string);
  expect((await person.gql(VIEWER)).body.data.viewer.user).toMatchObject({
    email,
    isEmailVerified: true,
  });
  expect((await person.gql(LOTS)).body.data.account.creditLots.nodes).toHaveLength(1);
  expect(codeOf(await t.gql(USE, { token }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await t.gql(USE, { token: 'x'.repeat(32) }))).toBe('BAD_USER_INPUT');
});

test('a new password ends every session, and its link works once', async () => {
  const person = await signUp(server, newEmail());
  const { email } = person;
  const { token } = await mailAfter(outbox.path, email, () =>
    t.gql(
      'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }',
      { email },
    ),
  );
  const RESET =
    'mutation ($token: String!, $password: String!) { resetPassword(input: { token: $token, password: $password }) { userErrors { code message path details } } }';
  expect(codeOf(await t.gql(RESET, { token, password: 'short' }))).toBe('BAD_USER_INPUT');
  const password = 'a new long password';
  expect((await t.gql(RESET, { token, password })).body.data.resetPassword.userErrors).toEqual([]);
  expect(codeOf(await person.gql(VIEWER))).toBe('UNAUTHENTICATED');
  expect(codeOf(await t.gql(RESET, { token, password }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBe('UNAUTHENTICATED');
  expect((await t.gql(SIGN_IN, { email, password })).body.data.signIn.token).toMatch(/./);
});

test('a session that was signed out is over', async () => {
  const person = await signUp(server, newEmail());
  const signedOut = await person.gql(
    'mutation { signOut { userErrors { code message path details } } }',
  );
  expect(signedOut.body.data).toEqual({ signOut: { userErrors: [] } });
  expect(codeOf(await person.gql(VIEWER))).toBe('UNAUTHENTICATED');
});

test('a session in a cookie is over once it was signed out, and the browser forgets it', async () => {
  const email = newEmail();
  await signUp(server, email);
  const { cookie } = await signInBrowser(t.url, email);
  const ask = (query: string) =>
    fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, origin: t.url },
      body: JSON.stringify({ query }),
    });
  expect(await (await ask('{ viewer { user { email } } }')).json()).toMatchObject({
    data: { viewer: { user: { email } } },
  });
  const out = await ask('mutation { signOut { userErrors { code message path details } } }');
  expect(await out.json()).toMatchObject({ data: { signOut: { userErrors: [] } } });
  expect(out.headers.getSetCookie().join()).toMatch(/session_token=;.*Max-Age=0/);
  expect(await (await ask('{ viewer { user { email } } }')).json()).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

test.each(['', 'nobody', 'a@b@c', 'a b@example.org', 'x'.repeat(300) + '@example.org'])(
  '%j is refused as an address',
  async (email) => {
    expect(codeOf(await t.gql(SIGN_UP, { email }))).toBe('BAD_USER_INPUT');
  },
);

test('an account that is closed keeps its history, and ends its keys and sessions on it', async () => {
  const person = await signUp(server, newEmail());
  const KEY = `mutation { createApiKey(input: { name: "k" }) { secret userErrors { code message path details } } }`;
  const { secret } = (await person.gql(KEY)).body.data.createApiKey;
  const CLOSE =
    'mutation ($id: ID!, $giveUp: Boolean!) { closeAccount(input: { accountId: $id, giveUpCredit: $giveUp }) { userErrors { code message path details } } }';
  const id = await ownAccountOf(person);
  const refused = await person.gql(CLOSE, { id, giveUp: false });
  expect(codeOf(refused)).toBe('CONFLICT');
  expect(errorOf(refused)?.message).toContain('giveUpCredit');
  expect((await person.gql(CLOSE, { id, giveUp: true })).body.data.closeAccount.userErrors).toEqual(
    [],
  );
  const used = await personOf(t.url, '', secret as string).gql(
    '{ account { balance { postedNanos } } }',
  );
  expect(codeOf(used)).toBe('UNAUTHENTICATED');
  const findings = await t.app.services.credits.verify();
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
});

test('who guesses passwords has to wait', async () => {
  const codes: (string | undefined)[] = [];
  const email = newEmail();
  let last;
  for (let tries = 0; tries < 60 && codes.at(-1) !== 'RATE_LIMITED'; tries++) {
    last = await t.gql(SIGN_IN, { email, password: `wrong password ${String(tries)}` });
    codes.push(codeOf(last));
  }
  expect(codes.at(-1)).toBe('RATE_LIMITED');
  expect(codes.length).toBeLessThanOrEqual(51);
  expect(errorOf(last)?.retryAfterS).toBeGreaterThan(0);
});
