import {
  mailAfter,
  mailsTo,
  PASSWORD,
  personOf,
  SIGN_IN,
  SIGN_UP,
  signInBrowser,
  signUp,
  VERIFY,
} from '../support/people.js';
import { startTestApp, type TestApp } from '../support/app.js';
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

const VIEWER = '{ viewer { id email emailVerified operator accounts { id kind role name } } }';
const LOTS = '{ creditLots { source originalNanos remainingNanos expiresAt } }';
const codeOf = ({ body }: { body: { errors?: { extensions: { code: string } }[] } }) =>
  body.errors?.[0]?.extensions.code;

let people = 0;
/** Addresses of a network of their own keep the limits of tests apart. */
const newEmail = () => `person${String((people += 1))}@example.org`;

test('from sign-up to free credit: an address has to be confirmed first', async () => {
  const email = newEmail();
  const mail = await mailAfter(outbox.path, email, async () => {
    const { body } = await t.gql(SIGN_UP, { email });
    expect(body.data).toEqual({ signUp: { done: true } });
  });
  expect(mail.subject).toBe('Confirm your email address');
  const confirmation = { token: mail.token, password: PASSWORD };
  expect(codeOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBe('UNAUTHENTICATED');
  expect((await t.gql(VERIFY, confirmation)).body.data.verifyEmail.done).toBe(true);

  const { token } = (await t.gql(SIGN_IN, { email, password: PASSWORD })).body.data.signIn;
  const person = personOf(t.url, email, token as string);
  expect((await person.gql(VIEWER)).body.data.viewer).toMatchObject({
    email,
    emailVerified: true,
    operator: false,
    accounts: [{ kind: 'PERSONAL', role: 'OWNER', name: 'Test' }],
  });
  const { creditLots } = (await person.gql(LOTS)).body.data;
  expect(creditLots).toEqual([
    {
      source: 'SIGN_UP',
      originalNanos: '100000000',
      remainingNanos: '100000000',
      expiresAt: expect.stringMatching(/^\d{4}-/) as string,
    },
  ]);
  const { auditEvents } = (await person.gql('{ auditEvents { action userId } }')).body.data;
  expect(auditEvents.map(({ action }: { action: string }) => action)).toEqual([
    'user.signed-in',
    'user.email-verified',
    'account.created',
  ]);
  expect(codeOf(await t.gql(VERIFY, confirmation))).toBe('BAD_USER_INPUT');
  expect((await person.gql(LOTS)).body.data.creditLots).toHaveLength(1);
});

test('F25: free credit is given once for a mailbox, however it is spelt and however often it is confirmed', async () => {
  const first = await signUp(server, 'once@example.org');
  expect((await first.gql(LOTS)).body.data.creditLots).toHaveLength(1);
  const tagged = await signUp(server, 'once+again@example.org');
  expect((await tagged.gql(LOTS)).body.data.creditLots).toHaveLength(0);
  const { accounts } = t.app.services;
  const { id } = (await first.gql(VIEWER)).body.data.viewer;
  await Promise.all(
    Array.from({ length: 20 }, () => accounts.giveFreeCredit({ id, email: 'once@example.org' })),
  );
  expect((await first.gql(LOTS)).body.data.creditLots).toHaveLength(1);
});

test('what is answered does not tell whether an address is known', async () => {
  const known = await signUp(server, newEmail());
  const ask = async (query: string, variables: object) => {
    const emails = [known.email, newEmail()];
    const answers = await Promise.all(emails.map((email) => t.gql(query, { email, ...variables })));
    return answers.map(({ status, body }) => {
      const { message, extensions } = body.errors?.[0] ?? {};
      return [status, body.data, message, { ...extensions, requestId: '' }];
    });
  };
  const password = 'another password';
  for (const [query, variables] of [
    [SIGN_UP, {}],
    [SIGN_IN, { password }],
    ['mutation ($email: String!) { requestMagicLink(email: $email) { done } }', {}],
    ['mutation ($email: String!) { requestPasswordReset(email: $email) { done } }', {}],
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
    t.gql('mutation ($email: String!) { requestMagicLink(email: $email) { done } }', { email }),
  );
  const USE = 'mutation ($token: String!) { signInWithMagicLink(token: $token) { token } }';
  const used = await t.gql(USE, { token });
  const person = personOf(t.url, email, used.body.data.signInWithMagicLink.token as string);
  expect((await person.gql(VIEWER)).body.data.viewer).toMatchObject({ email, emailVerified: true });
  expect((await person.gql(LOTS)).body.data.creditLots).toHaveLength(1);
  expect(codeOf(await t.gql(USE, { token }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await t.gql(USE, { token: 'x'.repeat(32) }))).toBe('BAD_USER_INPUT');
});

test('a new password ends every session, and its link works once', async () => {
  const person = await signUp(server, newEmail());
  const { email } = person;
  const { token } = await mailAfter(outbox.path, email, () =>
    t.gql('mutation ($email: String!) { requestPasswordReset(email: $email) { done } }', { email }),
  );
  const RESET =
    'mutation ($token: String!, $password: String!) { resetPassword(token: $token, password: $password) { done } }';
  expect(codeOf(await t.gql(RESET, { token, password: 'short' }))).toBe('BAD_USER_INPUT');
  const password = 'a new long password';
  expect((await t.gql(RESET, { token, password })).body.data.resetPassword.done).toBe(true);
  expect(codeOf(await person.gql(VIEWER))).toBe('UNAUTHENTICATED');
  expect(codeOf(await t.gql(RESET, { token, password }))).toBe('BAD_USER_INPUT');
  expect(codeOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBe('UNAUTHENTICATED');
  expect((await t.gql(SIGN_IN, { email, password })).body.data.signIn.token).toMatch(/./);
});

test('a session that was signed out is over', async () => {
  const person = await signUp(server, newEmail());
  expect((await person.gql('mutation { signOut { done } }')).body.data.signOut.done).toBe(true);
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
  expect(await (await ask('{ viewer { email } }')).json()).toMatchObject({
    data: { viewer: { email } },
  });
  const out = await ask('mutation { signOut { done } }');
  expect(await out.json()).toMatchObject({ data: { signOut: { done: true } } });
  expect(out.headers.getSetCookie().join()).toMatch(/session_token=;.*Max-Age=0/);
  expect(await (await ask('{ viewer { email } }')).json()).toMatchObject({
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
  const KEY = `mutation { createApiKey(input: { name: "k" }) { secret } }`;
  const { secret } = (await person.gql(KEY)).body.data.createApiKey;
  const CLOSE = 'mutation ($giveUp: Boolean!) { closeAccount(giveUpCredit: $giveUp) { done } }';
  const refused = await person.gql(CLOSE, { giveUp: false });
  expect(codeOf(refused)).toBe('CONFLICT');
  expect(refused.body.errors[0].message).toContain('giveUpCredit');
  expect((await person.gql(CLOSE, { giveUp: true })).body.data.closeAccount.done).toBe(true);
  const used = await personOf(t.url, '', secret as string).gql('{ balance { postedNanos } }');
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
  expect(last?.body.errors[0].extensions.retryAfterS).toBeGreaterThan(0);
});
