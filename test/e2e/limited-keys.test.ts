import { type NewKey } from '../../src/accounts/new-key.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import type { AccountId, KeyId } from '../../src/platform/ids.js';
import { codeOf, errorOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { signUp } from '../support/people.js';
import { mailTo } from '../support/operators.js';
import { temporaryFolder } from '../support/folder.js';
import { bearer } from '../support/platform.js';
import { callRest } from '../support/rest.js';

/*
 * Attack: a key with the scope ADMIN that may spend or call little makes a key, or a member, that may do more. A key gives
 * nothing that it does not have itself: neither scopes nor the absence of a limit.
 */

const outbox = temporaryFolder();
let t: TestApp;
let accountId: AccountId;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
  accountId = await t.app.services.accounts.openAccount('Test');
  await t.database.query(`UPDATE account SET kind = 'ORGANIZATION' WHERE id = $1`, [accountId]);
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let keys = 0;
async function newKey(input: Partial<NewKey> = {}) {
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { key, secret } = await t.app.services.keys.create(actor, accountId, {
    name: `key ${String((keys += 1))}`,
    scopes: ['ADMIN', 'READ', 'INFERENCE'],
    ...input,
  });
  const gql = (query: string, variables: object = {}) =>
    postGraphQL(t.url, { query, variables }, bearer(secret));
  return { id: key.id, secret, gql };
}
type Key = Awaited<ReturnType<typeof newKey>>;

const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey { id } userErrors { code message path details } } }`;
const ROTATE = `mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }`;
const SET_CAP = `mutation ($id: ID!, $spendCap: SpendCapInput) {
  updateApiKey(input: { id: $id, spendCap: $spendCap }) {
    apiKey { spendCap { nanos } }
    userErrors { code message path details }
  }
}`;
const INVITE = `mutation ($email: String!, $role: Role!) { inviteMember(input: { email: $email, role: $role }) { invitation { id } userErrors { code message path details } } }`;
const CHANGE_ROLE = `mutation ($userId: ID!, $role: Role!) { updateMemberRole(input: { userId: $userId, role: $role }) { membership { role } userErrors { code message path details } } }`;

const created = (key: Key, input: object) =>
  key.gql(CREATE, { input: { name: 'made by a key', scopes: ['INFERENCE'], ...input } });

const setCap = (key: Key, id: KeyId, nanos: string | null, period = 'MONTH') =>
  key.gql(SET_CAP, { id, spendCap: nanos === null ? null : { nanos, period } });

const TOMORROW = new Date(Date.now() + 86_400_000);
const LATER = new Date(TOMORROW.getTime() + 1);
const [A, B, C] = [
  'openai/clip-vit-base-patch16',
  'openai/clip-vit-base-patch32',
  'google/siglip-base-patch16-224',
] as const;
const LIMITS = {
  models: { models: [A, B] },
  rate: { ratePerMinute: 5 },
  'IP addresses': { allowedIps: ['127.0.0.0/8', '::/96'] },
  'spend cap': { spendCapNanos: 10n },
  expiry: { expiresAt: TOMORROW },
} satisfies Record<string, Partial<NewKey>>;
const ALL = Object.entries(LIMITS);

describe.each(ALL)('a key with a limit: %s', (_name, limit) => {
  test('creates no key without it, at no door', async () => {
    const key = await newKey(limit);
    expect(codeOf(await created(key, {}))).toBe('FORBIDDEN');
    const { secret } = key;
    const answer = await callRest(t.url, 'POST', '/api/v1/keys', { secret, body: { name: 'x' } });
    expect(answer.status).toBe(403);
  });

  test('gets no secret without it by replacing another key', async () => {
    const [key, victim] = [await newKey(limit), await newKey({ scopes: ['INFERENCE'] })];
    expect(codeOf(await key.gql(ROTATE, { id: victim.id }))).toBe('FORBIDDEN');
  });

  test('gives no role, which has no limits', async () => {
    const key = await newKey(limit);
    const email = `member-${String(keys)}@example.org`;
    expect(codeOf(await key.gql(INVITE, { email, role: 'DEVELOPER' }))).toBe('FORBIDDEN');
    await signUp({ url: t.url, outboxDir: outbox.path }, email);
    const [{ id: userId } = { id: '' }] = await t.database.query<{ id: string }>(
      `INSERT INTO membership (account_id, user_id, role)
       SELECT $1, id, 'VIEWER' FROM app_user WHERE email = $2 RETURNING user_id AS id`,
      [accountId, email],
    );
    expect(codeOf(await key.gql(CHANGE_ROLE, { userId, role: 'DEVELOPER' }))).toBe('FORBIDDEN');
  });

  test('replaces itself, with the same limit', async () => {
    const key = await newKey(limit);
    const { body } = await key.gql(ROTATE, { id: key.id });
    expect(errorOf({ body })).toBeUndefined();
    const next = await t.app.services.keys.get(
      accountId,
      body.data.rotateApiKey.apiKey.id as KeyId,
    );
    expect(next).toMatchObject(limit);
  });
});

test.each<[string, Partial<NewKey>, object, boolean]>([
  ['models of its own', LIMITS.models, { models: [A] }, true],
  ['another model beside', LIMITS.models, { models: [A, C] }, false],
  ['addresses of its own', LIMITS['IP addresses'], { allowedIps: ['127.0.0.1'] }, true],
  [
    'another address beside',
    LIMITS['IP addresses'],
    { allowedIps: ['127.0.0.1', '10.0.0.1'] },
    false,
  ],
  ['the same rate', LIMITS.rate, { ratePerMinute: 5 }, true],
  ['a higher rate', LIMITS.rate, { ratePerMinute: 6 }, false],
  ['the same end', LIMITS.expiry, { expiresAt: TOMORROW.toISOString() }, true],
  ['a later end', LIMITS.expiry, { expiresAt: LATER.toISOString() }, false],
  ['no calls', LIMITS['spend cap'], { scopes: ['READ'] }, true],
  ['a cap that is as low', LIMITS['spend cap'], { spendCap: { nanos: '10' } }, false],
  ['anything', {}, {}, true],
])('a key with %s is created by a limited key, or not', async (_name, limit, input, isAllowed) => {
  expect(codeOf(await created(await newKey(limit), input))).toBe(
    isAllowed ? undefined : 'FORBIDDEN',
  );
});

describe('the cap of a key', () => {
  const capped = () => newKey({ spendCapNanos: 10n, capPeriod: 'MONTH' });

  test.each([
    ['lifted', null, 'MONTH'],
    ['raised', '11', 'MONTH'],
    ['counted anew each day', '10', 'DAY'],
  ])('is not %s by that key, nor by one that it was rotated to', async (_how, nanos, period) => {
    const key = await capped();
    expect(codeOf(await setCap(key, key.id, nanos, period))).toBe('FORBIDDEN');
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const next = await t.app.services.keys.rotate(actor, accountId, key.id, 1);
    expect(codeOf(await setCap(key, next.key.id, nanos, period))).toBe('FORBIDDEN');
  });

  test('is not lifted by its key as OpenRouter has it', async () => {
    const { id, secret } = await capped();
    const answer = await callRest(t.url, 'PATCH', `/api/v1/keys/${id}`, {
      secret,
      body: { limit: null },
    });
    expect(answer.status).toBe(403);
  });

  test('is lowered by that key, and set by another one', async () => {
    const [key, other] = [await capped(), await newKey()];
    expect(errorOf(await setCap(key, key.id, '9'))).toBeUndefined();
    expect(errorOf(await setCap(other, key.id, null))).toBeUndefined();
    expect((await t.app.services.keys.get(accountId, key.id)).spendCapNanos).toBeNull();
  });
});
