import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailAfter, PASSWORD, SIGN_IN, SIGN_UP, signUp } from '../support/people.js';

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      publicUrl: 'http://gigarouter.test',
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
    },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${t.url}/auth/${path}`, { method: 'POST', body: new URLSearchParams(fields), headers });
const ask = async (field: string, email: string) => {
  const query = `mutation ($email: String!) { ${field}(input: { email: $email }) { userErrors { code } } }`;
  return (await mailAfter(outbox.path, email, () => t.gql(query, { email }))).token;
};

test('looking at a link’s page uses nothing up; its button does', async () => {
  const email = 'ada@example.org';
  const { token } = await mailAfter(outbox.path, email, () => t.gql(SIGN_UP, { email }));
  for (let looks = 0; looks < 3; looks++) {
    const page = await fetch(`${t.url}/auth/verify-email?token=${encodeURIComponent(token)}`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<button>Confirm</button>');
  }
  const refused = await t.gql(SIGN_IN, { email, password: PASSWORD });
  expect(codeOf(refused)).toBe('UNAUTHENTICATED');
  const done = await post('verify-email', { token, password: PASSWORD });
  expect([done.status, (await done.text()).includes('is confirmed')]).toEqual([200, true]);
  expect(errorOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBeUndefined();
});

test('a link to sign in sets a session’s cookie, which the API knows', async () => {
  const email = 'bob@example.org';
  const token = await ask('requestMagicLink', email);
  const done = await post('magic-link', { token }, { origin: 'http://gigarouter.test' });
  expect(done.status).toBe(200);
  const [cookie = ''] = done.headers.getSetCookie();
  expect(cookie).toMatch(/HttpOnly/i);
  expect(cookie).toMatch(/SameSite=Lax/i);
  const answer = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: 'http://gigarouter.test',
      cookie: cookie.split(';')[0] ?? '',
    },
    body: JSON.stringify({ query: '{ viewer { user { email } } }' }),
  });
  expect(await answer.json()).toMatchObject({ data: { viewer: { user: { email } } } });
  expect((await post('magic-link', { token })).status).toBe(400);
});

test('a new password is asked for again when it is too short', async () => {
  const person = await signUp({ url: t.url, outboxDir: outbox.path }, 'carl@example.org');
  const token = await ask('requestPasswordReset', person.email);
  const short = await post('reset-password', { token, password: 'short' });
  expect([short.status, (await short.text()).includes('name="password"')]).toEqual([400, true]);
  expect((await post('reset-password', { token, password: 'a new password' })).status).toBe(200);
});

test('an invitation is accepted by who is signed in on the browser, and by nobody else', async () => {
  const refused = await post('invitation', { token: 'x' });
  expect([refused.status, await refused.text()]).toEqual([
    401,
    expect.stringContaining('Sign in on this browser first'),
  ]);
});

test('a form on another site is refused', async () => {
  const answer = await post('magic-link', { token: 'x' }, { origin: 'https://evil.example' });
  expect(answer.status).toBe(403);
});

test('what a link carries is shown as text', async () => {
  const page = await fetch(`${t.url}/auth/verify-email?token=%22%3E%3Cscript%3E`);
  expect(await page.text()).not.toContain('<script>');
});
