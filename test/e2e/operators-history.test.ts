import { newId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { codeOf } from '../support/payments.js';
import type { Person } from '../support/people.js';
import { type Caller, newCaller } from '../support/platform.js';
import { insertRuns } from '../support/usage.js';

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let customer: Caller;
let neighbor: Caller;

const BEGAN = Date.now() - 86_400_000;

beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  customer = await newCaller(t, 1_000n, { scopes: ['READ', 'ADMIN', 'BILLING', 'INFERENCE'] });
  neighbor = await newCaller(t, 1_000n);
  for (const { accountId } of [customer, neighbor]) {
    // Five calls, of which two ended at the same moment, and five purchases.
    await insertRuns(
      t.database,
      [1, 2, 2, 3, 4].map((second) => ({
        id: newId('run'),
        accountId,
        model: 'a/b',
        operation: 'classifyImage',
        keyId: null,
        userId: 'usr_1',
        errorCode: null,
        isBatch: false,
        chargedNanos: 7,
        images: 1,
        imagesRan: 1,
        endedAt: new Date(BEGAN + second * 1_000),
        latencyMs: 10,
      })),
    );
    await t.database.query(
      `INSERT INTO purchase (id, account_id, provider, kind, state, credit_nanos, amount_minor, currency, actor, expires_at)
       SELECT 'pur_' || n || $1, $1, 'double', 'CHECKOUT', 'EXPIRED', 5000000000, 500, 'usd', 'system', now()
         FROM generate_series(1, 5) AS n`,
      [accountId],
    );
  }
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

interface Page {
  readonly edges: readonly { readonly node: object }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const PAGE_INFO = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** Of each list of an account: all that is shown of a row. */
const LISTS = [
  [
    'runs',
    'id operation model { slug } status chargedNanos heldNanos units { unit requested ran } apiKey { id } ledgerEntries { id } errorCode latencyMs startedAt endedAt',
  ],
  [
    'purchases',
    'id kind state creditNanos bonusNanos price { amount currency } refundable { amount } createdAt',
  ],
  ['ledger', 'id transactionId sequence kind nanos balanceAfterNanos reason'],
] as const;

describe.each(LISTS)('%s', (field, node) => {
  const query = `query ($id: ID, $first: Int! = 20, $after: String) {
    account(id: $id) { ${field}(first: $first, after: $after) { edges { cursor node { ${node} } } ${PAGE_INFO} } } }`;
  const read = (who: Pick<Person, 'gql'>, variables: Record<string, unknown>) =>
    who.gql(query, { id: customer.accountId, ...variables });

  test('shows operators what the account itself sees, page by page', async () => {
    const rows: object[] = [];
    let after: string | null = null;
    do {
      const mine = await customer.gql(query, { first: 2, after });
      const { body } = await read(operator, { first: 2, after });
      expect(errorOf({ body })).toBeUndefined();
      const page = body.data.account[field] as Page;
      expect(page).toEqual(mine.body.data.account[field]);
      rows.push(...page.edges);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    const all = (await read(operator, {})).body.data.account[field] as Page;
    expect(rows).toEqual(all.edges);
    expect(all.edges.length).toBeGreaterThan(field === 'ledger' ? 0 : 4);
  });

  test('is for operators and the account’s own callers alone', async () => {
    expect(errorOf(await read(customer, {}))).toBeUndefined();
    // As an account that does not exist, for a key with every scope on another account too.
    expect((await read(neighbor, {})).body).toMatchObject({ data: { account: null } });
    const theirs = await read(customer, { id: neighbor.accountId });
    expect(theirs.body).toMatchObject({ data: { account: null } });
    const variables = { id: customer.accountId };
    expect(codeOf(await t.gql(query, variables))).toBe('UNAUTHENTICATED');
  });

  test('knows no account that there is none of, and refuses what is no page', async () => {
    for (const id of ['acct_unknown', 'acct_\0', '', 'a'.repeat(10_000)]) {
      const { body } = await read(operator, { id });
      expect([id.slice(0, 20), body.data]).toEqual([id.slice(0, 20), { account: null }]);
    }
    for (const page of [{ first: 0 }, { first: 101 }, { after: 'x\0' }, { after: '💥' }]) {
      expect([page, codeOf(await read(operator, page))]).toEqual([page, 'BAD_USER_INPUT']);
    }
  });

  test('refuses a cursor of another account', async () => {
    const theirs = await read(operator, { id: neighbor.accountId });
    const there = theirs.body.data.account[field] as Page;
    const { endCursor } = there.pageInfo;
    // An empty list has none: then one of the customer's.
    const own = (await read(operator, { first: 1 })).body.data.account[field] as Page;
    const foreign =
      endCursor === null
        ? await read(operator, { id: neighbor.accountId, after: own.pageInfo.endCursor })
        : await read(operator, { after: endCursor });
    expect(errorOf(foreign)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'after' });
  });

  test('costs what it may read', async () => {
    const { body } = await read(operator, { first: 100 });
    // Rows, and the objects in each.
    const objects = 1 + (node.match(/\{/g)?.length ?? 0);
    expect(body.extensions.cost.requestedQueryCost).toBeGreaterThan(100 * objects);
  });
});

test.each(['pur_\0', 'pur_', 'x', `pur_${'x'.repeat(10_000)}`])(
  'an id that no purchase can have is nobody’s: %j',
  async (id) => {
    const found = await customer.gql(
      'query ($id: ID!) { purchase: node(id: $id) { ... on Purchase { id } } node(id: $id) { id } }',
      { id },
    );
    expect(found.body).toMatchObject({ data: { purchase: null, node: null } });
    const refunded = await operator.gql(
      `mutation ($id: ID!) { refundPurchase(input: { purchaseId: $id, reason: "x", idempotencyKey: "x" }) { purchase { id } userErrors { code message path details } } }`,
      { id },
    );
    expect(codeOf(refunded)).toBe('NOT_FOUND');
  },
);

test('a closed account still has its history', async () => {
  const { accountId } = neighbor;
  await t.database.query(`UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`, [
    accountId,
  ]);
  const { body } = await operator.gql(
    `query ($id: ID!) {
      account(id: $id) { runs { edges { node { id } } } purchases { edges { node { id } } } } }`,
    { id: accountId },
  );
  expect(body.data.account.runs.edges).toHaveLength(5);
  expect(body.data.account.purchases.edges).toHaveLength(5);
});
