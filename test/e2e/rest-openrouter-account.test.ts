import { newId } from '../../src/platform/ids.js';
import { moveLedgerToNoon } from '../support/ledger.js';
import { classifyOnce, newLabels, openrouterClient } from '../support/openrouter.js';
import { type Caller, DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';
import { callRest } from '../support/rest.js';

const DOLLAR = 1_000_000_000n;

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
  await moveLedgerToNoon(t.database);
});
const ledgerNow = async () => {
  const [row] = await t.database.query<{ now: Date }>('SELECT ledger_now() AS now');
  return row?.now.getTime() ?? NaN;
};
afterEach(() => t.verify());
afterAll(() => t.stop());

const clientOf = (caller: Pick<Caller, 'secret'>) => openrouterClient(t.url, caller);
const classify = (caller: Pick<Caller, 'secret'>, labels: readonly string[]) =>
  classifyOnce(t.url, caller, labels);

describe('the key that asks', () => {
  test('reads its limit, its spending and what it may do, whatever its scopes', async () => {
    const caller = await t.caller(DOLLAR, {
      scopes: ['INFERENCE'],
      spendCapNanos: DOLLAR,
      capPeriod: 'MONTH',
      ratePerMinute: 7,
    });
    await classify(caller, newLabels(3));
    const { data } = await clientOf(caller).apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({
      label: `${caller.secret.slice(0, 9)}...${caller.secret.slice(-4)}`,
      limit: 1,
      // An image, and three labels.
      limitRemaining: 0.99977,
      limitReset: 'monthly',
      usage: 0.00023,
      usageDaily: 0.00023,
      byokUsageMonthly: 0,
      isFreeTier: true,
      isManagementKey: false,
      organizationId: null,
      workspaceId: caller.accountId,
      rateLimit: { requests: 7, interval: '60s' },
    });
  });

  test('is of the free tier until its account has bought something', async () => {
    const caller = await t.caller(DOLLAR, { scopes: ['ADMIN'] });
    const { credits } = t.app.services;
    await t.app.database.transaction((tx) =>
      credits.postWithin(tx, {
        id: newId('pur'),
        accountId: caller.accountId,
        kind: 'PURCHASE',
        source: 'PURCHASE',
        nanos: DOLLAR,
        actor: 'system',
      }),
    );
    const { data } = await clientOf(caller).apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({ isFreeTier: false, isManagementKey: true, limit: null });
  });
});

describe('credits', () => {
  test('add up: what came in, less what was taken back, and what was used', async () => {
    const caller = await t.caller(3n * DOLLAR, { scopes: ['INFERENCE', 'READ'] });
    await classify(caller, newLabels(2));
    const { credits } = t.app.services;
    const { accountId } = caller;
    await credits.adjust({ accountId, nanos: -DOLLAR / 2n, reason: 'test', actor: 'system' });
    const { data } = await clientOf(caller).credits.getCredits();
    expect(data).toEqual({ totalCredits: 2.5, totalUsage: 0.00022 });
    const { postedNanos } = await credits.balance(accountId);
    expect(postedNanos).toBe(2_499_780_000n);
  });

  test('that have expired no longer count, swept or not', async () => {
    const caller = await t.caller(DOLLAR);
    const { accountId } = caller;
    const soon = new Date((await ledgerNow()) + 5_000);
    await t.app.services.credits.grant({
      accountId,
      nanos: DOLLAR,
      expiresAt: soon,
      reason: 'test',
      actor: 'system',
    });
    const client = clientOf(caller);
    await expect(
      until('the grant to expire', async () => {
        const { data } = await client.credits.getCredits();
        return data.totalCredits === 1 ? data : undefined;
      }),
    ).resolves.toEqual({ totalCredits: 1, totalUsage: 0 });
  });
});

