import { encodePosition } from '../../src/platform/cursor.js';
import { newId } from '../../src/platform/ids.js';
import { toAppError } from '../../src/http/to-app-error.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';
import { insertRuns, type PastRun } from '../support/usage.js';

let t: TestApp;
let caller: Caller;
let other: Caller;
let keyId: string;
let otherKeyId: string;

const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A whole hour of the past week. */
const START = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 5 * DAY_MS;

const pastRun = (hoursLater: number, more: Partial<PastRun> = {}): PastRun => ({
  id: newId('run'),
  accountId: caller.accountId,
  model: SIGLIP,
  operation: 'classifyImage',
  keyId,
  userId: 'usr_1',
  errorCode: null,
  isBatch: false,
  chargedNanos: 1_000_000,
  images: 3,
  imagesRan: 2,
  endedAt: new Date(START + hoursLater * HOUR_MS + 1_000),
  latencyMs: 100,
  ...more,
});

beforeAll(async () => {
  t = await startTestApp({ background: false });
  caller = await newCaller(t, 1_000_000_000n);
  other = await newCaller(t, 1_000_000_000n);
  keyId = await keyOf(caller);
  otherKeyId = await keyOf(other);
  await insertRuns(t.database, [
    ...[0, 1, 2].map((hours) => pastRun(hours)),
    pastRun(30, { model: 'gigarouter/demo-shapes', latencyMs: 300, keyId: null }),
    pastRun(31, { errorCode: 'OVERLOADED' }),
    pastRun(-24, { chargedNanos: 2_000_000 }),
    pastRun(1, { accountId: other.accountId, keyId: otherKeyId, chargedNanos: 77 }),
  ]);
});
afterAll(() => t.stop());

async function keyOf({ accountId }: Caller): Promise<string> {
  const [row] = await t.database.query<{ id: string }>(
    'SELECT id FROM api_key WHERE account_id = $1',
    [accountId],
  );
  return row?.id ?? '';
}

const range = {
  from: new Date(START).toISOString(),
  to: new Date(START + 3 * DAY_MS).toISOString(),
};

const DASHBOARD = `query ($range: UsageRangeInput!) {
  account {
    balance { availableNanos }
    usage(range: $range, groupBy: [MODEL]) {
      total { ...metrics }
      previous { from to metrics { calls chargedNanos } change { calls errors charged } }
      series {
        group { modelSlug }
        total { calls chargedNanos }
        points { from to metrics { ...metrics } }
      }
    }
    topModels(range: $range, first: 1) { group { modelSlug } total { calls chargedNanos } }
    topKeys(range: $range, by: CALLS) { group { apiKey { id name } } total { calls } }
    creditForecast { runsOutAt nanosPerDay since }
    purchases(first: 5) { edges { node { id } } }
  }
}
fragment metrics on UsageMetrics {
  calls errors chargedNanos cacheHits
  units { unit requested ran cached }
  latencyMs { p50 p95 p99 }
}`;

test('one query answers all that a dashboard shows, in few statements', async () => {
  await caller.gql(DASHBOARD, { range });
  const before = t.app.metrics.statementCount();
  const { body } = await caller.gql(DASHBOARD, { range });
  // One of them asks for the time.
  expect(t.app.metrics.statementCount() - before).toBeLessThanOrEqual(11);
  expect(errorOf({ body })).toBeUndefined();
  const { usage, topModels, topKeys, creditForecast } = body.data.account;
  expect(usage.total).toEqual({
    calls: 5,
    errors: 1,
    chargedNanos: '4000000',
    cacheHits: 4,
    units: [{ unit: 'IMAGE', requested: 12, ran: 8, cached: 4 }],
    latencyMs: {
      p50: expect.closeTo(100, -1),
      p95: expect.closeTo(300, -1),
      p99: expect.closeTo(300, -1),
    },
  });
  expect(usage.previous).toEqual({
    from: new Date(START - 3 * DAY_MS).toISOString(),
    to: range.from,
    metrics: { calls: 1, chargedNanos: '2000000' },
    change: { calls: 4, errors: null, charged: 1 },
  });
  expect(usage.series.map((one: { group: object }) => one.group)).toEqual([
    { modelSlug: SIGLIP },
    { modelSlug: 'gigarouter/demo-shapes' },
  ]);
  expect(topModels).toEqual([
    { group: { modelSlug: SIGLIP }, total: { calls: 4, chargedNanos: '3000000' } },
  ]);
  expect(topKeys).toEqual([
    { group: { apiKey: { id: keyId, name: expect.stringMatching(/^key_/) } }, total: { calls: 4 } },
    { group: { apiKey: null }, total: { calls: 1 } },
  ]);
  // 4 and 2 million in six days and a bit, of a billion.
  expect(Number(creditForecast.nanosPerDay)).toBeGreaterThan(900_000);
  expect(Number(creditForecast.nanosPerDay)).toBeLessThanOrEqual(1_000_000);
  expect(new Date(creditForecast.runsOutAt).getTime()).toBeGreaterThan(Date.now() + 900 * DAY_MS);
});

