import { startTestApp, type TestApp } from '../support/app.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { rawRequest } from '../support/raw-request.js';

const PER_MINUTE = 20;
const PROXY = '127.0.0.9';

let t: TestApp;
let caller: Caller;
beforeAll(async () => {
  t = await startTestApp({
    env: { ANONYMOUS_PER_MINUTE: String(PER_MINUTE), TRUST_PROXY: `${PROXY}, 10.0.0.0/8` },
    background: false,
  });
  caller = await newCaller(t, 0n);
});
afterAll(() => t.stop());

let addresses = 10;
/** An address that has sent nothing yet. */
const newAddress = () => `127.0.1.${String((addresses += 1))}`;

interface Asked {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly query?: string;
}

function ask(localAddress: string, { path = '/llms.txt', headers = {}, query }: Asked = {}) {
  if (query === undefined) return rawRequest(t.url, { path, headers, localAddress });
  return rawRequest(t.url, {
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
    localAddress,
  });
}

/** Sends all that an address may. */
async function used(localAddress: string, asked?: Asked): Promise<void> {
  for (let n = 0; n < PER_MINUTE; n++) {
    expect((await ask(localAddress, asked)).status).not.toBe(429);
  }
}

const QUERY = { query: '{ tasks { task } }' };

test.each<[string, Asked]>([
  ['GraphQL', QUERY],
  ['GraphQL with a cookie that is no session', { ...QUERY, headers: { cookie: 'a=b' } }],
  [
    'GraphQL with a session’s cookie that nobody signed',
    {
      ...QUERY,
      headers: {
        cookie: 'gigarouter.session_token=x.y',
        'sec-fetch-site': 'same-origin',
      },
    },
  ],
  ['REST', { path: '/v1/models' }],
  ['an address that leads nowhere', { path: '/nowhere' }],
  ['a page, with a credential that it does not look at', { headers: bearer('gr-none') }],
  ['the identity library’s own routes', { path: '/api/auth/ok', headers: { cookie: 'a=b' } }],
])('%s: more than the limit is 429 with Retry-After', async (_name, asked) => {
  const address = newAddress();
  await used(address, asked);
  const { status, headers, text } = await ask(address, asked);
  expect(status).toBe(429);
  expect(text).toMatch(/"code":"rate_limited"/i);
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  // Of GraphQL, as its clients read it.
  expect('errors' in JSON.parse(text)).toBe(asked.query !== undefined);
});

describe('an address that has sent all that it may', () => {
  const address = newAddress();
  beforeAll(() => used(address));

  test('is served with a valid key', async () => {
    const headers = bearer(caller.secret);
    expect((await ask(address, { ...QUERY, headers })).status).toBe(200);
    expect((await ask(address, { path: '/v1/models', headers })).status).toBe(200);
  });

  test.each(['/healthz', '/readyz', '/metrics'])('still has %s', async (path) => {
    expect((await ask(address, { path })).status).toBe(200);
  });

  test('may be Stripe’s: webhooks are not counted', async () => {
    const webhook = { method: 'POST', path: '/webhooks/stripe', localAddress: address };
    expect((await rawRequest(t.url, webhook)).status).toBe(400);
  });

  test('leaves others alone', async () => {
    expect((await ask(newAddress())).status).toBe(200);
  });
});

describe('behind a trusted proxy', () => {
  const forwarded = (client: string): Asked => ({ headers: { 'x-forwarded-for': client } });

  test('the client counts that the proxy names, and each /64 of IPv6 as one', async () => {
    for (let n = 0; n < PER_MINUTE; n++) {
      const client = `2001:db8::${n.toString(16)}:1`;
      expect((await ask(PROXY, forwarded(client))).status).toBe(200);
    }
    expect((await ask(PROXY, forwarded('2001:db8::9:9:9:9'))).status).toBe(429);
    expect((await ask(PROXY, forwarded('2001:db8:0:1::1'))).status).toBe(200);
  });

  test('an IPv4 address is the same when it is mapped into IPv6', async () => {
    await used(PROXY, forwarded('192.0.2.7'));
    expect((await ask(PROXY, forwarded('::ffff:192.0.2.7'))).status).toBe(429);
  });

  test('the proxy itself has no limit', async () => {
    await used(PROXY);
    expect((await ask(PROXY)).status).toBe(200);
  });

  test('who is no proxy cannot be another client', async () => {
    const address = newAddress();
    await used(address);
    expect((await ask(address, forwarded('192.0.2.99'))).status).toBe(429);
  });
});
