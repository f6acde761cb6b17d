import { startTestApp, type TestApp } from '../support/app.js';
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
    'mutation ($id: ID!) { setAccountLimits(input: { id: $id, ratePerMinute: 5 }) { account { id } userErrors { code message path details } } }',
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
      edges { cursor node { id action accountId target userId email details createdAt } }
      pageInfo { hasNextPage endCursor } } }`;
interface Event {
  readonly id: string;
  readonly action: string;
  readonly accountId: string | null;
  readonly createdAt: string;
}
const log = async (variables: object) =>
  ((await operator.gql(LOG, { ...variables })).body.data.auditLog.edges as { node: Event }[]).map(
    ({ node }) => node,
  );

test('shows what was done on all accounts, by each filter and by all of them', async () => {
  const [limited] = await log({ filter: { action: 'account.limited' } });
  expect(limited).toMatchObject({
    accountId: caller.accountId,
    target: caller.accountId,
    email: operator.email,
    details: { ratePerMinute: '5', concurrencyMax: 'default' },
  });
  const { userId } = limited as unknown as { userId: string };
  const at = new Date(limited?.createdAt ?? 0);
  const filters = [
    { accountId: caller.accountId },
    { userId },
    { target: caller.accountId },
    { from: at.toISOString() },
    { to: new Date(at.getTime() + 1).toISOString() },
  ];
  for (const filter of [...filters, Object.assign({}, ...filters) as object]) {
    const shown = await log({ filter, first: 100 });
    expect(shown.map(({ id }) => id)).toContain(limited?.id);
  }
  expect(await log({ filter: { to: at.toISOString(), action: 'account.limited' } })).toEqual([]);
  const of = await log({ filter: { accountId: caller.accountId }, first: 100 });
  expect(new Set(of.map(({ accountId }) => accountId))).toEqual(new Set([caller.accountId]));
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
      filter: { action: 'test.same' },
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

test('each filter has an index with the order of the list', async () => {
  const columns = ['account_id', 'user_id', 'action', 'target'];
  for (const where of ['true', ...columns.map((column) => `${column} = 'x'`)]) {
    const rows = await t.app.database.transaction(async (tx) => {
      await tx.$executeRawUnsafe('SET LOCAL enable_seqscan = off');
      await tx.$executeRawUnsafe('SET LOCAL enable_sort = off');
      return tx.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
        `EXPLAIN SELECT id FROM audit_event WHERE ${where} AND (created_at, id) < ('2026-01-01', 'x')
            ORDER BY created_at DESC, id DESC LIMIT 20`,
      );
    });
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    const index = where === 'true' ? 'audit_event' : `audit_event_${where.split(' ')[0] ?? ''}`;
    expect(plan).toMatch(new RegExp(`Index (Only )?Scan using ${index}_created_at_id_idx`));
    expect(plan).not.toMatch(/Sort/);
  }
});

test('bad filters and cursors are refused; a range that is the wrong way round too', async () => {
  for (const filter of [
    { action: 'a\0' },
    { target: 'x'.repeat(10_000) },
    { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' },
  ]) {
    expect(codeOf(await operator.gql(LOG, { filter }))).toBe('BAD_USER_INPUT');
  }
  for (const after of ['x', '💥', 'WzFd']) {
    expect(codeOf(await operator.gql(LOG, { after }))).toBe('BAD_USER_INPUT');
  }
  const thousandYears = { from: '1500-01-01T00:00:00Z', to: '2999-01-01T00:00:00Z' };
  expect(codeOf(await operator.gql(LOG, { filter: thousandYears }))).toBeUndefined();
});
