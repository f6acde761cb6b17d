import fc from 'fast-check';
import type { AccountId } from '../../src/platform/ids.js';
import { runChecks } from '../../src/platform/checks.js';
import type { UsageRequest } from '../../src/usage/usage-report.js';
import { USAGE_CHECKS } from '../../src/usage/usage-checks.sql.js';
import { USAGE_DIMENSIONS, type UsageDimension } from '../../src/usage/usage-question.js';
import { openTestUsage, type PastRun, type TestUsage } from '../support/usage.js';
import {
  exactPercentile,
  labelOf,
  metricsOf,
  NamedModels,
  select,
  valueOf,
} from '../support/usage-model.js';

let t: TestUsage;
/** Of all scenarios: they share a catalog. */
let models: NamedModels;
beforeAll(async () => {
  t = await openTestUsage();
  models = new NamedModels(t.database);
  await models.add();
});
afterAll(() => t.close());

/** Where days, weeks, months and summer times of some zone begin or end, and nothing does. */
const TURNS = [
  '2025-03-30T01:00Z', // Berlin: 2:00 → 3:00
  '2025-10-26T01:00Z', // Berlin: 3:00 → 2:00
  '2025-03-09T05:00Z', // Havana: 0:00 → 1:00, a day that begins at 1:00
  '2025-11-02T05:00Z', // Havana: 1:00 → 0:00, a day with two midnights
  '2025-04-05T15:00Z', // Lord Howe: half an hour back
  '2025-03-31T18:15Z', // Kathmandu: a month begins
  '2025-03-30T18:30Z', // Kolkata: a week begins
  '2025-04-01T00:00Z',
  '2025-04-02T12:34:56.789Z',
].map((text) => new Date(text).getTime());
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/Havana',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const HOUR_MS = 3_600_000;

/** Close to where something begins: a millisecond before, on it, or some hours away. */
const time = fc
  .tuple(
    fc.constantFrom(...TURNS),
    fc.constantFrom(-24, -2, -1, 0, 0, 1, 25),
    fc.constantFrom(-1, 0, 0, 1, 1_800_000),
  )
  .map(([turn, hours, ms]) => new Date(turn + hours * HOUR_MS + ms));

const run = fc.record({
  account: fc.nat(1),
  model: fc.constantFrom('a/small', 'b/large', 'c/new'),
  operation: fc.constantFrom('classifyImage', 'embedTexts'),
  key: fc.option(fc.nat(1), { nil: null }),
  user: fc.nat(1),
  errorCode: fc.constantFrom(null, null, null, 'EXPIRED', 'OVERLOADED'),
  isBatch: fc.boolean(),
  chargedNanos: fc.nat(1_000),
  images: fc.integer({ min: 1, max: 9 }),
  cached: fc.nat(1),
  endedAt: time,
  latencyMs: fc.oneof(fc.nat(3), fc.integer({ min: 4, max: 100_000 })),
});

const values = fc.constantFrom(
  'a/small',
  'b/large',
  'c/new',
  'classifyImage',
  'usr_0',
  'OK',
  'EXPIRED',
);
const question = fc.record({
  account: fc.nat(1),
  between: fc.tuple(time, time),
  interval: fc.constantFrom('HOUR', 'DAY', 'WEEK', 'MONTH'),
  timeZone: fc.constantFrom(...ZONES),
  groupBy: fc.subarray(Object.values(USAGE_DIMENSIONS)),
  filter: fc.dictionary(
    fc.constantFrom(...Object.values(USAGE_DIMENSIONS)),
    fc.uniqueArray(values, { minLength: 1, maxLength: 3 }),
    { maxKeys: 2 },
  ),
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const), question }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      runs: fc.array(run, { minLength: 1, maxLength: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('rebuild' as const), at: time, hours: fc.nat(60) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('rename' as const),
      model: fc.nat(1),
      to: fc.constantFrom('a/small', 'b/large', 'c/new', 'd/newer'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('capture late' as const), at: time }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      statement: fc.constantFrom(
        'DELETE FROM usage_rollup WHERE random() < 0.3',
        `DELETE FROM usage_rollup WHERE span = 'DAY'`,
        'DELETE FROM usage_rolled WHERE random() < 0.3',
        'DELETE FROM usage_group WHERE random() < 0.2',
        'UPDATE usage_rollup SET calls = calls + 1 WHERE random() < 0.2',
        'TRUNCATE usage_rollup',
        'TRUNCATE usage_rolled',
        'TRUNCATE usage_group CASCADE',
      ),
    }),
  },
);

let accounts = 0;
/** What runs say, and what the database is asked. */
class Scenario {
  private runs: PastRun[] = [];

  private constructor(private readonly names: readonly string[]) {}

  static async begin(): Promise<Scenario> {
    const names = [`n${String(accounts)}`, `n${String(accounts + 1)}`];
    accounts += 2;
    for (const name of names) await t.account(name);
    return new Scenario(names);
  }

  accountId(at: number): AccountId {
    return `acct_${this.names[at] ?? ''}`;
  }

  async write(drawn: readonly (typeof run extends fc.Arbitrary<infer T> ? T : never)[]) {
    const runs = drawn.map(({ account, key, user, cached, ...rest }, n): PastRun => ({
      ...rest,
      id: `run_${this.accountId(0)}_${String(this.runs.length + n)}`,
      accountId: this.accountId(account),
      keyId: key === null ? null : `key_${this.names[account] ?? ''}_${String(key)}`,
      userId: `usr_${String(user)}`,
      imagesRan: rest.images - cached,
    }));
    this.runs.push(...runs);
    await t.insert(runs);
  }

