import { moveLedgerToNoon } from '../support/ledger.js';
import { classifyOnce, newLabels, openrouterClient } from '../support/openrouter.js';
import { type Caller, startPlatform, type TestPlatform } from '../support/platform.js';
import { callRest } from '../support/rest.js';

const DOLLAR = 1_000_000_000n;

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
  await moveLedgerToNoon(t.database);
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const clientOf = (caller: Pick<Caller, 'secret'>) => openrouterClient(t.url, caller);
const classify = (caller: Pick<Caller, 'secret'>, labels: readonly string[]) =>
  classifyOnce(t.url, caller, labels);

const ADMIN = { scopes: ['INFERENCE', 'READ', 'ADMIN'] } as const;

test('the SDK makes a key, which works, changes it, and deletes it for good', async () => {
  const admin = await t.caller(DOLLAR, ADMIN);
  const client = clientOf(admin);
  const created = await client.apiKeys.create({
    requestBody: { name: 'CI', limit: 0.001, limitReset: 'daily' },
  });
  expect(created.data).toMatchObject({
    name: 'CI',
    limit: 0.001,
    limitRemaining: 0.001,
    limitReset: 'daily',
    disabled: false,
    usage: 0,
    workspaceId: admin.accountId,
  });
  const { hash, label } = created.data;
  expect(label).toBe(`${created.key.slice(0, 9)}...${created.key.slice(-4)}`);
  const caller: Caller = { ...admin, secret: created.key };
  await classify(caller, newLabels(3));

  const { data: spent } = await client.apiKeys.get({ hash });
  expect(spent).toMatchObject({
    usage: 0.00023,
    usageDaily: 0.00023,
    usageWeekly: 0.00023,
    usageMonthly: 0.00023,
    byokUsage: 0,
    limitRemaining: 0.00077,
  });
  const listed = await client.apiKeys.list();
  expect(listed.data.find((key) => key.hash === hash)).toEqual(spent);
  expect(listed.data).toHaveLength(2);

  const { data: changed } = await client.apiKeys.update({
    hash,
    requestBody: { name: 'CI, more', limit: 1, limitReset: 'monthly' },
  });
  expect(changed).toMatchObject({ name: 'CI, more', limit: 1, limitReset: 'monthly' });
  expect(changed.limitRemaining).toBe(0.99977);
  const { data: unlimited } = await client.apiKeys.update({ hash, requestBody: { limit: null } });
  expect(unlimited).toMatchObject({ name: 'CI, more', limit: null, limitRemaining: null });

  expect(await client.apiKeys.delete({ hash })).toEqual({ deleted: true });
  expect(await client.apiKeys.delete({ hash })).toEqual({ deleted: true });
  expect((await callRest(t.url, 'GET', '/api/v1/key', caller)).status).toBe(401);
  expect((await client.apiKeys.list()).data).toHaveLength(1);
  const all = await client.apiKeys.list({ includeDisabled: true });
  expect(all.data.filter(({ disabled }) => disabled)).toMatchObject([{ hash, usage: 0.00023 }]);
  expect((await client.apiKeys.list({ includeDisabled: true, offset: 1 })).data).toHaveLength(1);
});

test('a key that was disabled is not enabled again, and the refusal says so', async () => {
  const client = clientOf(await t.caller(0n, ADMIN));
  const { data } = await client.apiKeys.create({ requestBody: { name: 'Old' } });
  const { hash } = data;
  const disable = (disabled: boolean) => client.apiKeys.update({ hash, requestBody: { disabled } });
  expect((await disable(false)).data.disabled).toBe(false);
  expect((await disable(true)).data.disabled).toBe(true);
  await expect(disable(false)).rejects.toMatchObject({
    statusCode: 409,
    body: expect.stringContaining('permanently'),
  });
});

test.each([
  [{}, /name/],
  [{ name: '' }, /name/],
  [{ name: 7 }, /name/],
  [{ name: 'a', limit: -1 }, /limit/],
  [{ name: 'a', limit: '5' }, /limit/],
  [{ name: 'a', limit: 1, limit_reset: 'weekly' }, /daily/],
  [{ name: 'a', expires_at: 'tomorrow' }, /expires_at/],
  [{ name: 'a', expires_at: '2020-01-01T00:00:00Z' }, /expired/],
  [{ name: 'a', scopes: ['owner'] }, /scopes/],
])('no key is made of %j', async (body, message) => {
  const { secret } = await t.caller(0n, ADMIN);
  const answer = await callRest(t.url, 'POST', '/api/v1/keys', { secret, body });
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatchObject({
    code: 400,
    message: expect.stringMatching(message),
    metadata: { error_type: 'invalid_request', reason: 'bad_user_input' },
  });
  const { body: after } = await callRest(t.url, 'GET', '/api/v1/keys', { secret });
  expect(after.data).toHaveLength(1);
});

test('a key may give no scope that it lacks', async () => {
  const { secret } = await t.caller(0n, { scopes: ['ADMIN'] });
  const body = { name: 'More than I have', scopes: ['inference'] };
  const answer = await callRest(t.url, 'POST', '/api/v1/keys', { secret, body });
  expect([answer.status, answer.body.error.metadata.error_type]).toEqual([
    403,
    'permission_denied',
  ]);
});

test('another account’s key is not there: not to see, not to change, not to delete', async () => {
  const owner = clientOf(await t.caller(0n, ADMIN));
  const { data } = await owner.apiKeys.create({ requestBody: { name: 'Mine' } });
  const { secret } = await t.caller(0n, ADMIN);
  for (const hash of [data.hash, 'key_nothing', 'a%00']) {
    for (const [method, body] of [['GET'], ['PATCH', { name: 'Yours' }], ['DELETE']] as const) {
      const answer = await callRest(t.url, method, `/api/v1/keys/${hash}`, { secret, body });
      expect([hash, method, answer.status, answer.body.error.code]).toEqual([
        hash,
        method,
        404,
        404,
      ]);
    }
  }
  expect((await owner.apiKeys.get({ hash: data.hash })).data).toEqual(data);
});
