import { newId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';

let t: TestApp;
let caller: Caller;
let stranger: Caller;
beforeAll(async () => {
  t = await startTestApp({ background: false });
  [caller, stranger] = [await newCaller(t, 5n), await newCaller(t, 5n)];
});
afterAll(() => t.stop());

async function ask(query: string, variables: Record<string, unknown> = {}, by = caller) {
  const { body } = await by.gql(query, variables);
  expect(errorOf({ body })).toBeUndefined();
  return body.data.account;
}

async function run(chargedNanos: bigint) {
  const { accountId } = caller;
  const { credits } = t.app.services;
  const runId = newId('run');
  const command = { runId, accountId, details: {} };
  await credits.hold({ ...command, keyId: null, nanos: chargedNanos, ttlMs: 60_000 });
  await credits.capture({ ...command, nanos: chargedNanos });
  return runId;
}

async function purchase(state: string, kind: string, daysAgo: number) {
  const id = newId('pur');
  await t.database.query(
    `INSERT INTO purchase (id, account_id, provider, kind, state, credit_nanos, amount_minor, currency, actor, created_at, expires_at)
     VALUES ($1, $2, 'test', $3::"PurchaseKind", $4::"PurchaseState", 1, 1, 'usd', 'system', now() - $5 * interval '1 day', now())`,
    [id, caller.accountId, kind, state, daysAgo],
  );
  return id;
}

test('lots come in pages, in the order in which they are spent', async () => {
  const { accountId } = caller;
  const { credits } = t.app.services;
  const grant = (priority: number, expiresAt?: Date) =>
    credits.grant({ accountId, nanos: 1n, priority, expiresAt, reason: 'test', actor: 'system' });
  const later = new Date(Date.now() + 86_400_000);
  const ids = [await grant(1, later), await grant(1), await grant(1), await grant(2, later)];
  const LOTS =
    'query ($after: String) { account { creditLots(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }';
  const first = (await ask(LOTS)).creditLots;
  const second = (await ask(LOTS, { after: first.pageInfo.endCursor })).creditLots;
  const last = (await ask(LOTS, { after: second.pageInfo.endCursor })).creditLots;
  const seen = [...first.nodes, ...second.nodes].map(({ id }: { id: string }) => id);
  expect(seen).toEqual(ids.map((id) => `lot_${id}`));
  expect(last).toMatchObject({ nodes: [{}], pageInfo: { hasNextPage: false } });
});

test('an entry links to its run or purchase, all of a page in one statement each', async () => {
  const { accountId } = caller;
  const runIds = [await run(1n), await run(2n)];
  const purchaseId = await purchase('PAID', 'CHECKOUT', 0);
  await t.app.database.transaction((tx) =>
    t.app.services.credits.postWithin(tx, {
      id: purchaseId,
      accountId,
      kind: 'PURCHASE',
      nanos: 1n,
      source: 'PURCHASE',
      actor: 'system',
    }),
  );
  const LEDGER = '{ account { ledger(first: 50) { nodes { kind cause { __typename id } } } } }';
  await ask(LEDGER);
  const before = t.app.metrics.statementCount();
  const causes = (await ask(LEDGER)).ledger.nodes as { kind: string; cause: object | null }[];
  // However many entries: the ledger; runs; purchases, their money in three, and what is unspent of them.
  expect(t.app.metrics.statementCount() - before).toBe(7);
  expect(causes).toEqual(
    expect.arrayContaining([
      ...runIds.map((id) => ({ kind: 'USAGE', cause: { __typename: 'Run', id } })),
      { kind: 'PURCHASE', cause: { __typename: 'Purchase', id: purchaseId } },
      { kind: 'GRANT', cause: null },
    ]),
  );
});

test('the ledger is filtered by kind and time', async () => {
  const { accountId } = stranger;
  const LEDGER =
    'query ($filter: LedgerFilter) { account { ledger(filter: $filter) { nodes { kind } } } }';
  await t.app.services.credits.adjust({ accountId, nanos: -1n, reason: 'test', actor: 'system' });
  const kinds = async (filter: object) =>
    ((await ask(LEDGER, { filter }, stranger)).ledger.nodes as { kind: string }[]).map(
      ({ kind }) => kind,
    );
  expect(await kinds({})).toEqual(['ADJUSTMENT', 'GRANT']);
  expect(await kinds({ kinds: ['GRANT'] })).toEqual(['GRANT']);
  expect(await kinds({ kinds: ['USAGE', 'GRANT'] })).toEqual(['GRANT']);
  expect(await kinds({ kinds: ['USAGE'] })).toEqual([]);
  expect(await kinds({ from: '2020-01-01T00:00:00Z' })).toEqual(['ADJUSTMENT', 'GRANT']);
  expect(await kinds({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
});

test('purchases are filtered by state, kind and time', async () => {
  const failed = await purchase('FAILED', 'TOP_UP', 3);
  const expired = await purchase('EXPIRED', 'CHECKOUT', 2);
  const PURCHASES =
    'query ($filter: PurchaseFilter) { account { purchases(filter: $filter) { nodes { id } } } }';
  const found = async (filter: object) =>
    ((await ask(PURCHASES, { filter })).purchases.nodes as { id: string }[]).map(({ id }) => id);
  expect(await found({ states: ['FAILED', 'EXPIRED'] })).toEqual([expired, failed]);
  expect(await found({ kinds: ['TOP_UP'] })).toEqual([failed]);
  expect(await found({ states: ['FAILED'], kinds: ['CHECKOUT'] })).toEqual([]);
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  expect(await found({ from: daysAgo(2.5), to: daysAgo(1) })).toEqual([expired]);
});

const RANGE = { from: '2026-02-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
test.each([
  ['ledger', 'LedgerFilter', { kinds: [] }, 'filter.kinds'],
  ['ledger', 'LedgerFilter', RANGE, 'filter.from'],
  ['purchases', 'PurchaseFilter', { states: [] }, 'filter.states'],
  ['purchases', 'PurchaseFilter', { kinds: [] }, 'filter.kinds'],
  ['purchases', 'PurchaseFilter', RANGE, 'filter.from'],
])('%s(filter: %s %j) is refused by its name', async (field, type, filter, argument) => {
  const { body } = await caller.gql(
    `query ($filter: ${type}) { account { ${field}(filter: $filter) { nodes { id } } } }`,
    { filter },
  );
  expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});
