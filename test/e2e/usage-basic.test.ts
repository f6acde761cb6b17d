import { openTestUsage, type TestUsage, type PastRun } from '../support/usage.js';
let t: TestUsage;
beforeAll(async () => { t = await openTestUsage(); });
afterAll(() => t.close());
test('basic', async () => {
  const accountId = await t.account('a');
  const runs: PastRun[] = Array.from({ length: 2000 }, (_, n) => ({
    id: `run_${n}`, accountId, model: `m${n % 3}`, operation: 'op', keyId: n % 2 ? 'key_a_0' : null, userId: 'usr_1',
    errorCode: n % 10 ? null : 'OVERLOADED', isBatch: false, chargedNanos: n, images: 3, imagesRan: 1, endedAt: new Date(Date.UTC(2026, 2, 28) + n * 137_000), latencyMs: 10 + n,
  }));
  await t.insert(runs);
  const request = { range: { from: new Date('2026-03-28T05:10:00Z'), to: new Date('2026-03-31T05:10:00Z') }, interval: 'DAY' as const, timeZone: 'Europe/Berlin', groupBy: ['MODEL', 'KEY'] as const, filter: {} };
  const before = await t.statistics.report(accountId as never, request as never, { withLatency: true });
  console.log(JSON.stringify(before, (_k, v) => typeof v === 'bigint' ? v.toString() : v).slice(0, 1500));
  console.log(await t.rollups.rebuild({ from: new Date('2026-03-27T00:00Z'), to: new Date('2026-04-03') }));
  console.log(await t.database.query('select span, count(*) from usage_rolled group by 1'), await t.database.query('select span, count(*), sum(calls) from usage_rollup group by 1'));
  const after = await t.statistics.report(accountId as never, request as never, { withLatency: true });
  expect(after).toEqual(before);
});