  /** The sweeper had ended it, and then it was captured after all: it ends later. */
  async captureLate(endedAt: Date) {
    const at = this.runs.findIndex(({ errorCode }) => errorCode === 'EXPIRED');
    const late = this.runs[at];
    if (late === undefined) return;
    const latencyMs = Math.abs(endedAt.getTime() - late.endedAt.getTime());
    this.runs[at] = { ...late, errorCode: null, endedAt, latencyMs };
    await t.database.query(
      `UPDATE run SET outcome = 'CAPTURED', charged = $2, ended_at = $3, started_at = $4,
              details = details - 'errorCode' WHERE id = $1`,
      [late.id, late.chargedNanos, endedAt, new Date(endedAt.getTime() - latencyMs)],
    );
  }

  async ask({
    account,
    between,
    ...rest
  }: typeof question extends fc.Arbitrary<infer T> ? T : never) {
    const [a, b] = between.map((one) => one.getTime());
    const from = new Date(Math.min(a ?? 0, b ?? 0));
    const range = { from, to: new Date(Math.max(a ?? 0, b ?? 0) + 1) };
    const request: UsageRequest = { ...rest, range };
    if (request.interval === 'HOUR' && range.to.getTime() - from.getTime() > 40 * 24 * HOUR_MS)
      return;
    const owner = this.accountId(account);
    const report = await t.statistics.report(owner, request, { withLatency: true });
    // Each model is one, by all of its names.
    const runs = this.runs.map((one) => ({ ...one, model: models.present(one.model) }));
    const { MODEL: named } = request.filter;
    const present = named?.map((name) => models.present(name));
    const filter = { ...request.filter, ...(present && { MODEL: present }) };
    const chosen = select(runs, owner, range, filter);
    expectMetrics(report.total, chosen);
    const { interval, timeZone, groupBy } = request;
    const keyOf = (one: PastRun) =>
      JSON.stringify(groupBy.map((dimension: UsageDimension) => valueOf(one, dimension)));
    const seen = new Set<string>();
    for (const { group, total, points } of report.series) {
      const key = JSON.stringify(groupBy.map((dimension: UsageDimension) => group[dimension]));
      expect(seen).not.toContain(key);
      seen.add(key);
      const ofGroup = chosen.filter((one) => keyOf(one) === key);
      expectMetrics(total, ofGroup);
      // Points lie end to end, and cut the range as a calendar on a wall does.
      expect(points[0]?.from).toEqual(range.from);
      expect(points.at(-1)?.to).toEqual(range.to);
      const labels = points.map((point) => labelOf(point.from, interval, timeZone));
      expect(new Set(labels).size).toBe(points.length);
      for (const [at, { from: start, to, metrics }] of points.entries()) {
        if (at > 0) expect(start).toEqual(points[at - 1]?.to);
        const inIt = ofGroup.filter(({ endedAt }) => endedAt >= start && endedAt < to);
        expectMetrics(metrics, inIt);
        for (const { endedAt } of inIt) {
          expect(labelOf(endedAt, interval, timeZone)).toBe(labels[at]);
        }
      }
    }
    const withCalls = new Set(chosen.map(keyOf));
    if (groupBy.length > 0) expect(seen).toEqual(withCalls);
    const before = await t.statistics.previous(owner, request, { withLatency: true });
    expect(before.to).toEqual(range.from);
    expectMetrics(before.metrics, select(runs, owner, before, filter));
  }
}

function expectMetrics(
  { latencyMs, ...exact }: Awaited<ReturnType<TestUsage['statistics']['report']>>['total'],
  runs: readonly PastRun[],
): void {
  expect(exact).toEqual(metricsOf(runs));
  for (const [share, given] of [
    [0.5, latencyMs.p50],
    [0.95, latencyMs.p95],
    [0.99, latencyMs.p99],
  ] as const) {
    const expected = exactPercentile(runs, share);
    if (expected === null || given === null) expect(given).toBe(expected);
    else expect(Math.abs(given - expected)).toBeLessThanOrEqual(0.02 * expected + 0.1);
  }
}

async function verify(): Promise<void> {
  const findings = await runChecks(
    { query: (sql, given) => t.database.query(sql, [...given]) as never },
    USAGE_CHECKS,
  );
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
}

test('answers are what plain code says, whatever is rolled up, lost, late, renamed or made again, in any zone', async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(run, { minLength: 5, maxLength: 60 }),
      fc.array(step, { minLength: 4, maxLength: 14 }),
      question,
      async (first, steps, last) => {
        const scenario = await Scenario.begin();
        await scenario.write(first);
        for (const one of steps) {
          if (one.do === 'ask') await scenario.ask(one.question);
          else if (one.do === 'write') await scenario.write(one.runs);
          else if (one.do === 'capture late') await scenario.captureLate(one.at);
          else if (one.do === 'rename') await models.rename(one.model, one.to);
          else if (one.do === 'turn') await t.rollups.turn();
          else if (one.do === 'lose') await t.database.query(one.statement);
          else {
            const to = new Date(one.at.getTime() + one.hours * HOUR_MS);
            await t.rollups.rebuild({ from: one.at, to });
          }
          asked += 1;
        }
        await scenario.ask(last);
        await verify();
      },
    ),
    { numRuns: Number(process.env.USAGE_RUNS ?? 40) },
  );
  expect(asked).toBeGreaterThan(0);
}, 600_000);