test('it is the same once it is rolled up', async () => {
  const { body: before } = await caller.gql(DASHBOARD, { range });
  const from = new Date(START - 10 * DAY_MS);
  expect(await t.app.services.rollups.rebuild({ from })).toBeGreaterThan(10 * 24);
  const { body: after } = await caller.gql(DASHBOARD, { range });
  // Its rate falls with each moment that nothing is spent.
  const unmoved = { creditForecast: expect.anything() };
  expect(after.data.account).toEqual({ ...before.data.account, ...unmoved });
});

test('an account sees its own calls only, whatever it asks for', async () => {
  const query = `query ($range: UsageRangeInput!, $filter: UsageFilterInput) {
    account {
      usage(range: $range, groupBy: [KEY, MEMBER], filter: $filter) {
        total { calls chargedNanos }
        series { group { apiKey { id name } } }
      }
    }
  }`;
  const ask = async (who: Caller, filter?: object) =>
    (await who.gql(query, { range, filter })).body.data.account.usage;
  expect((await ask(other)).total).toEqual({ calls: 1, chargedNanos: '77' });
  const absent = await ask(caller, { keys: ['key_nobody'] });
  expect(absent).toEqual({ total: { calls: 0, chargedNanos: '0' }, series: [] });
  expect(await ask(caller, { keys: [otherKeyId] })).toEqual(absent);
  expect((await ask(caller, { keys: [keyId, otherKeyId] })).total.calls).toBe(4);
});

test('groups are told apart by all that is asked for, with the names of keys', async () => {
  const { body } = await caller.gql(
    `query ($range: UsageRangeInput!) {
       account {
         usage(range: $range, interval: MONTH, groupBy: [STATUS, OPERATION, KEY], filter: { errorCodes: [OVERLOADED] }) {
           series {
             group { modelSlug apiKey { id } operation member { id } status errorCode }
             total { calls errors }
           }
         }
       }
     }`,
    { range },
  );
  expect(body.data.account.usage.series).toEqual([
    {
      group: {
        modelSlug: null,
        apiKey: { id: keyId },
        operation: 'classifyImage',
        member: null,
        status: 'FAILED',
        errorCode: 'OVERLOADED',
      },
      total: { calls: 1, errors: 1 },
    },
  ]);
});