describe('generations', () => {
  test('a call is found by its run, or by the id of its answer, with what it cost', async () => {
    const caller = await t.caller(DOLLAR);
    const [one = '', two = '', three = ''] = newLabels(3);
    await classify(caller, [one, two]);
    const id = await classify(caller, [one, three]);
    const client = clientOf(caller);
    const { data } = await client.generations.getGeneration({ id });
    expect(data).toMatchObject({
      id,
      model: DEMO_MODEL,
      providerName: 'gigarouter',
      apiType: 'completions',
      // The account had paid for the image and one of the labels.
      totalCost: 0.00001,
      usage: 0.00001,
      cacheDiscount: 0.00021,
      tokensPrompt: 3,
      nativeTokensCached: 2,
      numMediaPrompt: 1,
      finishReason: 'stop',
      cancelled: false,
      isByok: false,
    });
    expect(data.latency).toBeGreaterThan(0);
    expect((await ledgerNow()) - Date.parse(data.createdAt)).toBeLessThan(60_000);
    const run = id.slice(id.indexOf('run_'));
    for (const same of [run, `chatcmpl-${run}`, `gen-${run}`]) {
      expect((await client.generations.getGeneration({ id: same })).data).toEqual({
        ...data,
        id: same,
      });
    }
  });

  test('a call that failed is one that cost nothing, and says why', async () => {
    const caller = await t.caller(DOLLAR);
    const { secret, accountId } = caller;
    const body = { model: DEMO_MODEL, input: 'AAAA', labels: newLabels(1) };
    expect((await callRest(t.url, 'POST', '/v1/classify', { secret, body })).status).toBe(415);
    const { runs } = await t.app.services.usage.list(accountId, { first: 1, after: undefined });
    const { data } = await clientOf(caller).generations.getGeneration({ id: runs[0]?.id ?? '' });
    expect(data).toMatchObject({
      totalCost: 0,
      finishReason: 'error',
      nativeFinishReason: 'UNSUPPORTED_MEDIA_TYPE',
      cacheDiscount: null,
    });
  });

  test('of another account, and of another key that may not read, are not there', async () => {
    const owner = await t.caller(DOLLAR);
    const id = await classify(owner, newLabels(1));
    const address = `/api/v1/generation?id=${id}`;
    const other = await callRest(t.url, 'GET', address, await t.caller(0n));
    expect([other.status, other.body.error.metadata.error_type]).toEqual([404, 'not_found']);
    const { keys, keyAuthenticator } = t.app.services;
    const actor = await keyAuthenticator.authenticate(owner.secret, '127.0.0.1');
    const keyOf = (scope: 'INFERENCE' | 'READ') =>
      keys.create(actor, owner.accountId, { name: scope, scopes: [scope] });
    expect((await callRest(t.url, 'GET', address, await keyOf('INFERENCE'))).status).toBe(404);
    expect((await callRest(t.url, 'GET', address, await keyOf('READ'))).status).toBe(200);
    for (const unknown of ['', 'x', 'run_', `run_${'0'.repeat(26)}`, 'run_%00']) {
      const path = `/api/v1/generation?id=${unknown}`;
      expect([unknown, (await callRest(t.url, 'GET', path, owner)).status]).toEqual([unknown, 404]);
    }
    expect((await callRest(t.url, 'GET', '/api/v1/generation', owner)).status).toBe(400);
  });
});

test.each([
  ['GET', '/api/v1/key', 'INFERENCE', 200],
  ['GET', '/api/v1/generation?id=x', 'INFERENCE', 404],
  ['GET', '/api/v1/credits', 'INFERENCE', 403],
  ['GET', '/api/v1/credits', 'READ', 200],
  ['GET', '/api/v1/keys', 'READ', 403],
  ['POST', '/api/v1/keys', 'READ', 403],
  ['GET', '/api/v1/keys/key_x', 'READ', 403],
  ['PATCH', '/api/v1/keys/key_x', 'READ', 403],
  ['DELETE', '/api/v1/keys/key_x', 'READ', 403],
] as const)(
  '%s %s is protected: with the scope %s it is %i',
  async (method, address, scope, status) => {
    const { secret } = await t.caller(0n, { scopes: [scope] });
    expect((await callRest(t.url, method, address, { secret })).status).toBe(status);
    for (const headers of [{}, { authorization: 'Bearer gr-wrong' }]) {
      const { status: refused, body } = await callRest(t.url, method, address, { headers });
      expect([refused, body.error.code, body.error.metadata.error_type]).toEqual([
        401,
        401,
        'authentication',
      ]);
    }
  },
);
