import {
  type CheckedRunFilter,
  checkRunFilter,
  type RunFilter,
} from '../../src/usage/run-filter.js';
import { driverOf, type RunDirection, runsSql } from '../../src/usage/run-list.sql.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';

let t: TestApp;
let caller: Caller;
let other: Caller;
beforeAll(async () => {
  t = await startTestApp({ background: false });
  caller = await newCaller(t, 0n);
  other = await newCaller(t, 0n);
  await insertRuns();
});
afterAll(() => t.stop());

const ROWS = 120_000;
/** One call in this many is of the rare kind: of a model, key, operation, end and cost of its own. */
const RARE = 10_000;

/**
 * Calls of two accounts, one a second, two of three the caller's. Every third fails with a code, one in RARE is of
 * another model (under the slug that it had then), key, operation, error and cost. One in eleven is a person's.
 */
async function insertRuns(): Promise<void> {
  await t.database.query(
    `INSERT INTO model_alias (slug, model_id) SELECT 'old/rare', id FROM model WHERE slug = $1`,
    [RARE_MODEL],
  );
  await t.database.query(
    `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, scopes, created_by)
     SELECT 'key_' || who || n, account, 'Key ' || n, sha256(convert_to('x' || who || n, 'UTF8')), 'gr-', 'abcd', '{READ}',
            CASE n WHEN 3 THEN 'usr_rare' ELSE 'usr_often' END
       FROM (VALUES ('mine', $1), ('theirs', $2)) AS a (who, account), generate_series(1, 3) AS n`,
    [caller.accountId, other.accountId],
  );
  await t.database.query(
    `INSERT INTO run (id, account_id, key_id, outcome, held, charged, details, started_at, ended_at)
     SELECT 'run_' || lpad(to_hex(n), 26, '0'), account, key,
            (CASE WHEN n % 3 > 0 OR rare THEN CASE WHEN rare AND n % 20000 = 0 THEN 'EXPIRED' WHEN rare THEN 'VOIDED' ELSE 'CAPTURED' END
                  ELSE 'VOIDED' END)::"RunOutcome",
            5000, CASE WHEN n % 3 > 0 AND NOT rare THEN CASE WHEN n % 9998 = 0 THEN 5000 ELSE n % 40 END ELSE 0 END,
            jsonb_build_object('model', CASE WHEN rare THEN 'old/rare' ELSE 'a/often' END,
              'operation', CASE WHEN rare THEN 'embedTexts' ELSE 'classifyImage' END,
              'actor', CASE WHEN key IS NULL THEN 'user:' || CASE WHEN n % 1100 = 0 THEN 'usr_rare' ELSE 'usr_often' END ELSE 'key:' || key END)
              || CASE WHEN rare THEN '{"errorCode": "OVERLOADED"}' WHEN n % 3 = 0 THEN '{"errorCode": "BAD_USER_INPUT"}' ELSE '{}' END::jsonb,
            at - interval '1 second', at
       FROM (SELECT n, n % ${String(RARE)} = 0 AS rare, '2026-01-01T00:00Z'::timestamptz + make_interval(secs => n) AS at,
                    CASE WHEN n % 30 < 20 OR n % ${String(RARE)} = 0 THEN $1 ELSE $2 END AS account,
                    CASE WHEN n % 11 = 0 THEN NULL
                         ELSE 'key_' || CASE WHEN n % 30 < 20 OR n % ${String(RARE)} = 0 THEN 'mine' ELSE 'theirs' END
                              || CASE WHEN n % ${String(RARE)} = 0 THEN 3 ELSE 1 + n % 2 END END AS key
               FROM generate_series(1, ${String(ROWS)}) AS n) x`,
    [caller.accountId, other.accountId],
  );
  await t.database.query('ANALYZE run');
}

const RARE_MODEL = 'google/siglip2-base-patch16-224';

