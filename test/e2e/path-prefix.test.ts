import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporaryFolder } from '../support/folder.js';
import { PASSWORD, signUp } from '../support/people.js';
import { DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { callRest } from '../support/rest.js';
import { rawRequest } from '../support/raw-request.js';

/*
 * Behind a proxy that serves this server below a path, as nginx does with
 * `location /models/ { proxy_pass http://127.0.0.1:4000/; }`.
 */

const PREFIX = '/some/models';
const outbox = temporaryFolder();
let target = '';
let proxy: Server;
let publicUrl: string;
let t: TestPlatform;
beforeAll(async () => {
  proxy = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    if (!path.startsWith(`${PREFIX}/`)) {
      outgoing.writeHead(404).end('not of this server');
      return;
    }
    const { method, headers } = incoming;
    const passed = request(target + path.slice(PREFIX.length), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  publicUrl = `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}${PREFIX}`;
  t = await startPlatform({
    publicUrl,
    mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
  });
  target = t.url;
}, 120_000);
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await t.stop();
  outbox.remove();
});

/** Addresses that a page names, as a browser that has opened it resolves them. */
async function addressesOn(path: string): Promise<string[]> {
  const page = await fetch(publicUrl + path, { headers: { accept: 'text/html' } });
  expect([path, page.status]).toEqual([path, 200]);
  const html = await page.text();
  return [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(
    ([, address = '']) => new URL(address, page.url).href,
  );
}

test.each(['/', '/docs', '/docs/', '/graphql'])(
  'the page %s leads to nothing but what is below the path',
  async (path) => {
    const addresses = await addressesOn(path);
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of new Set(addresses)) {
      const answer = await fetch(address, { headers: { accept: 'text/html, */*' } });
      await answer.arrayBuffer();
      expect([address, answer.status]).toEqual([
        expect.stringMatching(new RegExp(`^${publicUrl}/`)),
        200,
      ]);
    }
  },
);

test('descriptions and the links of answers are those of the public address', async () => {
  const { body } = await callRest(publicUrl, 'GET', '/openapi.json');
  expect(body.servers).toEqual([{ url: publicUrl }]);
  expect((await callRest(publicUrl, 'GET', '/docs/json')).body.servers).toEqual(body.servers);
  expect(await (await fetch(`${publicUrl}/llms.txt`)).text()).toContain(`(${publicUrl}/docs)`);
  const listed = await callRest(publicUrl, 'GET', '/api/models?limit=1');
  const next = /<([^>]+)>; rel="next"/.exec(listed.headers.get('link') ?? '')?.[1] ?? '';
  expect(next).toContain(`${publicUrl}/api/models?`);
  expect((await fetch(next)).status).toBe(200);
  const page = await callRest(publicUrl, 'GET', '/api/v1/models?limit=1&offset=0');
  for (const { id } of page.body.data as { id: string }[]) expect(id).toEqual(expect.any(String));
  expect(String(page.body.links.next ?? publicUrl)).toContain(publicUrl);
});

test('people sign up, sign in and sign out below the path', async () => {
  const email = 'below@example.org';
  await signUp({ url: publicUrl, outboxDir: outbox.path }, email);
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${publicUrl}/api/auth${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: new URL(publicUrl).origin,
        ...headers,
      },
      body: JSON.stringify(body),
    });
  const signedIn = await post('/sign-in/email', { email, password: PASSWORD });
  expect([signedIn.status, (await signedIn.json()) as object]).toMatchObject([
    200,
    { user: { email } },
  ]);
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';', 1)[0])
    .join('; ');
  const session = await fetch(`${publicUrl}/api/auth/get-session`, { headers: { cookie } });
  expect(await session.json()).toMatchObject({ user: { email } });
  // Limits of sign-ins hold below the path too.
  const guesses = [];
  for (let guess = 0; guess < 12; guess++) {
    guesses.push(
      (await post('/sign-in/email', { email, password: `wrong ${String(guess)}` })).status,
    );
  }
  expect([guesses[0], guesses.at(-1)]).toEqual([401, 429]);
  const out = await post('/sign-out', {}, { cookie });
  expect(await out.json()).toEqual({ success: true });
});

test('a model is called below the path', async () => {
  const { secret } = await t.caller(1_000_000_000n);
  const { status } = await callRest(publicUrl, 'POST', '/v1/embeddings', {
    secret,
    body: { model: DEMO_MODEL, input: 'a text' },
  });
  expect(status).toBe(200);
});

describe('without PUBLIC_URL', () => {
  let other: TestPlatform;
  beforeAll(async () => {
    other = await startPlatform();
  }, 120_000);
  afterAll(() => other.stop());
  const get = async (path: string, host: string) =>
    rawRequest(other.url, { path, headers: { host } });

  test('addresses are those of the host that was asked', async () => {
    const host = 'models.example.org:8443';
    const { servers } = JSON.parse((await get('/openapi.json', host)).text) as {
      servers: object[];
    };
    expect(servers).toEqual([{ url: `http://${host}` }]);
    const { headers } = await get('/api/models?limit=1', host);
    expect(headers.link).toContain(`<http://${host}/api/models?`);
    expect((await get('/llms.txt', host)).text).toContain(`http://${host}/docs`);
  });

  test.each(['evil.test"><script>', 'a b', 'evil.test/path', "o'host", 'user@evil.test'])(
    'a host that is none (%j) is not repeated',
    async (host) => {
      const answer = await get('/openapi.json', host);
      if (answer.status === 400) return;
      const { servers } = JSON.parse(answer.text) as { servers: object[] };
      expect(servers).toEqual([{ url: 'http://localhost:4000' }]);
    },
  );
});
