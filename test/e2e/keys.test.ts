import { createSecret } from '../../src/accounts/api-key.js';
import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import type { AccountId, KeyId } from '../../src/platform/ids.js';
import { createLogger } from '../../src/platform/logger.js';
import { codeOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

let t: TestApp;
/** Another server on the same database. */
let other: App;
beforeAll(async () => {
  t = await startTestApp({ background: false });
  other = await createApp(readConfig({}), t.database.url, {
    logger: createLogger('info', { write: () => undefined }),
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await other.stop();
  await t.stop();
});

const ALL = ['INFERENCE', 'READ', 'BILLING', 'ADMIN'] as const;
const KEYS =
  '{ account { apiKeys { nodes { id name prefix lastFour scopes revokedAt lastUsedAt spendCap { nanos } } } } }';
const CREATE =
  'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id prefix lastFour } userErrors { code message path details } } }';
const REVOKE =
  'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { revokedAt } userErrors { code message path details } } }';
const BALANCE = '{ account { balance { postedNanos } } }';

const admin = () => newCaller(t, 0n, { scopes: ALL });
const accepts = (app: App, secret: string) =>
  app.services.keyAuthenticator.authenticate(secret, '127.0.0.1').then(
    () => true,
    () => false,
  );

/** From now on nothing that is known grows old, but by as much as is skipped: who forgets it has heard something. */
function holdTime() {
  let now = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  return (ms: number) => {
    now += ms;
  };
}

/** No server is told. */
async function revokeInSilence(id: KeyId): Promise<void> {
  await t.database.query('ALTER TABLE api_key DISABLE TRIGGER USER');
  await t.database.query(`UPDATE api_key SET revoked_at = now() - interval '1 s' WHERE id = $1`, [
    id,
  ]);
  await t.database.query('ALTER TABLE api_key ENABLE TRIGGER USER');
}

async function create(caller: Caller, input: object = {}) {
  const { body } = await caller.gql(CREATE, { input: { name: 'k', scopes: ['READ'], ...input } });
  const { secret, apiKey } = body.data.createApiKey;
  return { secret: secret as string, key: apiKey as { id: KeyId } };
}

test('a secret is shown once, and kept as a hash', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller, { name: 'ci' });
  expect(secret).toMatch(/^gr-[\w-]{46}$/);
  expect(key).toMatchObject({ prefix: secret.slice(0, 9), lastFour: secret.slice(-4) });
  const listed = await caller.gql(KEYS);
  expect(listed.body.data.account.apiKeys.nodes).toContainEqual(
    expect.objectContaining({ id: key.id, name: 'ci' }),
  );
  expect(JSON.stringify(listed.body)).not.toContain(secret);
  const rows = await t.database.query<object>('SELECT to_jsonb(k)::text AS row FROM api_key k');
  expect(JSON.stringify(rows)).not.toContain(secret.slice(3, 40));
  expect(JSON.stringify(t.log)).not.toContain(secret);
});

test('a key gives nobody more than its maker has', async () => {
  const caller = await newCaller(t, 0n, { scopes: ['ADMIN'] });
  expect(codeOf(await caller.gql(CREATE, { input: { name: 'k', scopes: ['BILLING'] } }))).toBe(
    'FORBIDDEN',
  );
});

test('a rotated key works for its grace period, and the new one at once', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller, { spendCap: { nanos: '7' } });
  const ROTATE = `mutation ($id: ID!, $hours: Float!) {
      rotateApiKey(input: { id: $id, graceHours: $hours }) {
        secret
        apiKey { id spendCap { nanos } scopes }
        userErrors { code message path details }
      }
    }`;
  const { rotateApiKey } = (await caller.gql(ROTATE, { id: key.id, hours: 0.002 })).body.data;
  expect(rotateApiKey.apiKey).toMatchObject({ spendCap: { nanos: '7' }, scopes: ['READ'] });
  expect(await accepts(t.app, rotateApiKey.secret as string)).toBe(true);
  expect(await accepts(t.app, secret)).toBe(true);
  expect(codeOf(await caller.gql(ROTATE, { id: key.id, hours: 1 }))).toBe('CONFLICT');
  await until('the grace to end', async () => ((await accepts(t.app, secret)) ? undefined : true));
  expect(await accepts(t.app, rotateApiKey.secret as string)).toBe(true);
});

