import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ background: false });
});
afterAll(() => t.stop());

const CREATE = `mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { secret apiKey { id } userErrors { code message path } }
}`;
const UPDATE = `mutation ($input: UpdateApiKeyInput!) {
  updateApiKey(input: $input) {
    apiKey { id name scopes models ratePerMinute allowedIps expiresAt spendCap { nanos period } }
    account { id }
    userErrors { code message path }
  }
}`;
const EXPIRY = '2096-01-01T00:00:00.000Z';
const [A, B, C] = [
  'openai/clip-vit-base-patch16',
  'openai/clip-vit-base-patch32',
  'google/siglip-base-patch16-224',
] as const;
const LIMITS = {
  scopes: ['INFERENCE', 'READ'],
  models: [A],
  ratePerMinute: 5,
  allowedIps: ['127.0.0.0/8', '::1/128'],
  expiresAt: EXPIRY,
};

const admin = () => newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'BILLING', 'ADMIN'] });

async function newKey(caller: Caller) {
  const input = { name: 'k', ...LIMITS, spendCap: { nanos: '9', period: 'DAY' } };
  const { body } = await caller.gql(CREATE, { input });
  return body.data.createApiKey as { secret: string; apiKey: { id: string } };
}
const update = (caller: Pick<Caller, 'gql'>, input: object) => caller.gql(UPDATE, { input });

test('what is left out stays as it is', async () => {
  const caller = await admin();
  const { id } = (await newKey(caller)).apiKey;
  const { body } = await update(caller, { id, name: ' renamed ' });
  expect(body.data.updateApiKey).toEqual({
    apiKey: { id, name: 'renamed', ...LIMITS, spendCap: { nanos: '9', period: 'DAY' } },
    account: { id: caller.accountId },
    userErrors: [],
  });
});

test('each limit is changed by itself, and lifted by null', async () => {
  const caller = await admin();
  const { id } = (await newKey(caller)).apiKey;
  const after = async (changes: object) =>
    (await update(caller, { id, ...changes })).body.data.updateApiKey.apiKey as object;
  expect(await after({ scopes: ['READ'] })).toMatchObject({ scopes: ['READ'], models: [A] });
  expect(await after({ models: [B, C] })).toMatchObject({ models: [B, C] });
  expect(await after({ models: null })).toMatchObject({ models: [], ratePerMinute: 5 });
  expect(await after({ ratePerMinute: null })).toMatchObject({ ratePerMinute: null });
  expect(await after({ allowedIps: ['2001:DB8::/32', '127.0.0.1'] })).toMatchObject({
    allowedIps: ['2001:db8::/32', '127.0.0.1/32'],
  });
  expect(await after({ allowedIps: null })).toMatchObject({ allowedIps: [] });
  expect(await after({ expiresAt: null })).toMatchObject({
    expiresAt: null,
    spendCap: { nanos: '9' },
  });
  expect(await after({ spendCap: { nanos: '4', period: 'TOTAL' } })).toMatchObject({
    spendCap: { nanos: '4', period: 'TOTAL' },
  });
  expect(await after({ spendCap: null })).toMatchObject({ spendCap: null });
  const events = await caller.gql('{ account { auditEvents { nodes { action details } } } }');
  expect(events.body.data.account.auditEvents.nodes).toContainEqual({
    action: 'key.changed',
    details: { models: `${B},${C}` },
  });
});

test('a change counts for the next call', async () => {
  const caller = await admin();
  const { secret, apiKey } = await newKey(caller);
  const read = async () =>
    (await fetch(`${t.url}/api/v1/credits`, { headers: bearer(secret) })).status;
  expect(await read()).toBe(200);
  await update(caller, { id: apiKey.id, scopes: ['INFERENCE'] });
  expect(await read()).toBe(403);
});

test.each([
  ['no scope', { scopes: [] }, 'scopes'],
  ['a rate of 0', { ratePerMinute: 0 }, 'ratePerMinute'],
  ['an expiry that is past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ['a cap below 0', { spendCap: { nanos: '-1' } }, 'spendCap.nanos'],
  ['a model that there is not', { models: [A, 'nobody/nothing'] }, 'models'],
  ['an address that is none', { allowedIps: ['10.0.0.0/33'] }, 'allowedIps'],
  ['a range that starts in its middle', { allowedIps: ['10.0.0.5/8'] }, 'allowedIps'],
  ['no name', { name: ' ' }, 'name'],
])('%s is refused, by its name, and nothing is changed', async (_name, changes, argument) => {
  const caller = await admin();
  const { id } = (await newKey(caller)).apiKey;
  const answer = await update(caller, { id, ...changes });
  expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
  expect((await update(caller, { id })).body.data.updateApiKey.apiKey).toMatchObject(LIMITS);
});

test('nobody gives more than they have, and a key changes no limit of its own', async () => {
  const owner = await admin();
  const made = async (input: object) => {
    const { body } = await owner.gql(CREATE, { input: { name: 'm', ...input } });
    const { secret, apiKey } = body.data.createApiKey as { secret: string; apiKey: { id: string } };
    const gql: Caller['gql'] = async (query, variables) => {
      const response = await fetch(`${t.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(secret) },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    return { id: apiKey.id, gql };
  };
  const plain = await made({ scopes: ['INFERENCE'] });
  const limited = await made({ scopes: ['ADMIN', 'INFERENCE'], models: [A] });
  const refused = async (by: { gql: Caller['gql'] }, input: object) => {
    expect(codeOf(await update(by, input))).toBe('FORBIDDEN');
  };
  await refused(limited, { id: plain.id, scopes: ['BILLING'] });
  await refused(limited, { id: limited.id, models: null });
  await refused(limited, { id: plain.id, ratePerMinute: 1 });
  expect(codeOf(await update(limited, { id: plain.id, models: [A] }))).toBeUndefined();
  expect(codeOf(await update(limited, { id: limited.id, name: 'me' }))).toBeUndefined();
  expect(codeOf(await update(await admin(), { id: plain.id, name: 'x' }))).toBe('NOT_FOUND');
});
