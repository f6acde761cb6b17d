import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { newPasskey, type Use } from '../support/passkey.js';
import { type Browser, browserOf, PASSWORD, signInBrowser, signUp } from '../support/people.js';
import { setUpSecondFactor } from '../support/second-factor.js';

const outbox = temporaryFolder();
const OWN = 'http://models.example.org';
const RP_ID = 'models.example.org';
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      publicUrl: OWN,
      ...mailTo(outbox.path),
    },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let people = 0;
async function newBrowser(): Promise<Browser & { email: string }> {
  const email = `passkey${String((people += 1))}@example.org`;
  await signUp({ url: t.url, outboxDir: outbox.path }, email);
  return { ...(await signInBrowser(t.url, email, { origin: OWN })), email };
}

/** Cookies of a browser after an answer. */
const cookiesAfter = (answer: Response, cookie = '') =>
  [cookie, ...answer.headers.getSetCookie().map((one) => one.split(';')[0])]
    .filter((one) => one !== '')
    .join('; ');

async function ceremony(
  kind: 'authenticate' | 'register',
  cookie: string,
  make: (use: Use) => object,
  change: Partial<Use> = {},
): Promise<Response> {
  const options = await fetch(`${t.url}/api/auth/passkey/generate-${kind}-options`, {
    headers: { cookie },
  });
  if (options.status !== 200) return options;
  const { challenge } = (await options.json()) as { challenge: string };
  const name = kind === 'register' ? 'verify-registration' : 'verify-authentication';
  return fetch(`${t.url}/api/auth/passkey/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: OWN,
      cookie: cookiesAfter(options, cookie),
    },
    body: JSON.stringify({
      response: make({ challenge, origin: OWN, rpId: RP_ID, ...change }),
      name: 'My phone',
    }),
  });
}

const passkeysOf = async (browser: Browser) =>
  (await (await browser.send('/api/auth/passkey/list-user-passkeys')).json()) as {
    id: string;
    name: string;
  }[];

test('a passkey is added, and signs in without a password', async () => {
  const browser = await newBrowser();
  const passkey = newPasskey();
  expect((await ceremony('register', browser.cookie, passkey.register)).status).toBe(200);
  expect(await passkeysOf(browser)).toMatchObject([{ name: 'My phone' }]);

  const signedIn = await ceremony('authenticate', '', passkey.authenticate);
  const text = await signedIn.clone().text();
  const next = browserOf(t.url, signedIn, OWN);
  expect([signedIn.status, text.includes(next.token)]).toEqual([200, false]);
  expect(await (await next.send('/api/auth/get-session')).json()).toMatchObject({
    user: { email: browser.email },
  });
});

test.each<[string, Partial<Use>]>([
  ['made for another site', { rpId: 'evil.test' }],
  ['used on a page of another origin', { origin: 'https://evil.test' }],
  ['for another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ['that nobody unlocked', { unlocked: false }],
])('a passkey %s is neither added nor signs in', async (_name, change) => {
  const browser = await newBrowser();
  const refused = await ceremony('register', browser.cookie, newPasskey().register, change);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect(await passkeysOf(browser)).toEqual([]);

  const passkey = newPasskey();
  await ceremony('register', browser.cookie, passkey.register);
  const answer = await ceremony('authenticate', '', passkey.authenticate, change);
  expect([400, 401]).toContain(answer.status);
  expect(browserOf(t.url, answer).token).toBe('');
});

test('an unknown passkey, and an answer that was used, sign in nobody', async () => {
  const unknown = newPasskey();
  expect((await ceremony('authenticate', '', unknown.authenticate)).status).toBe(401);
  const browser = await newBrowser();
  const passkey = newPasskey();
  await ceremony('register', browser.cookie, passkey.register);
  let answer: object = {};
  await ceremony('authenticate', '', (use) => (answer = passkey.authenticate(use)));
  expect((await ceremony('authenticate', '', () => answer)).status).toBeGreaterThanOrEqual(400);
});

test('adding and removing one needs a recent proof, and is in the audit log', async () => {
  const browser = await newBrowser();
  const passkey = newPasskey();
  await ceremony('register', browser.cookie, passkey.register);
  const [{ id } = { id: '' }] = await passkeysOf(browser);
  await t.database.query(`UPDATE session SET confirmed_at = now() - interval '11 minutes'`);
  const remove = () =>
    browser.send('/api/auth/passkey/delete-passkey', { method: 'POST', body: { id } });
  for (const refused of [
    await ceremony('register', browser.cookie, newPasskey().register),
    await remove(),
  ]) {
    expect([refused.status, await refused.json()]).toMatchObject([403, { stepUp: 'PASSWORD' }]);
  }
  const stranger = await newBrowser();
  const others = await stranger.send('/api/auth/passkey/delete-passkey', {
    method: 'POST',
    body: { id },
  });
  expect(others.status).toBe(401);
  const send = (query: string) => browser.send('/graphql', { method: 'POST', body: { query } });
  await send(
    `mutation { confirmIdentity(input: { password: "${PASSWORD}" }) { userErrors { code message path details } } }`,
  );
  expect((await remove()).status).toBe(200);
  const events = await (await send('{ account { auditEvents { nodes { action } } } }')).json();
  for (const action of ['user.passkey-added', 'user.passkey-removed']) {
    expect(JSON.stringify(events)).toContain(action);
  }
});

test('a sign-in by passkey is a second factor, for somebody who has another one too', async () => {
  const { email } = await newBrowser();
  const { browser } = await setUpSecondFactor(t.url, email, OWN);
  const passkey = newPasskey();
  expect((await ceremony('register', browser.cookie, passkey.register)).status).toBe(200);
  const signedIn = await ceremony('authenticate', '', passkey.authenticate);
  const next = browserOf(t.url, signedIn, OWN);
  const made = await next.send('/graphql', {
    method: 'POST',
    body: {
      query:
        'mutation { createApiKey(input: { name: "k", scopes: [ADMIN] }) { apiKey { id } userErrors { code message path details } } }',
    },
  });
  expect(errorOf({ body: await made.json() })).toBeUndefined();
});

test('names have a limit, and a person has so many passkeys at most', async () => {
  const browser = await newBrowser();
  await ceremony('register', browser.cookie, newPasskey().register);
  const [{ id } = { id: '' }] = await passkeysOf(browser);
  const rename = (name: string) =>
    browser.send('/api/auth/passkey/update-passkey', { method: 'POST', body: { id, name } });
  expect((await rename('x'.repeat(101))).status).toBe(400);
  expect((await rename('x'.repeat(100))).status).toBe(200);
  await t.database.query(
    `INSERT INTO passkey (id, public_key, user_id, credential_id, counter, device_type, backed_up)
     SELECT 'idn_' || n, 'x', p.user_id, n::text, 0, 'x', false FROM passkey p, generate_series(2, 20) n WHERE p.id = $1`,
    [id],
  );
  const refused = await ceremony('register', browser.cookie, newPasskey().register);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'CONFLICT' }]);
});
