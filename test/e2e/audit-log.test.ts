import { listAuditEvents } from '../../src/accounts/audit-events.store.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { codeOf } from '../support/payments.js';
import type { Person } from '../support/people.js';
import { type Caller, newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let caller: Caller;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  caller = await newCaller(t, 0n);
  await operator.gql(
    'mutation ($id: ID!) { updateAccountLimits(input: { id: $id, ratePerMinute: 5 }) { account { id } userErrors { code message path details } } }',
    {
      id: caller.accountId,
    },
  );
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const LOG = `query ($filter: AuditLogFilter, $first: Int! = 20, $after: String) {
    auditLog(filter: $filter, first: $first, after: $after) {
      edges { cursor node { id action target userId details createdAt account { id } user { email } apiKey { id } } }
      pageInfo { hasNextPage endCursor } } }`;
interface Event {
  readonly id: string;
  readonly action: string;
  readonly account: { readonly id: string } | null;
  readonly createdAt: string;
}
const log = async (variables: object) =>
  ((await operator.gql(LOG, { ...variables })).body.data.auditLog.edges as { node: Event }[]).map(
    ({ node }) => node,
  );

test('shows what was done on all accounts, by each filter and by all of them', async () => {
  const [limited] = await log({ filter: { actions: ['account.limited'] } });
  expect(limited).toMatchObject({
    account: { id: caller.accountId },
    target: caller.accountId,
    user: { email: operator.email },
    apiKey: null,
    details: { ratePerMinute: '5' },
  });
  const { userId } = limited as unknown as { userId: string };
  const at = new Date(limited?.createdAt ?? 0);
  const filters = [
    { accounts: [caller.accountId, 'acct_none'] },
    { users: ['usr_none', userId, userId] },
    { targets: [caller.accountId] },
    { actions: ['test.none', 'account.limited'] },
    { from: at.toISOString() },
    { to: new Date(at.getTime() + 1).toISOString() },
  ];
  for (const filter of [...filters, Object.assign({}, ...filters) as object]) {
    const shown = await log({ filter, first: 100 });
    expect(shown.map(({ id }) => id)).toContain(limited?.id);
  }
  expect(await log({ filter: { to: at.toISOString(), actions: ['account.limited'] } })).toEqual([]);
  const of = await log({ filter: { accounts: [caller.accountId] }, first: 100 });
  expect(new Set(of.map(({ account }) => account?.id))).toEqual(new Set([caller.accountId]));
});

test('pages are stable while more is written down, also within a millisecond', async () => {
  await t.database.query(
    `INSERT INTO audit_event (id, action, target, created_at)
       SELECT 'aud_same' || n, 'test.same', 'x', '2026-01-01' FROM generate_series(1, 9) n`,
  );
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const { body } = await operator.gql(LOG, {
      filter: { actions: ['test.same', 'test.none'] },
      first: 2,
      after,
    });
    seen.push(...(body.data.auditLog.edges as { node: Event }[]).map(({ node }) => node.id));
    const { hasNextPage, endCursor } = body.data.auditLog.pageInfo;
    after = hasNextPage === true ? (endCursor as string) : undefined;
    await t.database.query(
      `INSERT INTO audit_event (id, action, target) VALUES ($1, 'test.same', 'x')`,
      [`aud_new${String(seen.length)}`],
    );
  } while (after !== undefined);
  expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => `aud_same${String(n)}`));
});

