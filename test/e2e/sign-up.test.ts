import { readFileSync } from 'node:fs';
import path from 'node:path';
import { newId } from '../../src/platform/ids.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import {
  mailAfter,
  mailsTo,
  PASSWORD,
  personOf,
  SIGN_IN,
  SIGN_UP,
  signUp,
  VERIFY,
} from '../support/people.js';

/*
 * Attack: somebody signs up with another person's address, waits until its owner confirms a mail, and comes in with a
 * password of their own ("account pre-hijacking").
 */

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: { mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path } },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const OTHER = 'a password of somebody else';
const MAGIC =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';
const USE =
  'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }';

let people = 0;
const newEmail = () => `victim${String((people += 1))}@example.org`;

const ask = async (email: string, query = SIGN_UP) =>
  mailAfter(outbox.path, email, () => t.gql(query, { email }));
const signInAs = async (email: string, password: string) =>
  codeOf(await t.gql(SIGN_IN, { email, password }));
const countPeople = async () =>
  (await t.database.query<{ n: number }>('SELECT count(*)::int AS n FROM app_user'))[0]?.n;

test('nobody chooses a password before the address is confirmed, at no door', async () => {
  const email = newEmail();
  const withPassword = await t.gql(
    `mutation { signUp(input: { email: "${email}", password: "${OTHER}", name: "x" }) { userErrors { code message path details } } }`,
  );
  expect(codeOf(withPassword)).toBe('GRAPHQL_VALIDATION_FAILED');
  const before = await countPeople();
  const routes = ['sign-up/email', 'send-verification-email', 'request-password-reset'];
  for (const route of [...routes, 'sign-in/magic-link', 'reset-password', 'change-email']) {
    const answer = await fetch(`${t.url}/api/auth/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: t.url },
      body: JSON.stringify({ email, password: OTHER, name: 'x', newEmail: email }),
    });
    expect([route, answer.status]).toEqual([route, 404]);
  }
  expect(mailsTo(outbox.path, email)).toEqual([]);
  expect(await countPeople()).toBe(before);
});

test('a sign-up that nobody confirmed leaves no person, account or credit', async () => {
  const before = await countPeople();
  await ask(newEmail());
  expect(await countPeople()).toBe(before);
});

test('a stranger’s sign-up is replaced by the owner’s, and its link is dead', async () => {
  const email = newEmail();
  const strangers = await ask(email);
  const owners = await ask(email);
  const stale = await t.gql(VERIFY, { token: strangers.token, password: OTHER });
  expect(codeOf(stale)).toBe('BAD_USER_INPUT');
  const confirmed = await t.gql(VERIFY, { token: owners.token, password: PASSWORD });
  expect(confirmed.body.data.verifyEmail.userErrors).toEqual([]);
  expect(await signInAs(email, OTHER)).toBe('UNAUTHENTICATED');
  expect(await signInAs(email, PASSWORD)).toBeUndefined();
});

test('a link confirms once; a password that is refused does not use it up', async () => {
  const email = newEmail();
  const { token } = await ask(email);
  for (const password of ['', 'short', 'x'.repeat(129)]) {
    expect(codeOf(await t.gql(VERIFY, { token, password }))).toBe('BAD_USER_INPUT');
  }
  const all = await Promise.all(
    [PASSWORD, OTHER].map((password) => t.gql(VERIFY, { token, password })),
  );
  expect(all.map(codeOf).sort()).toEqual(['BAD_USER_INPUT', undefined]);
  expect(codeOf(await t.gql(VERIFY, { token, password: OTHER }))).toBe('BAD_USER_INPUT');
  const signedIn = await Promise.all([PASSWORD, OTHER].map((one) => signInAs(email, one)));
  expect(signedIn.sort()).toEqual(['UNAUTHENTICATED', undefined]);
});

test('a link expires', async () => {
  const { token } = await ask(newEmail());
  await t.database.query(`UPDATE verification SET expires_at = now() - interval '1 second'`);
  expect(codeOf(await t.gql(VERIFY, { token, password: PASSWORD }))).toBe('BAD_USER_INPUT');
});

test('who signed in by a link meanwhile gets no password from an older sign-up', async () => {
  const email = newEmail();
  const { token } = await ask(email);
  const magic = await ask(email, MAGIC);
  const { signInWithMagicLink } = (await t.gql(USE, { token: magic.token })).body.data;
  expect(codeOf(await t.gql(VERIFY, { token, password: OTHER }))).toBe('BAD_USER_INPUT');
  expect(await signInAs(email, OTHER)).toBe('UNAUTHENTICATED');
  const owner = personOf(t.url, email, signInWithMagicLink.token as string);
  expect((await owner.gql('{ viewer { user { email } } }')).body.data.viewer.user.email).toBe(
    email,
  );
});

describe('a password that was set before its address was confirmed, as earlier versions allowed', () => {
  async function unconfirmed(): Promise<string> {
    const email = newEmail();
    const { email: from } = await signUp({ url: t.url, outboxDir: outbox.path }, newEmail());
    const id = newId('usr');
    await t.database.query(`INSERT INTO app_user (id, name, email) VALUES ($1, 'x', $2)`, [
      id,
      email,
    ]);
    await t.app.services.accounts.openPersonalAccount({ id, name: 'x', email });
    await t.database.query(
      `INSERT INTO identity (id, user_id, provider_id, provider_account_id, password)
       SELECT $1, $2, 'credential', $2, i.password FROM identity i JOIN app_user u ON u.id = i.user_id
        WHERE u.email = $3`,
      [newId('idn'), id, from],
    );
    expect(await signInAs(email, PASSWORD)).toBe('FORBIDDEN');
    return email;
  }

  test('ends when the owner confirms the address', async () => {
    const email = await unconfirmed();
    const { token } = await ask(email);
    expect(codeOf(await t.gql(VERIFY, { token, password: OTHER }))).toBeUndefined();
    expect(await signInAs(email, PASSWORD)).toBe('UNAUTHENTICATED');
    const { token: session } = (await t.gql(SIGN_IN, { email, password: OTHER })).body.data.signIn;
    const owner = personOf(t.url, email, session as string);
    const { creditLots, auditEvents } = (
      await owner.gql(
        '{ account { creditLots { nodes { source } } auditEvents { nodes { action } } } }',
      )
    ).body.data.account;
    expect(creditLots.nodes).toEqual([{ source: 'SIGN_UP' }]);
    expect(auditEvents.nodes.map(({ action }: { action: string }) => action)).toContain(
      'user.email-verified',
    );
  });

  test('is taken away by the migration', async () => {
    const email = await unconfirmed();
    const kept = await signUp({ url: t.url, outboxDir: outbox.path }, newEmail());
    const file = 'prisma/migrations/20261130110000_confirmed_passwords/migration.sql';
    await t.database.query(readFileSync(path.resolve(file), 'utf8'));
    expect(await signInAs(email, PASSWORD)).toBe('UNAUTHENTICATED');
    expect(await signInAs(kept.email, PASSWORD)).toBeUndefined();
    expect(errorOf(await kept.gql('{ viewer { user { email } } }'))).toBeUndefined();
  });
});

test('every mail says what to do for whoever did not ask for it', async () => {
  const { email } = await signUp({ url: t.url, outboxDir: outbox.path }, newEmail());
  await ask(email);
  await ask(email, MAGIC);
  await ask(
    email,
    'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }',
  );
  const mails = mailsTo(outbox.path, email);
  expect(mails.map(({ subject }) => subject)).toEqual([
    'Confirm your email address',
    'You already have an account',
    'Your sign-in link',
    'Reset your password',
  ]);
  for (const { text } of mails)
    expect(text).toMatch(/If (?:this was not you|you did not request this), ignore/);
});