test('another account’s key can be neither seen nor changed', async () => {
  const { key } = await create(await admin());
  const stranger = await admin();
  expect(codeOf(await stranger.gql(REVOKE, { id: key.id }))).toBe('NOT_FOUND');
  expect(JSON.stringify((await stranger.gql(KEYS)).body)).not.toContain(key.id);
});

test('a revoked key is refused on this server at once, and on others when they hear of it', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller);
  expect(await accepts(other, secret)).toBe(true);
  holdTime();
  await caller.gql(REVOKE, { id: key.id });
  expect(await accepts(t.app, secret)).toBe(false);
  await until('the other server to hear', async () =>
    (await accepts(other, secret)) ? undefined : true,
  );
});

test('a revocation that nobody announced counts within five seconds', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller);
  const skip = holdTime();
  expect(await accepts(other, secret)).toBe(true);
  await revokeInSilence(key.id);
  skip(4_900);
  expect(await accepts(other, secret)).toBe(true);
  skip(101);
  await until('the other server to ask again', async () =>
    (await accepts(other, secret)) ? undefined : true,
  );
});

test('a server that lost its connection for announcements forgets what it knew', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller);
  holdTime();
  expect(await accepts(other, secret)).toBe(true);
  const pids = await t.database.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gigarouter listener'`,
  );
  expect(pids.length).toBeGreaterThan(0);
  await revokeInSilence(key.id);
  for (const { pid } of pids) await t.database.query('SELECT pg_terminate_backend($1)', [pid]);
  await until('it to ask again', async () => ((await accepts(other, secret)) ? undefined : true));
});

test.each([
  ['unknown', () => Promise.resolve(createSecret().secret)],
  ['malformed', () => Promise.resolve('gr-nonsense')],
  [
    'expired',
    async () => {
      const { secret, key } = await create(await admin(), {
        expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
      });
      await t.database.query(
        `UPDATE api_key SET expires_at = now() - interval '1 s' WHERE id = $1`,
        [key.id],
      );
      return secret;
    },
  ],
  [
    'of a closed account',
    async () => {
      const caller = await admin();
      const { secret } = await create(caller);
      await t.app.services.accounts.close(
        { ...(await t.app.services.keyAuthenticator.authenticate(caller.secret, '::1')) },
        caller.accountId,
        true,
      );
      return secret;
    },
  ],
])('a key that is %s gets the same answer as any other wrong one', async (_name, make) => {
  const secret = await make();
  const { status, body } = await postGraphQL(t.url, { query: BALANCE }, bearer(secret));
  expect(status).toBe(401);
  expect(body.errors[0]).toMatchObject({
    message: 'The API key is not valid.',
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('when a key was last used is written down, and nothing else of it', async () => {
  const caller = await admin();
  const { secret, key } = await create(caller, { spendCap: { nanos: '5' } });
  const [before] = await rowOf(key.id);
  await t.app.services.keyAuthenticator.authenticate(secret, '127.0.0.1');
  // Somebody changes the key after it was read.
  await t.database.query(`UPDATE api_key SET name = 'changed' WHERE id = $1`, [key.id]);
  await t.app.services.keyAuthenticator.writeUses();
  const [after] = await rowOf(key.id);
  expect(after?.last_used_at).not.toBeNull();
  expect({ ...after, last_used_at: null }).toEqual({ ...before, name: 'changed' });
});

const rowOf = (id: string) =>
  t.database.query<{ last_used_at: Date | null }>('SELECT * FROM api_key WHERE id = $1', [id]);

test('an account that has a hundred keys gets no more', async () => {
  const caller = await admin();
  await t.database.query(
    `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, scopes)
     SELECT 'key_many' || n, $1, 'k', sha256(n::text::bytea), 'gr-', 'abcd', '{READ}' FROM generate_series(1, 99) n`,
    [caller.accountId satisfies AccountId],
  );
  expect(codeOf(await caller.gql(CREATE, { input: { name: 'k', scopes: ['READ'] } }))).toBe(
    'CONFLICT',
  );
});

test.each([
  [{ name: '' }],
  [{ name: 'x'.repeat(101) }],
  [{ scopes: [] }],
  [{ spendCap: { nanos: '-1' } }],
  [{ ratePerMinute: 0 }],
  [{ expiresAt: '2020-01-01T00:00:00Z' }],
])('%j is refused', async (input) => {
  const caller = await admin();
  expect(
    codeOf(await caller.gql(CREATE, { input: { name: 'k', scopes: ['READ'], ...input } })),
  ).toBe('BAD_USER_INPUT');
});
