import { codeOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { ended, event, subscribe, TRANSPORTS } from '../support/live.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { callRest } from '../support/rest.js';

/* A key that is for some addresses is refused from all others, at every door. */

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ env: { TRUST_PROXY: '127.0.0.1' } });
});
afterAll(() => t.stop());

const ELSEWHERE = ['10.0.0.0/8', '2001:db8::/32'];
const UPDATE = `mutation ($input: UpdateApiKeyInput!) {
  updateApiKey(input: $input) { apiKey { id allowedIps } userErrors { code path } }
}`;
const BALANCE = 'subscription { balanceChanged { balance { postedNanos } } }';

const keyFor = (allowedIps: readonly string[]) =>
  newCaller(t, 1n, { scopes: ['READ', 'INFERENCE', 'ADMIN'], allowedIps });
const idOf = async ({ secret }: Caller) =>
  (await t.app.services.keyAuthenticator.authenticate(secret, '127.0.0.1')).keyId;

test.each(['/api/v1/key', '/api/v1/credits', '/api/v1/keys', '/v1/models', '/api/whoami-v2'])(
  'REST: GET %s',
  async (path) => {
    const [here, elsewhere] = [await keyFor(['127.0.0.0/8']), await keyFor(ELSEWHERE)];
    expect((await callRest(t.url, 'GET', path, elsewhere)).status).toBe(403);
    expect((await callRest(t.url, 'GET', path, here)).status).not.toBe(403);
  },
);

test('REST: POST, before the body is read', async () => {
  const elsewhere = await keyFor(ELSEWHERE);
  const call = { ...elsewhere, body: { model: 'openai/clip-vit-base-patch32', input: 'a cat' } };
  expect((await callRest(t.url, 'POST', '/v1/embeddings', call)).status).toBe(403);
});

test('GraphQL, by the address that the trusted proxy names, of IPv4 and IPv6', async () => {
  const { secret } = await keyFor(ELSEWHERE);
  const from = async (address: string) =>
    codeOf(
      await postGraphQL(
        t.url,
        { query: '{ account { id } }' },
        { ...bearer(secret), 'x-forwarded-for': address },
      ),
    );
  expect(await from('10.1.2.3')).toBeUndefined();
  expect(await from('::ffff:10.1.2.3')).toBeUndefined();
  expect(await from('2001:db8:1::5')).toBeUndefined();
  expect(await from('11.1.2.3')).toBe('FORBIDDEN');
  expect(await from('2001:db9::5')).toBe('FORBIDDEN');
  // What a client claims itself, before the proxy, counts for nothing.
  expect(await from('10.1.2.3, 11.1.2.3')).toBe('FORBIDDEN');
});

describe.each(TRANSPORTS)('subscriptions over %s', (transport) => {
  test('are refused', async () => {
    const { secret } = await keyFor(ELSEWHERE);
    const subscriber = subscribe(transport, t.url, BALANCE, { secret });
    await ended(subscriber);
    expect(subscriber.events.filter(({ data }) => data != null)).toEqual([]);
  });

  test('end when the address is taken from the key', async () => {
    const caller = await keyFor([]);
    const subscriber = subscribe(transport, t.url, BALANCE, { secret: caller.secret });
    await event(subscriber, 0);
    const input = { id: await idOf(caller), allowedIps: ELSEWHERE };
    // A key does not change its own limits.
    expect(codeOf(await caller.gql(UPDATE, { input }))).toBe('FORBIDDEN');
    await t.database.query('UPDATE api_key SET allowed_ips = $1 WHERE id = $2', [
      ELSEWHERE,
      input.id,
    ]);
    await ended(subscriber);
    expect(codeOf(await caller.gql('{ account { id } }'))).toBe('FORBIDDEN');
  });
});

test('a rotated key is for the same addresses, and OpenRouter’s key API sets them', async () => {
  const admin = await newCaller(t, 0n, { scopes: ['ADMIN', 'READ', 'INFERENCE'] });
  const made = await callRest(t.url, 'POST', '/api/v1/keys', {
    secret: admin.secret,
    body: { name: 'x', scopes: ['read'], allowed_ips: ['2001:DB8::/32', '10.0.0.7'] },
  });
  expect(made.body.data.allowed_ips).toEqual(['2001:db8::/32', '10.0.0.7/32']);
  const { secret } = { secret: made.body.key as string };
  expect((await callRest(t.url, 'GET', '/api/v1/key', { secret })).status).toBe(403);
  const ROTATE =
    'mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { apiKey { id allowedIps } } }';
  const rotated = await admin.gql(ROTATE, { id: made.body.data.hash });
  const { id, allowedIps } = rotated.body.data.rotateApiKey.apiKey;
  expect(allowedIps).toEqual(made.body.data.allowed_ips);
  const change = (body: object) =>
    callRest(t.url, 'PATCH', `/api/v1/keys/${String(id)}`, { secret: admin.secret, body });
  expect((await change({ allowed_ips: ['10.0.0.0/33'] })).status).toBe(400);
  expect((await change({ name: 'y' })).body.data.allowed_ips).toEqual(allowedIps);
  expect((await change({ allowed_ips: null })).body.data.allowed_ips).toEqual([]);
});
