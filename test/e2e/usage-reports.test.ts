import { DOLLAR, type Shop, startShop } from '../support/payments.js';
import type { Caller } from '../support/platform.js';
import { newId, type RunId } from '../../src/platform/ids.js';

/** F46–F49: what was used is told to Stripe's meter, each run exactly once. */

const METER = 'gigarouter_usage_nanos';
const HOUR_MS = 3_600_000;
let shop: Shop;
let customer: Caller;
beforeEach(async () => {
  shop = await startShop({ stripeMeterEvent: METER });
  customer = await shop.customer();
  await give(customer, 1_000n * DOLLAR);
});
afterEach(async () => {
  await shop.verify();
  await shop.stop();
});

const give = ({ accountId }: Caller, nanos: bigint) =>
  shop.app.services.credits.grant({ accountId, nanos, reason: 'test', actor: 'system' });

/** In the middle of the hour in which the tests began: one may end while they run. */
const HALF_PAST_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS / 2;

/** A charged run, as if it had ended some hours ago, in the middle of an hour; of one that is to come below 0. */
async function use({ accountId }: Caller, nanos: bigint, hoursAgo = 2): Promise<RunId> {
  const { credits } = shop.app.services;
  const runId = newId('run');
  await credits.hold({ runId, accountId, keyId: null, nanos, ttlMs: 60_000, details: {} });
  await credits.capture({ runId, accountId, nanos, details: {} });
  await shop.database.query('UPDATE outbox_message SET created_at = $2 WHERE id = $1', [
    `usage:${runId}`,
    new Date(HALF_PAST_MS - hoursAgo * HOUR_MS),
  ]);
  return runId;
}
const turn = () => shop.app.services.usageReports.turn();
const due = () => shop.database.query(`UPDATE usage_report SET not_before = 'epoch'`, []);
const told = () => shop.double.meters.total(METER);
const reports = () =>
  shop.database.query<{
    id: string;
    part: number;
    nanos: string;
    sent: boolean;
    dead: string | null;
  }>(
    'SELECT id, part, nanos::text AS nanos, sent_at IS NOT NULL AS sent, dead_reason AS dead FROM usage_report ORDER BY hour, part',
    [],
  );

test('runs are summed by account and hour; an hour that is not over waits', async () => {
  const other = await shop.customer();
  await give(other, DOLLAR);
  for (const nanos of [1n, 2n, 3n]) await use(customer, nanos);
  await use(customer, 10n, 5);
  await use(other, 100n);
  await use(customer, 1_000n, -1);
  await turn();
  expect((await reports()).map(({ nanos, sent }) => [nanos, sent])).toEqual(
    expect.arrayContaining([
      ['6', true],
      ['10', true],
      ['100', true],
    ]),
  );
  expect(told()).toBe(116n);
});

test('what comes late is another part of its hour', async () => {
  await use(customer, 5n);
  await turn();
  await use(customer, 7n);
  await turn();
  expect((await reports()).map(({ part, nanos }) => [part, nanos])).toEqual([
    [0, '5'],
    [1, '7'],
  ]);
  expect(told()).toBe(12n);
});

test('many servers at once count nothing twice', async () => {
  for (let run = 0; run < 30; run += 1) await use(customer, 1n);
  await Promise.all(Array.from({ length: 10 }, turn));
  await turn();
  expect(told()).toBe(30n);
});

test.each(['lost', 'truncated', '500', '429', 'reset'] as const)(
  'F46, F48: %s while it is told: told again under the same name, counted once',
  async (fault) => {
    await use(customer, 5n);
    shop.double.faults.plan(fault, /meter_events/, 3);
    await turn();
    await due();
    await turn();
    expect(told()).toBe(5n);
    expect((await reports()).map(({ sent }) => sent)).toEqual([true]);
  },
);

test('F46: a process that died after Stripe had it sends it again; a duplicate counts as delivered', async () => {
  await use(customer, 5n);
  await turn();
  await shop.database.query(`UPDATE usage_report SET sent_at = NULL, not_before = 'epoch'`, []);
  // Stripe has forgotten the request's key, and knows the event's name.
  for (const key of Object.keys(shop.double.store.answers)) {
    Reflect.deleteProperty(shop.double.store.answers, key);
  }
  await turn();
  expect(told()).toBe(5n);
  expect((await reports()).map(({ sent, dead }) => [sent, dead])).toEqual([[true, null]]);
});

test('F49: too old, too large, unknown to Stripe: given up, said, and in nobody’s way', async () => {
  const rich = await shop.customer();
  await give(rich, 3_000_000n * DOLLAR);
  const gone = await shop.customer();
  await give(gone, DOLLAR);
  await use(gone, 9n);
  await turn();
  await shop.database.query(
    `UPDATE payment_customer SET customer_id = 'cus_gone' WHERE account_id = $1`,
    [gone.accountId],
  );
  await use(customer, 1n, 36 * 24);
  await use(rich, 1_000_000n * DOLLAR);
  await use(gone, 2n, 3);
  await use(customer, 4n);
  await turn();
  const dead = (await reports()).filter(({ sent }) => !sent);
  expect(dead.map(({ nanos, dead: reason }) => [nanos, reason]).sort()).toEqual([
    ['1', 'The event timestamp is too far in the past.'],
    ['1000000000000000', 'More than fifteen digits.'],
    ['2', 'The customer does not exist.'],
  ]);
  expect(told()).toBe(13n);
  expect(await shop.app.services.usageReports.counts()).toEqual({ waiting: 0, dead: 3 });
  expect(shop.log.filter((line) => line.includes('was given up'))).toHaveLength(3);
});

test('while Stripe is away nothing is given up, and the paid path does not notice', async () => {
  await use(customer, 5n);
  shop.double.faults.plan('reset', /./, 1_000);
  await turn();
  expect(await shop.app.services.usageReports.counts()).toEqual({ waiting: 1, dead: 0 });
  await use(customer, 6n);
  shop.double.faults.clear();
  await due();
  await turn();
  expect(told()).toBe(11n);
});

test('off unless configured', async () => {
  await shop.stop();
  shop = await startShop();
  customer = await shop.customer();
  await give(customer, DOLLAR);
  await use(customer, 5n);
  await turn();
  expect([await reports(), told()]).toEqual([[], 0n]);
});