test.each([
  [{}, 'created_at_id'],
  [{ accounts: ['a', 'b'] }, 'account_id_created_at_id'],
  [{ accounts: ['a'], actions: ['x', 'y'] }, 'account_id_action_created_at_id'],
  [{ accounts: ['a'], users: ['x', 'y'] }, 'account_id_user_id_created_at_id'],
  [{ accounts: ['a'], keys: ['x', 'y'], actions: ['z'] }, 'key_id_created_at_id'],
  [{ users: ['a', 'b'] }, 'user_id_created_at_id'],
  [{ keys: ['a', 'b'] }, 'key_id_created_at_id'],
  [{ actions: ['a', 'b'] }, 'action_created_at_id'],
  [{ targets: ['a', 'b'] }, 'target_created_at_id'],
])('each filter walks an index with the order of the list: %j', async (filter, index) => {
  let statement = { text: '', values: [] as unknown[] };
  const recorder = {
    query: (text: string, values: unknown[]) => {
      statement = { text, values };
      return Promise.resolve([]);
    },
  } as unknown as Parameters<typeof listAuditEvents>[0];
  const after = { at: new Date('2026-01-01'), id: 'x' };
  await listAuditEvents(recorder, filter, { first: 20, after });
  const plan = await t.app.database.transaction(async (tx) => {
    await tx.$executeRawUnsafe('SET LOCAL enable_seqscan = off');
    await tx.$executeRawUnsafe('SET LOCAL enable_bitmapscan = off');
    await tx.$executeRawUnsafe('SET LOCAL enable_sort = off');
    const rows = await tx.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
      `EXPLAIN ${statement.text}`,
      ...statement.values,
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
  expect(plan).toMatch(new RegExp(`Index (Only )?Scan using audit_event_${index}_idx`));
  // Within each value, rows come in the order of the list: at most the page is sorted.
  const inner = plan.slice(plan.lastIndexOf('Limit'));
  expect(inner).not.toMatch(/Sort/);
});

test('bad filters and cursors are refused; a range that is the wrong way round too', async () => {
  for (const filter of [
    { actions: ['a\0'] },
    { targets: ['x'.repeat(10_000)] },
    { users: [] },
    { keys: Array.from({ length: 51 }, (_, n) => `key_${String(n)}`) },
    { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
  ]) {
    const error = errorOf(await operator.gql(LOG, { filter }));
    expect(error).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: `filter.${Object.keys(filter)[0] ?? ''}`,
    });
  }
  for (const after of ['x', '💥', 'WzFd']) {
    expect(codeOf(await operator.gql(LOG, { after }))).toBe('BAD_USER_INPUT');
  }
  const thousandYears = { from: '1500-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' };
  expect(codeOf(await operator.gql(LOG, { filter: thousandYears }))).toBeUndefined();
});

describe('the events of an account', () => {
  const EVENTS = `query ($id: ID, $filter: AuditEventFilter, $first: Int! = 20, $after: String) {
    account(id: $id) { auditEvents(filter: $filter, first: $first, after: $after) {
      nodes { id action userId user { id name } apiKey { id name } account { id } }
      pageInfo { hasNextPage endCursor } } } }`;

  test('are filtered by action, key and user, and link to them', async () => {
    const admin = await newCaller(t, 0n, { name: 'admin', scopes: ['ADMIN', 'READ'] });
    await admin.gql(
      'mutation { createApiKey(input: { name: "made", scopes: [READ] }) { userErrors { code } } }',
    );
    const events = async (filter?: object) =>
      (await admin.gql(EVENTS, { filter })).body.data.account.auditEvents.nodes as {
        action: string;
        apiKey: { id: string; name: string } | null;
      }[];
    const [made] = await events({ actions: ['key.created'] });
    expect(made).toMatchObject({
      action: 'key.created',
      userId: null,
      user: null,
      apiKey: { name: 'admin' },
      account: { id: admin.accountId },
    });
    const keys = [made?.apiKey?.id];
    expect(await events({ keys, actions: ['key.created', 'key.revoked'] })).toContainEqual(made);
    expect(await events({ users: ['usr_none'] })).toEqual([]);
    // An account's events are its own, whatever is filtered by.
    const other = await newCaller(t, 0n, { name: 'other', scopes: ['ADMIN', 'READ'] });
    const seen = await other.gql(EVENTS, { filter: { keys } });
    expect(seen.body.data.account.auditEvents.nodes).toEqual([]);
  });

  test('are nodes: for those who administer the account, and for operators', async () => {
    const admin = await newCaller(t, 0n, { name: 'admin', scopes: ['ADMIN', 'READ'] });
    const reader = await newCaller(t, 0n, { name: 'reader', scopes: ['READ'] });
    await t.database.query(
      `INSERT INTO audit_event (id, account_id, action, user_id) VALUES
         ('aud_mine', $1, 'test.made', 'usr_gone'), ('aud_theirs', $2, 'test.made', NULL), ('aud_none', NULL, 'test.made', NULL)`,
      [admin.accountId, reader.accountId],
    );
    const NODES =
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on AuditEvent { userId user { id } } } }';
    const ids = ['aud_mine', 'aud_theirs', 'aud_none', 'aud_nobody'];
    const nodesOf = async ({ gql }: Pick<Caller, 'gql'>) =>
      (await gql(NODES, { ids })).body.data.nodes as ({ id: string } | null)[];
    expect(await nodesOf(admin)).toEqual([
      { id: 'aud_mine', userId: 'usr_gone', user: null },
      null,
      null,
      null,
    ]);
    expect(await nodesOf(reader)).toEqual([null, null, null, null]);
    expect((await nodesOf(operator)).map((node) => node?.id)).toEqual([
      ...ids.slice(0, 3),
      undefined,
    ]);
  });
});