/** The filter, its index, and what a run has to be to pass it, in SQL of its own. */
const FILTERS: readonly (readonly [
  name: string,
  filter: RunFilter,
  index: string,
  passes: string,
])[] = [
  ['nothing', {}, 'run_account_id_ended_at_id_idx', 'true'],
  [
    'a time',
    { from: new Date('2026-01-01T05:00Z'), to: new Date('2026-01-01T05:10Z') },
    'run_account_id_ended_at_id_idx',
    `ended_at >= '2026-01-01T05:00Z' AND ended_at < '2026-01-01T05:10Z'`,
  ],
  [
    'a model by its slug',
    { models: [RARE_MODEL] },
    'run_call_idx',
    `details ->> 'model' = 'old/rare'`,
  ],
  [
    'an operation',
    { operations: ['embedTexts'] },
    'run_call_idx',
    `details ->> 'operation' = 'embedTexts'`,
  ],
  [
    'models and operations',
    { models: ['a/often', 'old/rare'], operations: ['embedTexts', 'classifyImage'] },
    'run_call_idx',
    'true',
  ],
  [
    'keys',
    { keys: ['key_mine3', 'key_mine1', 'key_theirs3'] },
    'run_key_idx',
    `key_id IN ('key_mine3', 'key_mine1')`,
  ],
  [
    'a person',
    { members: ['usr_rare'] },
    'run_actor_idx',
    `key_id = 'key_mine3' OR details ->> 'actor' = 'user:usr_rare'`,
  ],
  ['calls that expired', { statuses: ['EXPIRED'] }, 'run_failure_idx', `outcome = 'EXPIRED'`],
  [
    'calls that were not answered',
    { statuses: ['FAILED', 'EXPIRED', 'CANCELLED'] },
    'run_failure_idx',
    `outcome <> 'CAPTURED'`,
  ],
  [
    'calls that were',
    { statuses: ['SUCCEEDED'] },
    'run_account_id_ended_at_id_idx',
    `outcome = 'CAPTURED'`,
  ],
  [
    'errors',
    { errorCodes: ['OVERLOADED', 'INTERNAL'] },
    'run_failure_idx',
    `outcome = 'VOIDED' AND details ->> 'errorCode' = 'OVERLOADED'`,
  ],
  ['the expensive', { costAtLeastNanos: 4_999n }, 'run_cost_idx', 'charged >= 4999'],
  [
    'a range of cost',
    { costAtLeastNanos: 10n, costAtMostNanos: 12n },
    'run_cost_idx',
    'charged BETWEEN 10 AND 12',
  ],
  [
    'all at once',
    {
      from: new Date('2026-01-01T01:00Z'),
      models: ['a/often'],
      keys: ['key_mine1', 'key_mine2'],
      members: ['usr_often'],
      operations: ['classifyImage'],
      statuses: ['FAILED', 'SUCCEEDED'],
      costAtMostNanos: 20n,
    },
    'run_key_idx',
    `ended_at >= '2026-01-01T01:00Z' AND details ->> 'model' = 'a/often' AND key_id IS NOT NULL AND charged <= 20
      AND outcome <> 'EXPIRED'`,
  ],
];

