import { listTurns } from '../../src/alerts/alert-watch.store.js';
import type { AlertKind } from '../../src/alerts/alert-rule.js';
import type { Transaction } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const ACCOUNTS = 20_000;
/** Accounts with credit: their rule is armed. The others never had any: theirs has fired. */
const RICH = `right(account_id, 1) BETWEEN '1' AND '5'`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ seeded: false });
  await database.query(
    `INSERT INTO account (id, kind, name) SELECT 'acct_' || n, 'PERSONAL', 'x' FROM generate_series(1, $1::int) n`,
    [ACCOUNTS],
  );
  await database.query(`UPDATE account_balance SET posted = 5000000000 WHERE ${RICH}`);
  await database.query(
    `UPDATE alert_state s SET fired_at = NULL FROM alert_rule r WHERE r.id = s.rule_id AND ${RICH}`,
  );
  await database.query('VACUUM ANALYZE');
});
afterAll(() => database.drop());

/** What a look at all rules of a kind reads: pages of 8 KiB, cached or not. */
async function pagesReadBy(kind: AlertKind): Promise<number> {
  let pages = NaN;
  const tx = {
    query: async (sql: string, values: unknown[]) => {
      const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`,
        values,
      );
      const plan = row?.['QUERY PLAN'][0].Plan ?? {};
      pages = (plan['Shared Hit Blocks'] ?? NaN) + (plan['Shared Read Blocks'] ?? NaN);
      return [];
    },
  };
  await listTurns(tx as never as Transaction, kind, 200);
  return pages;
}

test('a look at the rules of all accounts reads tables through, and not account by account', async () => {
  // By an index it is some pages for each account.
  expect(await pagesReadBy('LOW_BALANCE')).toBeLessThan(ACCOUNTS / 10);
});

test('those that are due are found among all, in order, as many as asked for', async () => {
  const tx = {
    query: (sql: string, values: unknown[]) => database.query(sql, values),
  } as never as Transaction;
  expect(await listTurns(tx, 'LOW_BALANCE', 200)).toEqual([]);
  await database.query(
    `UPDATE account_balance SET posted = 7 WHERE account_id IN ('acct_11', 'acct_12', 'acct_13')`,
  );
  await database.query(
    `UPDATE account_balance SET posted = 1100000000 WHERE account_id IN ('acct_17', 'acct_18')`,
  );
  const due = await listTurns(tx, 'LOW_BALANCE', 200);
  expect(due.map(({ accountId, fires }) => [accountId, fires]).sort()).toEqual([
    ['acct_11', true],
    ['acct_12', true],
    ['acct_13', true],
    ['acct_17', false],
    ['acct_18', false],
  ]);
  const ids = due.map(({ ruleId }) => ruleId);
  expect([...ids].sort()).toEqual(ids);
  expect((await listTurns(tx, 'LOW_BALANCE', 2)).map(({ ruleId }) => ruleId)).toEqual(
    ids.slice(0, 2),
  );
});