const year = (from: string, to: string) => ({
  from: `${from}-01-01T00:00:00Z`,
  to: `${to}-01-01T00:00:00Z`,
});
const USAGE = `query ($range: UsageRangeInput!, $interval: UsageInterval, $zone: String, $groupBy: [UsageDimension!], $filter: UsageFilterInput) {
  account {
    usage(range: $range, interval: $interval, timeZone: $zone, groupBy: $groupBy, filter: $filter) {
      total { calls }
    }
  }
}`;
test.each([
  ['a thousand years', { range: year('1500', '2500') }, /between the years 2000 and 2200/],
  ['three years', { range: year('2023', '2026') }, /732 days/],
  ['an end before the start', { range: year('2026', '2025') }, /must be after/],
  ['nothing between', { range: year('2026', '2026') }, /must be after/],
  [
    'two years of hours',
    { range: year('2025', '2026'), interval: 'HOUR' },
    /more than 1000 intervals of HOUR/,
  ],
  ['an unknown zone', { range, zone: 'Europe/Atlantis' }, /Unknown time zone/],
  ['a zone that is code', { range, zone: "UTC'; DROP TABLE run; --" }, /Unknown time zone/],
  ['60 keys to group by', { range, groupBy: Array(60).fill('KEY') }, /at most 5 dimensions/],
  ['the same key twice', { range, groupBy: ['KEY', 'KEY'] }, /at most once/],
  ['a filter that lets nothing through', { range, filter: { models: [] } }, /MODEL is empty/],
  [
    'a filter of 101 models',
    { range, filter: { models: Array(101).fill('a/b') } },
    /more than 100 values/,
  ],
  ['a filter with a NUL', { range, filter: { operations: ['O\0K'] } }, /with a NUL/],
  ['a filter by nothing', { range, filter: { keys: [''] } }, /KEY has a value that is empty/],
  [
    'a filter as long as a book',
    { range, filter: { members: ['x'.repeat(301)] } },
    /of more than 300 characters/,
  ],
])(
  '%s is refused with words that help, and the server goes on',
  async (_name, variables, message) => {
    const { status, body } = await caller.gql(USAGE, variables);
    expect(status).toBe(200);
    expect(errorOf({ body })?.message).toMatch(message);
    expect(errorOf({ body })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: expect.any(String),
    });
    expect((await caller.gql(USAGE, { range })).body.data.account.usage.total.calls).toBe(5);
  },
);

test('more points than a page can show are refused, and may be exported', async () => {
  const runs = Array.from({ length: 30 }, (_, n) =>
    pastRun(-200, { accountId: other.accountId, keyId: null, model: `m/${String(n)}` }),
  );
  await insertRuns(t.database, runs);
  const from = new Date(START - 20 * DAY_MS).toISOString();
  const variables = { range: { from, to: range.to }, interval: 'HOUR', groupBy: ['MODEL'] };
  const { body } = await other.gql(USAGE, variables);
  expect(errorOf({ body })?.message).toMatch(/exceed 5000 points.*export/);
});

test('a query that asks for it over and over is refused before it runs', async () => {
  const fields = Array.from(
    { length: 13 },
    (_, n) => `u${String(n)}: usage(range: $range) { total { calls } }`,
  );
  const query = `query ($range: UsageRangeInput!) { account { ${fields.join(' ')} } }`;
  const { body } = await caller.gql(query, { range });
  expect(codeOf({ body })).toBe('QUERY_TOO_COMPLEX');
});

test('everybody sees how a model has done; what nobody has called is unknown', async () => {
  const query = `query ($slug: String!) { model(slug: $slug) { performance {
    lastHour { availability latencyMs { p50 } } last30Days { availability latencyMs { p50 p95 p99 } } } } }`;
  const { body } = await t.gql(query, { slug: SIGLIP });
  expect(errorOf({ body })).toBeUndefined();
  const { lastHour, last30Days } = body.data.model.performance;
  expect(lastHour).toEqual({ availability: null, latencyMs: { p50: null } });
  expect(last30Days.availability).toBeCloseTo(5 / 6, 6);
  expect(last30Days.latencyMs.p99).toBeCloseTo(100, -1);
  const all = `{ models(first: 20) { edges { node { performance { lastDay { availability } } } } } }`;
  await t.gql(all);
  const before = t.app.metrics.statementCount();
  await t.gql(all);
  expect(t.app.metrics.statementCount() - before).toBe(1);
});

test.each(['2026-01-01 00:00:00+99', '2026-01-01 00:00:00+05:99', '2026-13-01 00:00:00+00', 'x'])(
  'a place at %s is in no list of runs',
  async (key) => {
    const after = encodePosition({ key, id: 'run_1' });
    const error: unknown = await t.app.services.usage
      .list(caller.accountId, { first: 1, after })
      .catch((thrown: unknown) => thrown);
    expect(toAppError(error).code).toBe('BAD_USER_INPUT');
  },
);
