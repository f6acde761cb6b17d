import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import {
  type Browser,
  mailAfter,
  PASSWORD,
  SIGN_UP,
  signInBrowser,
  signUp,
  VERIFY,
} from '../support/people.js';

/* What a person says about themselves has one limit, whichever door it comes through. */

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

let people = 0;
const newEmail = () => `fields${String((people += 1))}@example.org`;
const newPerson = () => signUp({ url: t.url, outboxDir: outbox.path }, newEmail());

const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';

describe.each([
  'short',
  'x'.repeat(129),
  'password123',
  'QwertyUiop' /* cspell:disable-line */,
  'gigarouter1',
  'test@example.org',
])('the password %j is refused', (password) => {
  test('where an address is confirmed', async () => {
    const email = newEmail();
    const { token } = await mailAfter(outbox.path, email, () => t.gql(SIGN_UP, { email }));
    expect(codeOf(await t.gql(VERIFY, { token, password }))).toBe('BAD_USER_INPUT');
    const page = await fetch(`${t.url}/auth/verify-email`, {
      method: 'POST',
      body: new URLSearchParams({ token, password }),
    });
    expect([page.status, await page.text()]).toEqual([
      400,
      expect.stringContaining('name="password"'),
    ]);
    expect(codeOf(await t.gql(VERIFY, { token, password: PASSWORD }))).toBeUndefined();
  });

  test('where it is set anew, or changed', async () => {
    const { email } = await newPerson();
    const { token } = await mailAfter(outbox.path, email, () => t.gql(RESET, { email }));
    const SET =
      'mutation ($token: String!, $password: String!) { resetPassword(input: { token: $token, password: $password }) { userErrors { code message path details } } }';
    expect(codeOf(await t.gql(SET, { token, password }))).toBe('BAD_USER_INPUT');

    const browser = await signInBrowser(t.url, email);
    const change = (newPassword: string) =>
      browser.send('/api/auth/change-password', {
        method: 'POST',
        body: { currentPassword: PASSWORD, newPassword },
      });
    const refused = await change(password);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ message: expect.stringMatching(/password/i) });
    expect(codeOf(await t.gql(SET, { token, password: 'another good one' }))).toBeUndefined();
  });
});

describe('through the identity library’s door', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await signInBrowser(t.url, (await newPerson()).email);
  });
  const update = (body: object) => browser.send('/api/auth/update-user', { method: 'POST', body });
  const user = async () =>
    ((await (await browser.send('/api/auth/get-session')).json()) as { user: object }).user;

  test.each<object>([
    { name: 'x'.repeat(101) },
    { name: 'x\u0000y' },
    { name: 'x\ny' },
    { name: '  ' },
    { name: 5 },
    { name: { first: 'Ada' } },
    { name: null },
    { image: 'http://example.org/me.png' },
    { image: 'javascript:alert(1)' },
    { image: 'data:image/png;base64,AAAA' },
    { image: `https://example.org/${'x'.repeat(2_048)}` },
    { image: 5 },
    { image: ['https://example.org/me.png'] },
    { operator: true },
    { email: 'other@example.org' },
  ])('%j is refused, and changes nothing', async (fields) => {
    const before = await user();
    const answer = await update(fields);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { message: expect.any(String) },
    ]);
    expect(await user()).toEqual(before);
  });

  test('a name and a picture are changed, and a picture taken away', async () => {
    const image = 'https://example.org/me.png';
    expect((await update({ name: ' Ada ', image, emailVerified: false })).status).toBe(200);
    expect(await user()).toMatchObject({ name: 'Ada', image, emailVerified: true });
    expect((await update({ image: null })).status).toBe(200);
    expect(await user()).toMatchObject({ name: 'Ada', image: null });
  });
});

test.each(['', '  ', 'x'.repeat(101), 'x\ny'])('signUp refuses the name %j', async (name) => {
  const query =
    'mutation ($email: String!, $name: String!) { signUp(input: { email: $email, name: $name }) { userErrors { code message path details } } }';
  expect(codeOf(await t.gql(query, { email: newEmail(), name }))).toBe('BAD_USER_INPUT');
});

test('an address of more than 254 characters is refused at each door', async () => {
  const email = `${'x'.repeat(250)}@example.org`;
  expect(codeOf(await t.gql(SIGN_UP, { email }))).toBe('BAD_USER_INPUT');
  const { answer } = await signInBrowser(t.url, email);
  expect(answer.status).toBe(400);
});

test('of a long user agent the beginning is kept', async () => {
  const { email, gql } = await newPerson();
  await fetch(`${t.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: t.url,
      'user-agent': `Browser ${'x'.repeat(8_000)}`,
    },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const { sessions } = (await gql('{ sessions { userAgent } }')).body.data;
  expect(sessions[0].userAgent).toMatch(/^Browser x{248}$/);
});
