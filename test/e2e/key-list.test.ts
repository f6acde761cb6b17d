import type { NewKey } from '../../src/accounts/new-key.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { newId } from '../../src/platform/ids.js';
import { errorOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: { keysPerAccount: 6 } });
});
afterAll(() => t.stop());

const LIST = `query ($first: Int!, $after: String, $filter: ApiKeyFilter, $orderBy: ApiKeyOrder) {
  account {
    apiKeys(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      edges { cursor }
      nodes { id name state createdBy { ... on ApiKey { id } } spendCap { remainingNanos } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;
interface Page {
  readonly edges: readonly { readonly cursor: string }[];
  readonly nodes: readonly { readonly id: string; readonly name: string; readonly state: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const reader = () => newCaller(t, 10n, { name: 'live', scopes: ['READ', 'ADMIN', 'INFERENCE'] });

async function page(caller: Caller, variables: object): Promise<Page> {
  const { body } = await caller.gql(LIST, { first: 100, ...variables });
  expect(errorOf({ body })).toBeUndefined();
  return body.data.account.apiKeys as Page;
}
const names = ({ nodes }: Page) => nodes.map(({ name }) => name);

/** Keys that were revoked one after the other, straight into the table. */
async function revokedKeys({ accountId }: Caller, count: number): Promise<void> {
  await t.database.query(
    `INSERT INTO api_key (id, lineage_id, account_id, name, hash, prefix, last_four, scopes, revoked_at)
     SELECT i, i, $1, 'old ' || n, sha256(i::bytea), 'gr-', 'xxxx', '{READ}', now() - n * interval '1 minute'
       FROM generate_series(1, $2::int) n CROSS JOIN LATERAL (SELECT 'key_z' || lpad(n::text, 8, '0') || right($1, 12) AS i) id`,
    [accountId, count],
  );
}
async function add({ accountId }: Caller, key: Partial<NewKey>) {
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  return (
    await t.app.services.keys.create(actor, accountId, { name: 'k', scopes: ['READ'], ...key })
  ).key;
}

test('1,000 revoked keys hide no live one, in the graph and over REST', async () => {
  const caller = await reader();
  await revokedKeys(caller, 1_000);
  expect(names(await page(caller, { first: 3 }))).toEqual(['live', 'old 1', 'old 2']);
  const listed = await callRest(t.url, 'GET', '/api/v1/keys', caller);
  expect(listed.body.data).toMatchObject([{ name: 'live' }]);
  const all = await callRest(
    t.url,
    'GET',
    '/api/v1/keys?include_disabled=true&offset=1000',
    caller,
  );
  expect(all.body.data).toMatchObject([{ name: 'live' }]);
});

test.each([
  [{}],
  [{ orderBy: { field: 'CREATED_AT', direction: 'ASC' } }],
  [{ orderBy: { field: 'CREATED_AT', direction: 'DESC' } }],
  [{ orderBy: { field: 'NAME', direction: 'ASC' } }],
  [{ orderBy: { field: 'NAME', direction: 'DESC' } }],
  [{ filter: { states: ['ACTIVE'] } }],
])('pages with %j have every key once, in the order of the whole', async (variables) => {
  const caller = await reader();
  await revokedKeys(caller, 5);
  for (const name of ['b', 'a', 'b']) await add(caller, { name });
  const whole = await page(caller, variables);
  const seen: unknown[] = [];
  let after: string | null = null;
  for (;;) {
    const part: Page = await page(caller, { ...variables, first: 2, after });
    seen.push(...part.nodes);
    after = part.pageInfo.endCursor;
    if (!part.pageInfo.hasNextPage) break;
  }
  expect(seen).toEqual(whole.nodes);
  expect(new Set(whole.nodes.map(({ id }) => id)).size).toBe(whole.nodes.length);
  expect(whole.nodes).toHaveLength('filter' in variables ? 4 : 9);
});

test('a filter takes states, names and creators; all have to fit', async () => {
  const caller = await reader();
  await revokedKeys(caller, 2);
  const expired = await add(caller, { name: 'b' });
  await t.database.query(`UPDATE api_key SET expires_at = now() - interval '1 s' WHERE id = $1`, [
    expired.id,
  ]);
  const CREATE = `mutation { createApiKey(input: { name: "b", scopes: [READ] }) { apiKeyEdge { cursor node { id createdBy { ... on ApiKey { id } } } } } }`;
  const { apiKeyEdge } = (await caller.gql(CREATE)).body.data.createApiKey;
  const creatorIds = [apiKeyEdge.node.createdBy.id as string];
  const found = async (filter: object) => names(await page(caller, { filter })).sort();
  expect(await found({ states: ['EXPIRED'] })).toEqual(['b']);
  expect(await found({ states: ['REVOKED', 'EXPIRED'] })).toEqual(['b', 'old 1', 'old 2']);
  expect(await found({ names: ['b', 'live'] })).toEqual(['b', 'b', 'live']);
  expect(await found({ names: ['b'], creatorIds })).toEqual(['b']);
  expect(await found({ names: ['b'], states: ['REVOKED'] })).toEqual([]);
  // The edge of a new key is that of the list without a filter.
  expect((await page(caller, { first: 1 })).edges[0]?.cursor).toBe(apiKeyEdge.cursor);
});

test.each([
  [{ filter: { states: [] } }, 'filter.states'],
  [{ filter: { names: Array(101).fill('x') } }, 'filter.names'],
  [{ after: 'x' }, 'after'],
  [
    {
      after: Buffer.from('["1","key_1"]').toString('base64url'),
      orderBy: { field: 'CREATED_AT', direction: 'ASC' },
    },
    'after',
  ],
  [{ first: 101 }, 'first'],
])('%j is refused by its name', async (variables, argument) => {
  const { body } = await (await reader()).gql(LIST, { first: 1, ...variables });
  expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});

test('a spend cap says what is spent, held and left of it, and when it starts anew', async () => {
  const caller = await reader();
  const { accountId } = caller;
  const { id: keyId } = await add(caller, {
    spendCapNanos: 9n,
    capPeriod: 'DAY',
    scopes: ['INFERENCE'],
  });
  await add(caller, { name: 'total', spendCapNanos: 5n, capPeriod: 'TOTAL' });
  const { credits } = t.app.services;
  const hold = async (nanos: bigint) => {
    const runId = newId('run');
    await credits.hold({ runId, accountId, keyId, nanos, ttlMs: 60_000, details: {} });
    return runId;
  };
  await credits.capture({ runId: await hold(3n), accountId, nanos: 2n, details: {} });
  await hold(4n);
  // From here on the server knows the caller’s key.
  await page(caller, {});
  const before = t.app.metrics.statementCount();
  const { body } = await caller.gql(
    '{ account { apiKeys(first: 50) { nodes { name spendCap { nanos period spentNanos heldNanos remainingNanos resetsAt } createdBy { __typename } } } } }',
  );
  // One for the list, one for the caps of all; nobody made these keys.
  expect(t.app.metrics.statementCount() - before).toBe(2);
  const [midnight] = await t.database.query<{ at: Date }>(
    `SELECT date_trunc('day', now(), 'UTC') + interval '24 hours' AS at`,
  );
  const of = (name: string) =>
    body.data.account.apiKeys.nodes.find((key: { name: string }) => key.name === name).spendCap;
  expect(of('live')).toBeNull();
  expect(of('k')).toEqual({
    nanos: '9',
    period: 'DAY',
    spentNanos: '2',
    heldNanos: '4',
    remainingNanos: '3',
    resetsAt: midnight?.at.toISOString(),
  });
  expect(of('total')).toMatchObject({ spentNanos: '0', remainingNanos: '5', resetsAt: null });
});

test('a key that may not read keys sees itself, and nothing of the key that created it', async () => {
  const creator = await newCaller(t, 10n, { name: 'creator', scopes: ['ADMIN', 'INFERENCE'] });
  const secretOf = async (scopes: string) => {
    const create = `mutation { createApiKey(input: { name: "k", scopes: ${scopes} }) { secret apiKey { createdBy { ... on ApiKey { name } } } } }`;
    const { secret, apiKey } = (await creator.gql(create)).body.data.createApiKey;
    // Whoever creates a key sees that it did, though it may not read.
    expect(apiKey.createdBy).toEqual({ name: 'creator' });
    return secret as string;
  };
  const query = '{ viewer { apiKey { name createdBy { ... on ApiKey { name } } } } }';
  const seenBy = async (secret: string) =>
    (await postGraphQL(t.url, { query }, bearer(secret))).body.data.viewer.apiKey;
  expect(await seenBy(await secretOf('[INFERENCE]'))).toEqual({ name: 'k', createdBy: null });
  expect(await seenBy(await secretOf('[ADMIN]'))).toEqual({
    name: 'k',
    createdBy: { name: 'creator' },
  });
});

test('the number of keys of an account is a setting', async () => {
  const caller = await reader();
  for (let n = 1; n < 6; n++) await add(caller, {});
  await expect(add(caller, {})).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a key names models by their present slugs, and only those that there are', async () => {
  const caller = await reader();
  const [{ id } = { id: '' }] = await t.database.query<{ id: string }>(
    `SELECT id FROM model WHERE slug = 'openai/clip-vit-base-patch32'`,
  );
  const slug = 'openai/clip-vit-base-patch32';
  expect((await add(caller, { models: [id, slug] })).models).toEqual([slug]);
  await expect(add(caller, { models: ['nobody/nothing'] })).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { argument: 'models' },
  });
});
