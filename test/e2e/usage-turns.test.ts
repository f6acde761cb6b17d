import { newId } from '../../src/platform/ids.js';
import { runChecks } from '../../src/platform/checks.js';
import { RollupsService } from '../../src/usage/rollups.service.js';
import { StatisticsService } from '../../src/usage/statistics.service.js';
import { USAGE_CHECKS } from '../../src/usage/usage-checks.sql.js';
import { holdOf } from '../support/guards.js';
import { openTestLedger, type TestLedger } from '../support/ledger.js';
import { until } from '../support/process.js';

let ledger: TestLedger;
let rollups: RollupsService;
const HOUR_MS = 3_600_000;
/** The ledger's clock begins here, half past an hour. */
const START = new Date('2027-03-01T10:30:00Z');
const later = (hours: number) => new Date(START.getTime() + hours * HOUR_MS);

beforeEach(async () => {
  ledger = await openTestLedger();
  await ledger.setClock(START);
  await ledger.database.query('ALTER TABLE account ALTER created_at SET DEFAULT ledger_now()');
  rollups = new RollupsService(ledger.db);
});
afterEach(async () => {
  const findings = await runChecks(ledger.db, USAGE_CHECKS);
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
  await ledger.verify();
  await ledger.close();
});

const rolledHours = async () =>
  (
    await ledger.database.query<{ start: Date }>(
      `SELECT start FROM usage_rolled WHERE span = 'HOUR' ORDER BY start`,
    )
  ).map(({ start }) => start.toISOString().slice(11, 16));

/** Turns until that many hours are rolled up: other tests' transactions hold the fence back for a while. */
const turnUntilRolled = (hours: number) =>
  until(`${String(hours)} hours to be rolled up`, async () => {
    await rollups.turn();
    const rolled = await rolledHours();
    return rolled.length < hours ? undefined : rolled;
  });

/** What the ledger has charged in the calls of an account, hour by hour, with and without roll-ups. */
async function chargedByHour(owner: Parameters<StatisticsService['report']>[0]) {
  const statistics = new StatisticsService(ledger.db, ledger.credits);
  const range = { from: new Date('2027-03-01T10:00:00Z'), to: new Date('2027-03-01T15:00:00Z') };
  const request = { range, interval: 'HOUR', timeZone: 'UTC', groupBy: [], filter: {} } as const;
  const { series } = await statistics.report(owner, request, { withLatency: true });
  return series[0]?.points.map(({ metrics }) => Number(metrics.chargedNanos));
}

async function call(accountId: Awaited<ReturnType<TestLedger['account']>>, nanos: bigint) {
  const command = holdOf(accountId, nanos, {
    details: { model: 'a/b', operation: 'classifyImage' },
  });
  await ledger.credits.hold(command);
  await ledger.credits.capture({ runId: command.runId, accountId, nanos, details: {} });
}

test('an hour is rolled up once it is over, and not before', async () => {
  const accountId = await ledger.account(1_000n);
  await call(accountId, 7n);
  await rollups.turn();
  expect(await rolledHours()).toEqual([]);
  await ledger.setClock(later(1));
  await call(accountId, 11n);
  expect(await turnUntilRolled(1)).toEqual(['10:00']);
  expect(await chargedByHour(accountId)).toEqual([7, 11, 0, 0, 0]);
});

test('as long as a transaction is open that may have read the clock, its hour is not rolled up', async () => {
  const accountId = await ledger.account(1_000n);
  const slow = await ledger.database.hold(
    `SELECT FROM account_balance WHERE account_id = '${accountId}' FOR UPDATE`,
  );
  await ledger.setClock(later(2));
  await rollups.turn();
  await rollups.turn();
  await rollups.turn();
  expect(await rolledHours()).toEqual([]);
  await slow.release();
  expect(await turnUntilRolled(2)).toEqual(['10:00', '11:00']);
});

test('a call that is captured after its hold had expired moves to the hour in which it ended', async () => {
  const accountId = await ledger.account(1_000n);
  const command = holdOf(accountId, 5n, { ttlMs: 1_000 });
  await ledger.credits.hold(command);
  await ledger.setClock(later(0.2));
  await ledger.credits.sweep();
  await ledger.setClock(later(2));
  await turnUntilRolled(2);
  expect(await chargedByHour(accountId)).toEqual([0, 0, 0, 0, 0]);
  await ledger.credits.capture({ runId: command.runId, accountId, nanos: 5n, details: {} });
  expect(await chargedByHour(accountId)).toEqual([0, 0, 5, 0, 0]);
  await rollups.turn();
  await ledger.setClock(later(3));
  expect(await turnUntilRolled(3)).toEqual(['10:00', '11:00', '12:00']);
  expect(await chargedByHour(accountId)).toEqual([0, 0, 5, 0, 0]);
});

test('a clock that goes back takes the marks after it with it', async () => {
  const accountId = await ledger.account(1_000n);
  await call(accountId, 3n);
  await ledger.setClock(later(3));
  expect(await turnUntilRolled(3)).toEqual(['10:00', '11:00', '12:00']);
  await ledger.setClock(later(1));
  await rollups.turn();
  expect(await rolledHours()).toEqual(['10:00']);
  await call(accountId, 4n);
  expect(await chargedByHour(accountId)).toEqual([3, 4, 0, 0, 0]);
});

test('ten servers at once roll each hour up once, and the same rows come out of a rebuild', async () => {
  const accountId = await ledger.account(1_000n);
  for (let hours = 0; hours < 50; hours += 3) {
    await ledger.setClock(later(hours));
    await call(accountId, 2n);
  }
  await ledger.setClock(later(52));
  const turns = async () => {
    while (await rollups.turn());
  };
  await until('all hours to be rolled up', async () => {
    await Promise.all(Array.from({ length: 10 }, turns));
    return (await rolledHours()).length === 52 || undefined;
  });
  // Their days too.
  await rollups.turn();
  const rows = () =>
    ledger.database.query(
      `SELECT u.*, encode(latency, 'hex') AS latency FROM usage_rollup u ORDER BY account_id, span, start, group_id`,
    );
  const first = await rows();
  expect(first.length).toBeGreaterThan(34);
  expect(await rollups.rebuild({})).toBe(52);
  expect(await rows()).toEqual(first);
});

test('what an own server writes past its guard is found: a call in an hour that was rolled up before', async () => {
  const accountId = await ledger.account(1_000n);
  await call(accountId, 3n);
  await ledger.setClock(later(2));
  await turnUntilRolled(2);
  const id = newId('run');
  await ledger.database.query(
    `INSERT INTO run (id, account_id, outcome, held, charged, details, started_at, ended_at)
     VALUES ($1, $2, 'VOIDED', 0, 0, '{}', $3, $3)`,
    [id, accountId, START],
  );
  const broken = async () =>
    (await runChecks(ledger.db, USAGE_CHECKS)).reduce((sum, one) => sum + one.broken, 0n);
  expect(await broken()).toBeGreaterThan(0n);
  await rollups.rebuild({ from: START, to: later(1) });
  expect(await broken()).toBe(0n);
});

test('a roll-up may take longer than a transaction of Prisma’s, or a statement of a request', async () => {
  await ledger.account(1n);
  await ledger.setClock(later(3));
  const lock = await ledger.database.hold('SELECT pg_advisory_xact_lock(7270236920)');
  const startedAt = performance.now();
  const hours = rollups.rebuild({});
  // Prisma gives five seconds.
  await until('five seconds to pass', () => performance.now() - startedAt > 5_500 || undefined);
  await lock.release();
  expect(await hours).toBe(3);
});
