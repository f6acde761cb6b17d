import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { browserOf, signUp } from '../support/people.js';
import { setUpSecondFactor } from '../support/second-factor.js';

/*
 * Attack: whoever has taken over somebody's account at GitHub signs in here as them, although they have a second factor.
 */

const outbox = temporaryFolder();
const realFetch = globalThis.fetch;
let t: TestApp;
/** Verified by GitHub. */
let email = '';

/** GitHub, as far as the identity library asks it. */
function github(url: string): Response | undefined {
  if (url.startsWith('https://github.com/login/oauth/access_token')) {
    return Response.json({ access_token: 'a', token_type: 'bearer', scope: 'user:email' });
  }
  if (url === 'https://api.github.com/user') {
    return Response.json({ id: email, login: 'ada', name: 'Ada', email });
  }
  if (url === 'https://api.github.com/user/emails') {
    return Response.json([{ email, primary: true, verified: true }]);
  }
  return undefined;
}

beforeAll(async () => {
  globalThis.fetch = (input, init) => {
    const answer = github(input instanceof Request ? input.url : input.toString());
    return answer === undefined ? realFetch(input, init) : Promise.resolve(answer);
  };
  t = await startTestApp({
    config: {
      ...mailTo(outbox.path),
      oauth: { github: { clientId: 'id', clientSecret: 'secret' }, google: undefined },
    },
  });
});
afterAll(async () => {
  globalThis.fetch = realFetch;
  await t.stop();
  outbox.remove();
});

/** Signs in by GitHub. @returns the answer to the browser that comes back from there */
async function signInByGitHub(): Promise<Response> {
  const asked = await fetch(`${t.url}/api/auth/sign-in/social`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: t.url },
    body: JSON.stringify({ provider: 'github', callbackURL: '/?page=1' }),
  });
  const { url } = (await asked.json()) as { url: string };
  const state = new URL(url).searchParams.get('state') ?? '';
  const cookie = asked.headers
    .getSetCookie()
    .map((set) => set.split(';')[0])
    .join('; ');
  return fetch(`${t.url}/api/auth/callback/github?code=x&state=${state}`, {
    redirect: 'manual',
    headers: { cookie },
  });
}

/** What a browser that keeps the cookies of an answer is signed in as. */
async function viewer(answer: Response): Promise<unknown> {
  const cookie = answer.headers
    .getSetCookie()
    .map((set) => set.split(';')[0])
    .join('; ');
  const found = await fetch(`${t.url}/api/auth/get-session`, { headers: { cookie } });
  return ((await found.json()) as { user: { email: string } } | null)?.user.email;
}
const signIns = async () =>
  (await t.database.query(`SELECT FROM audit_event WHERE action = 'user.signed-in'`)).length;

test('somebody without a second factor is signed in', async () => {
  email = 'plain@example.org';
  const before = await signIns();
  const answer = await signInByGitHub();
  expect(answer.status).toBe(302);
  expect(new URL(answer.headers.get('location') ?? '', t.url).search).toBe('?page=1');
  expect(await viewer(answer)).toBe(email);
  expect(await signIns()).toBe(before + 1);
});

test('somebody with a second factor is signed in once they have shown it', async () => {
  email = 'factor@example.org';
  await signUp({ url: t.url, outboxDir: outbox.path }, email);
  const { app } = await setUpSecondFactor(t.url, email);
  const before = await signIns();
  const answer = await signInByGitHub();
  expect(answer.status).toBe(302);
  const page = new URL(answer.headers.get('location') ?? '', t.url);
  expect(page.search).toBe('?page=1&secondFactor=required');
  expect(await viewer(answer)).toBeUndefined();
  expect(await signIns()).toBe(before);

  const challenge = answer.headers.getSetCookie().find((set) => set.includes('two_factor='));
  const shown = await fetch(`${t.url}/api/auth/two-factor/verify-totp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: t.url,
      cookie: challenge?.split(';')[0] ?? '',
    },
    body: JSON.stringify({ code: app.code() }),
  });
  expect(shown.status).toBe(200);
  expect(await signIns()).toBe(before + 1);
  const session = await browserOf(t.url, shown).send('/api/auth/get-session');
  expect(await session.json()).toMatchObject({ user: { email } });
});
