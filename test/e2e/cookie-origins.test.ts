import { createRoutes } from '../../src/rest/routes.js';
import { temporaryFolder } from '../support/folder.js';
import { type Person, signInBrowser, signUp } from '../support/people.js';
import {
  bearer,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { rawRequest } from '../support/raw-request.js';

/*
 * Attack: a page on another port of this host, which browsers count as the same site, sends a form with the cookie of
 * whoever looks at it, and spends their credit.
 */

const outbox = temporaryFolder();
let t: TestPlatform;
let person: Person;
let cookie: string;
beforeAll(async () => {
  t = await startPlatform({
    mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
  });
  person = await signUp({ url: t.url, outboxDir: outbox.path }, 'ada@example.org');
  cookie = (await signInBrowser(t.url, person.email)).cookie;
}, 120_000);
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

/** Headers that a browser, or nobody, adds to a request of a page that the server did not serve. */
const FOREIGN: [string, Record<string, string>][] = [
  ['a page on another port', { origin: 'http://127.0.0.1:4242', 'sec-fetch-site': 'same-site' }],
  ['a page of another site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
  ['a page that hides its origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['a page whose browser leaves Origin out', { 'sec-fetch-site': 'same-site' }],
  ['a sender that says nothing', {}],
];

async function form(headers: Record<string, string>): Promise<Response> {
  const body = new FormData();
  body.set('image', new Blob([Buffer.from(sample('green-heart.png'), 'base64')]), 'x.png');
  for (const label of ['green heart', 'red circle']) body.append('candidate_labels', label);
  return fetch(`${t.url}/v1/inference/${DEMO_MODEL}`, { method: 'POST', body, headers });
}

const balance = async () =>
  (await person.gql('{ account { balance { postedNanos } } }')).body.data.account.balance
    .postedNanos as string;

describe.each(FOREIGN)('%s', (_name, headers) => {
  test('spends nothing through a form with the visitor’s cookie', async () => {
    const before = await balance();
    const answer = await form({ ...headers, cookie });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('cookie')]);
    expect(await balance()).toBe(before);
  });

  test('reaches no route that may change something', async () => {
    const doors = [
      ...createRoutes(t.app.services).map(({ method, url }) => [method, url] as const),
      ...['/graphql', '/graphql/stream', '/auth/magic-link', '/auth/invitation'].map(
        (url) => ['POST', url] as const,
      ),
      ...['sign-out', 'change-password', 'update-user', 'sign-in/email'].map(
        (name) => ['POST', `/api/auth/${name}`] as const,
      ),
    ].filter(([method]) => method !== 'GET');
    expect(doors.length).toBeGreaterThan(30);
    for (const [method, url] of doors) {
      const path = url.replace(/:\w+|\*/g, 'x');
      const answer = await rawRequest(t.url, {
        method,
        path,
        // Node.js gives the body of a DELETE no length: what follows on the connection would be unreadable.
        headers: {
          ...{ ...headers, cookie },
          ...{ 'content-type': 'application/json', 'content-length': '2' },
        },
        body: '{}',
      });
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.text).toContain('cookie');
    }
  });
});

test('a page of the server’s own, and a program with a bearer token, are charged as ever', async () => {
  for (const headers of [
    { cookie, origin: t.url },
    { cookie, 'sec-fetch-site': 'same-origin' },
    bearer(person.token),
    // A program that keeps the cookies it gets.
    { ...bearer(person.token), cookie },
  ]) {
    const answer = await form(headers);
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining('green heart'),
    ]);
  }
});

test('cookies that are not ours mean nothing without an origin', async () => {
  const answer = await rawRequest(t.url, {
    method: 'POST',
    path: '/graphql',
    headers: { cookie: 'balancer=abc; theme=gigarouter.dark', 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ tasks { task } }' }),
  });
  expect(answer.status).toBe(200);
});

test('a session’s cookie reads without an origin, as for an image or a link', async () => {
  const answer = await rawRequest(t.url, { path: '/api/auth/get-session', headers: { cookie } });
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining(person.email)]);
});
