import type { KeyScope } from '../../src/accounts/index.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { type AccountId, type KeyId, newId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';

const CAP = 10n;

let t: TestApp;
let accountId: AccountId;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, background: false });
});
beforeEach(async () => {
  accountId = await t.app.services.accounts.openAccount('Test');
  const credit = { accountId, nanos: 1_000n, reason: 'test', actor: 'system' } as const;
  await t.app.services.credits.grant(credit);
});
afterEach(async () => {
  const findings = await t.app.services.credits.verify();
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
});
afterAll(() => t.stop());

const actor = () => ({ ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) });

async function cappedKey(nanos = CAP): Promise<KeyId> {
  const input = { name: 'k', scopes: ['INFERENCE' as KeyScope], spendCapNanos: nanos };
  return (await t.app.services.keys.create(actor(), accountId, input)).key.id;
}

async function rotate(keyId: KeyId, graceHours = 24): Promise<KeyId> {
  return (await t.app.services.keys.rotate(actor(), accountId, keyId, graceHours)).key.id;
}

const setCap = (keyId: KeyId, nanos: bigint | null, period: 'DAY' | 'MONTH' | 'TOTAL' = 'MONTH') =>
  t.app.services.keys.change(actor(), accountId, keyId, { cap: { nanos, period } });

async function hold(keyId: KeyId, nanos: bigint) {
  const runId = newId('run');
  const command = { runId, accountId, keyId, nanos, ttlMs: 60_000, details: {} };
  await t.app.services.credits.hold({ ...command, idempotency: undefined });
  return runId;
}

async function spend(keyId: KeyId, nanos: bigint): Promise<void> {
  const runId = await hold(keyId, nanos);
  await t.app.services.credits.capture({ runId, accountId, nanos, details: {}, result: undefined });
}

const REFUSED = { code: 'SPEND_CAP_REACHED' };

const left = async (keyId: KeyId) =>
  (await t.app.services.usage.spending(accountId, [keyId])).get(keyId)?.capLeftNanos;

test('a key that was rotated, and rotated again, has what its predecessors left of the cap', async () => {
  const first = await cappedKey();
  await spend(first, 4n);
  const second = await rotate(first);
  await expect(spend(second, 7n)).rejects.toMatchObject(REFUSED);
  await spend(second, 3n);
  const third = await rotate(second, 0);
  await expect(spend(third, 4n)).rejects.toMatchObject(REFUSED);
  expect(await left(third)).toBe(3n);
  await spend(third, 3n);
  await expect(spend(third, 1n)).rejects.toMatchObject(REFUSED);
});

test('while both keys work they spend from one cap, in one group of calls too', async () => {
  const first = await cappedKey();
  const second = await rotate(first);
  await spend(first, 4n);
  await spend(second, 4n);
  await expect(spend(first, 3n)).rejects.toMatchObject(REFUSED);
  await expect(spend(second, 3n)).rejects.toMatchObject(REFUSED);
  expect([await left(first), await left(second)]).toEqual([2n, 2n]);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) => hold(n % 2 === 0 ? first : second, 1n)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
});

test('a call that was held before the rotation counts for both keys, until its hold ends', async () => {
  const first = await cappedKey();
  const runId = await hold(first, 9n);
  const second = await rotate(first, 0);
  await expect(hold(second, 2n)).rejects.toMatchObject(REFUSED);
  await t.app.services.credits.void({ runId, accountId, details: {} });
  await spend(second, 10n);
  const late = await hold(await rotate(await cappedKey()), 5n);
  await t.database.query(`UPDATE hold SET expires_at = now() WHERE id = $1`, [late]);
  await t.app.services.credits.sweep();
});

test('many calls that are held at once count for both keys', async () => {
  const first = await cappedKey();
  const second = await rotate(first);
  const holdAll = (keyId: KeyId) => {
    const commands = [3n, 3n].map((nanos) => ({
      ...{ runId: newId('run'), accountId, keyId, nanos, ttlMs: 60_000 },
      ...{ idempotency: undefined, details: {} },
    }));
    return t.app.database.transaction((tx) => t.app.services.credits.holdWithin(tx, commands));
  };
  await holdAll(first);
  await expect(holdAll(second)).rejects.toMatchObject(REFUSED);
  await expect(spend(second, 5n)).rejects.toMatchObject(REFUSED);
  await spend(second, 4n);
});

test('a cap that is set again, on either key, holds for both, and counts what both spent', async () => {
  const first = await cappedKey();
  await spend(first, 6n);
  const second = await rotate(first);
  await spend(second, 3n);
  await setCap(first, 12n, 'TOTAL');
  await expect(spend(second, 4n)).rejects.toMatchObject(REFUSED);
  await spend(second, 3n);
  await setCap(second, null);
  await spend(first, 30n);
  await setCap(second, 41n, 'DAY');
  await expect(spend(first, 1n)).rejects.toMatchObject(REFUSED);
  await setCap(second, 43n, 'DAY');
  await spend(first, 1n);
  expect([await left(first), await left(second)]).toEqual([0n, 0n]);
});

test('a new period gives the whole cap once, to both keys together', async () => {
  const first = await cappedKey();
  await setCap(first, CAP, 'DAY');
  await spend(first, 10n);
  const second = await rotate(first, 48);
  await expect(spend(second, 1n)).rejects.toMatchObject(REFUSED);
  await t.database.query(
    `CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE
     RETURN clock_timestamp() + interval '1 day'`,
  );
  try {
    await spend(second, 6n);
    await expect(spend(first, 5n)).rejects.toMatchObject(REFUSED);
  } finally {
    await t.database.query(
      `CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE
       RETURN clock_timestamp()`,
    );
  }
});

test('of two rotations at once one is refused, and a cap that is set meanwhile is that of all', async () => {
  for (let n = 0; n < 10; n++) {
    const first = await cappedKey();
    const outcomes = await Promise.allSettled([
      rotate(first),
      setCap(first, 5n),
      rotate(first),
      setCap(first, 6n),
    ]);
    const rotated = [outcomes[0], outcomes[2]];
    expect(rotated.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    const caps = await t.database.query(
      'SELECT DISTINCT spend_cap_nanos, cap_period FROM api_key WHERE lineage_id = $1',
      [first],
    );
    expect(caps).toHaveLength(1);
  }
});

test('whoever knows its cap is near is told once for the key and its successors', async () => {
  const { alerts } = t.app.services;
  const first = await cappedKey();
  const rule = { kind: 'KEY_NEAR_CAP', thresholdShare: 0.5, keyId: first } as const;
  const { id } = await alerts.create(actor(), accountId, { ...rule, byMail: false });
  await spend(first, 4n);
  const second = await rotate(first, 0);
  await spend(second, 4n);
  await alerts.turn();
  await rotate(second, 0);
  await alerts.turn();
  const told = await t.database.query<{ data: { keyId: string } }>(
    'SELECT data FROM notification WHERE account_id = $1',
    [accountId],
  );
  expect(told).toEqual([{ data: expect.objectContaining({ keyId: second, ruleId: id }) }]);
});