describe.each(FILTERS)('%s', (_name, filter, index, passes) => {
  test.each(['DESC', 'ASC'] as const)(
    '%s: the right runs, page by page, in one statement each',
    async (direction) => {
      const expected = await t.database.query<{ id: string }>(
        `SELECT id FROM run WHERE account_id = $1 AND (${passes}) ORDER BY ended_at ${direction}, id LIMIT 60`,
        [caller.accountId],
      );
      const { usage } = t.app.services;
      const ids: string[] = [];
      let after: string | undefined;
      const before = t.app.metrics.statementCount();
      for (let page = 0; page < 4; page += 1) {
        const found = await usage.list(caller.accountId, { first: 15, after, filter, direction });
        ids.push(...found.runs.map(({ id }) => id));
        after = found.places.at(-1);
        if (!found.hasNextPage) break;
      }
      expect(t.app.metrics.statementCount() - before).toBeLessThanOrEqual(4);
      expect(ids).toEqual(expected.map(({ id }) => id));
      expect(ids.length).toBeGreaterThan(0);
    },
  );

  test.each(['DESC', 'ASC'] as const)(
    '%s: found by its index, deep in the list too',
    async (direction) => {
      const checked = checkRunFilter(filter);
      for (const endedAt of [null, '2026-01-01T06:00:00Z']) {
        const nodes = flat(await explain(checked, direction, endedAt));
        expect(nodes.map((node) => node['Index Name'])).toContain(index);
        const scans = nodes.filter((one) => one['Relation Name'] === 'run');
        for (const scan of scans) expect(scan['Node Type']).toMatch(/^(?:Index|Bitmap Heap)/);
        // However the plan looks: few of the account's 80,000 runs are read, so there is no set to sort.
        const read = scans.map(
          (scan) =>
            (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * scan['Actual Loops'],
        );
        expect(read.reduce((sum, rows) => sum + rows, 0)).toBeLessThan(2_000);
      }
    },
  );
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  /** Of each loop. */
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

async function explain(
  filter: CheckedRunFilter,
  direction: RunDirection,
  endedAt: string | null,
): Promise<PlanNode> {
  const sql = runsSql(driverOf(filter), direction, 'r.id');
  const { from, to, models, keys, members, operations, ends, costAtLeastNanos, costAtMostNanos } =
    filter;
  const values = [
    from,
    to,
    models,
    keys,
    members,
    operations,
    ends,
    costAtLeastNanos,
    costAtMostNanos,
  ];
  const [row] = await t.database.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, TIMING off, FORMAT json) ${sql}`,
    [caller.accountId, endedAt, '', 21, ...values.map((value) => value ?? null)],
  );
  if (row === undefined) throw new Error('No plan.');
  return row['QUERY PLAN'][0].Plan;
}

function flat(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flat)];
}

test.each([
  ['{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }', 'filter.from'],
  ['{ from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }', 'filter.from'],
  ['{ models: [] }', 'filter.models'],
  ['{ keys: [""] }', 'filter.keys'],
  ['{ members: ["a\\u0000"] }', 'filter.members'],
  ['{ costAtLeastNanos: "-1" }', 'filter.costAtLeastNanos'],
  ['{ costAtLeastNanos: "5", costAtMostNanos: "4" }', 'filter.costAtMostNanos'],
  ['{ statuses: [SUCCEEDED], errorCodes: [INTERNAL] }', 'filter.errorCodes'],
])('the filter %s is refused and names %s', async (filter, argument) => {
  const answer = await caller.gql(`{ account { runs(filter: ${filter}) { nodes { id } } } }`);
  expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});

test('a filter by what is another account’s finds nothing, as one by what is nobody’s', async () => {
  const read = async (filter: string) =>
    (
      await caller.gql(
        `{ account { runs(filter: ${filter}) { nodes { id } pageInfo { hasNextPage } } } }`,
      )
    ).body.data;
  const none = await read('{ keys: ["key_none"] }');
  expect(await read('{ keys: ["key_theirs1"] }')).toEqual(none);
  expect(none.account.runs.nodes).toEqual([]);
});

test('a page of runs with all that they link to takes few statements', async () => {
  const query = `{ account { runs(first: 20, filter: { statuses: [SUCCEEDED] }) { nodes {
    id status tier model { slug } apiKey { name } calledBy { name } ledgerEntries { id } units { priceVersion { id } } } } } }`;
  await caller.gql(query);
  const before = t.app.metrics.statementCount();
  const { body } = await caller.gql(query);
  expect(errorOf({ body })).toBeUndefined();
  expect(body.data.account.runs.nodes).toHaveLength(20);
  // One for each kind of object.
  expect(t.app.metrics.statementCount() - before).toBeLessThanOrEqual(6);
});
