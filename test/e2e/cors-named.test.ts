import { pathOf } from '../../src/rest/openapi.js';
import { createRoutes } from '../../src/rest/routes.js';
import {
  CONSOLE,
  COOKIE,
  corsHeaders,
  DOORS,
  JSON_TYPE,
  LOOKALIKES,
  OTHER,
  OWN,
  preflight,
  send,
  TASKS,
  upgrade,
} from '../support/cors.js';
import { temporaryFolder } from '../support/folder.js';
import { PASSWORD, signUp } from '../support/people.js';
import {
  bearer,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { rawRequest } from '../support/raw-request.js';
import { callRest } from '../support/rest.js';

/*
 * What a browser lets a page of another origin do is decided by headers of ours. They have to be there on every
 * answer, refusals included, for exactly the origins that were t.
 */

const outbox = temporaryFolder();
let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform({
    publicUrl: OWN,
    cors: { named: new Set([CONSOLE, OTHER]), any: false },
    mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
  });
}, 120_000);
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

/** A session of a new person, as the cookie that a browser keeps. */
async function newCookie(): Promise<string> {
  const email = `cors${String(Math.random()).slice(2)}@example.org`;
  await signUp({ url: t.url, outboxDir: outbox.path }, email);
  const answer = await rawRequest(t.url, {
    method: 'POST',
    path: '/api/auth/sign-in/email',
    headers: { ...JSON_TYPE, origin: OWN },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const [cookie] = answer.headers['set-cookie'] ?? [];
  if (cookie === undefined) throw new Error(`No cookie: ${answer.text}`);
  return cookie.slice(0, cookie.indexOf(';'));
}

describe('a page of a named origin', () => {
  test.each(DOORS)('reads the answer of $name', async ({ status, ...door }) => {
    for (const origin of [CONSOLE, OTHER]) {
      const answer = await send(t.url, door, origin);
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': expect.stringContaining('x-request-id'),
        vary: expect.stringMatching(/\bOrigin\b/),
      });
    }
  });

  test('may send every method and header to every route', async () => {
    const routes = createRoutes(t.app.services).map((one) => ({
      path: pathOf(one).replace(/\{\w+\}/g, 'x'),
      method: one.method,
    }));
    const others = ['/graphql', '/graphql/stream', '/healthz', '/api/auth/sign-out', '/nowhere'];
    for (const { path, method } of [
      ...routes,
      ...others.map((path) => ({ path, method: 'POST' })),
    ]) {
      const { status, headers, text } = await preflight(t.url, CONSOLE, path, method);
      expect([path, status, text]).toEqual([path, 204, '']);
      expect(headers).toMatchObject({
        'access-control-allow-origin': CONSOLE,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'authorization,content-type,x-stainless-lang',
        'access-control-max-age': '7200',
        vary: expect.stringMatching(/\bOrigin\b/),
      });
      expect(headers['access-control-allow-methods']?.split(', ')).toContain(method);
    }
  });

  test('may read every header that answers carry', async () => {
    const { secret } = await t.caller(10_000_000_000n, {
      scopes: ['INFERENCE', 'READ', 'BILLING', 'ADMIN'],
    });
    const origin = CONSOLE;
    const names = new Set<string>();
    const exposed = new Set<string>();
    const look = (headers: Headers) => {
      for (const name of headers.keys()) names.add(name);
      for (const name of (headers.get('access-control-expose-headers') ?? '').split(', '))
        exposed.add(name);
    };
    for (const one of createRoutes(t.app.services)) {
      for (const { params = {}, query, body } of one.examples ?? []) {
        const path = pathOf(one).replace(
          /\{(\w+)\}/g,
          (_all, name: string) => params[name] ?? name,
        );
        const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
        const hasBody = one.method === 'POST' || one.method === 'PATCH';
        const answer = await callRest(t.url, one.method, path + search, {
          secret,
          headers: { origin, 'idempotency-key': one.operationId, prefer: 'wait=1' },
          ...(hasBody ? { body } : {}),
        });
        look(answer.headers);
      }
    }
    const ask = async (path: string, init: RequestInit = {}) => {
      const headers = { origin, ...bearer(secret), ...(init.headers as object) };
      look((await fetch(t.url + path, { ...init, headers })).headers);
    };
    await ask('/graphql', { method: 'DELETE' });
    await ask('/graphql', { method: 'POST', headers: JSON_TYPE, body: TASKS });
    await ask('/api/models?limit=1');
    await ask('/v1/usage/export?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z');
    await ask('/docs');
    const chat = JSON.stringify({
      model: `${DEMO_MODEL}:floor`,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'labels: a heart, a circle' },
            {
              type: 'image_url',
              image_url: { url: `data:image/png;base64,${sample('green-heart.png')}` },
            },
          ],
        },
      ],
    });
    await ask('/v1/chat/completions', { method: 'POST', headers: JSON_TYPE, body: chat });
    await ask('/api/models/nobody/nothing');
    await ask('/api/models?filter=unknown');
    await ask('/v1/classify', {
      method: 'POST',
      headers: { ...JSON_TYPE, 'content-encoding': 'zstd' },
      body: 'x',
    });
    const session = await fetch(`${t.url}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { ...JSON_TYPE, origin },
      body: JSON.stringify({ email: 'nobody@example.org', password: PASSWORD }),
    });
    look(session.headers);

    // Shown always (Fetch: CORS-safelisted), or of the connection and the browser's own business.
    const shown = [
      'cache-control content-language content-length content-type expires last-modified pragma',
      'connection keep-alive date transfer-encoding vary x-content-type-options accept-ranges',
      'content-security-policy cross-origin-opener-policy referrer-policy set-cookie',
      'strict-transport-security x-frame-options',
    ].flatMap((line) => line.split(' '));
    const hidden = [...names].filter(
      (name) => !shown.includes(name) && !name.startsWith('access-control-') && !exposed.has(name),
    );
    expect(hidden).toEqual([]);
    expect([...exposed]).toEqual(
      expect.arrayContaining([
        ...['accept-encoding', 'allow', 'content-encoding', 'idempotent-replayed', 'link'],
        ...['ratelimit', 'server-timing', 'x-error-code', 'x-gigarouter-cost'],
        ...['x-gigarouter-notice', 'x-gigarouter-run', 'x-ratelimit-remaining-requests'],
      ]),
    );
  });

  test('is signed in by its cookie, in GraphQL, event streams and the identity library', async () => {
    const cookie = await newCookie();
    const viewer = await rawRequest(t.url, {
      method: 'POST',
      path: '/graphql',
      headers: { ...JSON_TYPE, cookie, origin: CONSOLE },
      body: JSON.stringify({ query: '{ viewer { user { email } } }' }),
    });
    expect(viewer.text).toContain('@example.org');
    const session = await rawRequest(t.url, {
      path: '/api/auth/get-session',
      headers: { cookie, origin: CONSOLE },
    });
    expect(session.text).toContain('@example.org');
    expect(session.headers['access-control-allow-origin']).toBe(CONSOLE);
    const signedOut = await rawRequest(t.url, {
      method: 'POST',
      path: '/api/auth/sign-out',
      headers: { ...JSON_TYPE, cookie, origin: CONSOLE },
      body: '{}',
    });
    expect([signedOut.status, signedOut.text]).toEqual([200, '{"success":true}']);
  });
});

describe('a page of an origin that is not named', () => {
  test.each(LOOKALIKES)('%j reads nothing, and may send nothing', async (origin) => {
    for (const { status, ...door } of DOORS) {
      const answer = await send(t.url, door, origin);
      expect([answer.status, corsHeaders(answer)]).toEqual([status, {}]);
      // Or a cache would hand this answer to a page that may read it.
      expect(answer.headers.vary).toMatch(/\bOrigin\b/);
    }
    const refused = await preflight(t.url, origin, '/graphql');
    expect([refused.status, corsHeaders(refused)]).toEqual([403, {}]);
  });

  test.each(LOOKALIKES)('%j cannot use a cookie, at any door', async (origin) => {
    for (const { headers = {}, ...door } of DOORS.filter(({ status }) => status < 400)) {
      const answer = await send(
        t.url,
        { ...door, headers: { ...headers, cookie: COOKIE } },
        origin,
      );
      expect([door.name, answer.status]).toEqual([door.name, 403]);
      expect(answer.text).toContain('CORS_ORIGINS');
    }
  });
});

describe('a WebSocket that carries a cookie', () => {
  test('is opened for named origins, own pages and programs', async () => {
    expect(await upgrade(t.url, { cookie: COOKIE, origin: CONSOLE })).toBe(101);
    expect(await upgrade(t.url, { cookie: COOKIE, origin: OWN })).toBe(101);
    expect(await upgrade(t.url, { cookie: COOKIE })).toBe(101);
  });

  test.each(LOOKALIKES)('is refused to %j, and closed', async (origin) => {
    expect(await upgrade(t.url, { cookie: COOKIE, origin })).toBe(403);
  });
});
