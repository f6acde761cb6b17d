import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import {
  browserOf,
  mailAfter,
  PASSWORD,
  personOf,
  SIGN_IN,
  signInBrowser,
  signUp,
} from '../support/people.js';
import { setUpSecondFactor } from '../support/second-factor.js';

/*
 * Attack: whoever knows a password, or reads somebody's mail, signs in as them although they have a second factor.
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
async function newPerson() {
  const email = `factor${String((people += 1))}@example.org`;
  await signUp({ url: t.url, outboxDir: outbox.path }, email);
  return { email, ...(await setUpSecondFactor(t.url, email)) };
}
const SIGN_IN_CODE = `mutation ($email: String!, $password: String!, $code: String) {
  signIn(input: { email: $email, password: $password, code: $code }) {
    token
    userErrors { code message path details }
  }
}`;
const MAGIC =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';
const USE = `mutation ($token: String!, $code: String) {
  signInWithMagicLink(input: { token: $token, code: $code }) {
    token
    userErrors { code message path details }
  }
}`;
const VIEWER = '{ viewer { user { email } hasSecondFactor } }';

test('a password alone signs in nowhere, with a code it does, and a code works once', async () => {
  const { email, app } = await newPerson();
  const alone = await t.gql(SIGN_IN, { email, password: PASSWORD });
  expect(errorOf(alone)).toMatchObject({ code: 'UNAUTHENTICATED', secondFactor: true });
  const wrongPassword = { email, password: 'not the password', code: app.recoveryCodes[0] };
  expect(errorOf(await t.gql(SIGN_IN_CODE, wrongPassword))).not.toHaveProperty('secondFactor');
  for (const code of ['000000', '', 'abcde-12345', 'x'.repeat(1_000)]) {
    const refused = await t.gql(SIGN_IN_CODE, { email, password: PASSWORD, code });
    expect(['UNAUTHENTICATED', 'BAD_USER_INPUT']).toContain(errorOf(refused)?.code);
  }
  const code = app.code();
  const signedIn = await t.gql(SIGN_IN_CODE, { email, password: PASSWORD, code });
  const person = personOf(t.url, email, signedIn.body.data.signIn.token as string);
  expect((await person.gql(VIEWER)).body.data.viewer).toEqual({
    user: { email },
    hasSecondFactor: true,
  });
  const again = await t.gql(SIGN_IN_CODE, { email, password: PASSWORD, code });
  expect(errorOf(again)?.code).toBe('UNAUTHENTICATED');
});

test('a recovery code signs in, once', async () => {
  const { email, app } = await newPerson();
  const credential = { email, password: PASSWORD, code: app.recoveryCodes[3] };
  expect(errorOf(await t.gql(SIGN_IN_CODE, credential))).toBeUndefined();
  expect(errorOf(await t.gql(SIGN_IN_CODE, credential))?.code).toBe('UNAUTHENTICATED');
});

test('a browser gets no session before the code', async () => {
  const { email, app } = await newPerson();
  const waiting = await signInBrowser(t.url, email);
  expect(await waiting.answer.json()).toMatchObject({ twoFactorRedirect: true });
  expect(waiting.cookie).toBe('gigarouter.session_token=');
  const cookie = waiting.answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .find((one) => one.startsWith('gigarouter.two_factor='));
  const send = (code: string) =>
    fetch(`${t.url}/api/auth/two-factor/verify-totp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: t.url, cookie: cookie ?? '' },
      body: JSON.stringify({ code }),
    });
  expect((await send('000000')).status).toBe(401);
  const browser = browserOf(t.url, await send(app.code()));
  expect(await (await browser.send('/api/auth/get-session')).json()).toMatchObject({
    user: { email, twoFactorEnabled: true },
  });
});

test('an unfinished sign-in is none: nothing is known of it, and no place becomes a known one', async () => {
  const { email } = await newPerson();
  const count = async () =>
    (
      await t.database.query<{ sessions: number; devices: number; events: number }>(
        `SELECT (SELECT count(*)::int FROM session WHERE user_id = u.id) AS sessions,
                (SELECT count(*)::int FROM known_device WHERE user_id = u.id) AS devices,
                (SELECT count(*)::int FROM audit_event WHERE target = u.id AND action = 'user.signed-in') AS events
           FROM app_user u WHERE u.email = $1`,
        [email],
      )
    )[0];
  const before = await count();
  await fetch(`${t.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: t.url, 'user-agent': 'Mallory' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  await t.gql(SIGN_IN, { email, password: PASSWORD });
  expect(await count()).toEqual(before);
});

test('a link in a mail needs the code as well, and survives a wrong one', async () => {
  const { email, app } = await newPerson();
  const { token } = await mailAfter(outbox.path, email, () => t.gql(MAGIC, { email }));
  expect(errorOf(await t.gql(USE, { token }))).toMatchObject({
    code: 'UNAUTHENTICATED',
    secondFactor: true,
  });
  expect(errorOf(await t.gql(USE, { token, code: '000000' }))?.code).toBe('UNAUTHENTICATED');
  const used = await t.gql(USE, { token, code: app.code() });
  const person = personOf(t.url, email, used.body.data.signInWithMagicLink.token as string);
  expect((await person.gql(VIEWER)).body.data.viewer.user.email).toBe(email);
  const again = await t.gql(USE, { token, code: app.recoveryCodes[0] });
  expect(errorOf(again)?.code).toBe('BAD_USER_INPUT');
});

test('the page of such a link asks for the code', async () => {
  const { email, app } = await newPerson();
  const { token } = await mailAfter(outbox.path, email, () => t.gql(MAGIC, { email }));
  const send = (fields: Record<string, string>) =>
    fetch(`${t.url}/auth/magic-link`, { method: 'POST', body: new URLSearchParams(fields) });
  const asked = await send({ token });
  expect([asked.status, await asked.text()]).toEqual([401, expect.stringContaining('name="code"')]);
  expect(asked.headers.getSetCookie()).toEqual([]);
  const wrong = await send({ token, code: '000000' });
  expect(await wrong.text()).toContain('name="code"');
  const done = await send({ token, code: app.code() });
  expect(done.status).toBe(200);
  expect(browserOf(t.url, done).token).toMatch(/^\w{32}$/);
});

test('a new password, set by a link, does not take the second factor away', async () => {
  const { email } = await newPerson();
  const RESET =
    'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';
  const { token } = await mailAfter(outbox.path, email, () => t.gql(RESET, { email }));
  const password = 'the second password';
  await t.gql(
    'mutation ($token: String!, $password: String!) { resetPassword(input: { token: $token, password: $password }) { userErrors { code message path details } } }',
    { token, password },
  );
  expect(errorOf(await t.gql(SIGN_IN, { email, password }))).toMatchObject({ secondFactor: true });
});

test('codes are guessed at a delay, wherever from and in whichever session', async () => {
  const { email, browser } = await newPerson();
  const guess = (code: string) =>
    browser.send('/api/auth/two-factor/verify-totp', { method: 'POST', body: { code } });
  await guess('000000');
  await t.database.query('UPDATE sign_in_attempt SET attempts = 30, next_at = now()');
  expect((await guess('000001')).status).toBe(401);
  const refused = await guess('000002');
  expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
  const elsewhere = await t.gql(SIGN_IN_CODE, { email, password: PASSWORD, code: '000003' });
  expect(errorOf(elsewhere)?.code).toBe('RATE_LIMITED');
});

test('switching it on and off is in the audit log', async () => {
  const { email, browser, app } = await newPerson();
  const off = await browser.send('/api/auth/two-factor/disable', {
    method: 'POST',
    body: { password: PASSWORD },
  });
  expect([off.status, app.recoveryCodes.length]).toEqual([200, 10]);
  const { token } = (await t.gql(SIGN_IN, { email, password: PASSWORD })).body.data.signIn;
  const { auditEvents } = (
    await personOf(t.url, email, token as string).gql(
      '{ account { auditEvents { nodes { action ipAddress } } } }',
    )
  ).body.data.account;
  for (const action of ['user.second-factor-on', 'user.second-factor-off']) {
    expect(auditEvents.nodes).toContainEqual({ action, ipAddress: '127.0.0.1' });
  }
});

test('neither the secret nor the recovery codes are stored as they are', async () => {
  const { app } = await newPerson();
  const rows = JSON.stringify(await t.database.query('SELECT * FROM two_factor'));
  for (const code of app.recoveryCodes) expect(rows).not.toContain(code);
});
