import type { HoldCommand } from '../../src/credits/movement.js';
import { type AccountId, type KeyId, newId } from '../../src/platform/ids.js';
import { moveLedgerToNoon, openTestLedger, type TestLedger } from '../support/ledger.js';
import { until } from '../support/process.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openTestLedger();
  await moveLedgerToNoon(ledger.database);
});
afterEach(() => ledger.verify());
afterAll(() => ledger.close());

const T0 = Date.UTC(2030, 0, 31, 23, 59);
const at = (minutes: number) => new Date(T0 + minutes * 60_000);

const commands = (accountId: AccountId, nanos: readonly bigint[], keyId: KeyId | null = null) =>
  nanos.map((amount): HoldCommand => ({
    runId: newId('run'),
    accountId,
    keyId,
    nanos: amount,
    ttlMs: 60_000,
    details: { operation: 'test' },
  }));
const holdAll = (all: readonly HoldCommand[]) =>
  ledger.db.transaction((tx) => ledger.credits.holdWithin(tx, all));
const held = async (accountId: AccountId) => (await ledger.credits.balance(accountId)).heldNanos;
const holdsOf = (accountId: AccountId) =>
  ledger.database.query<{ id: string }>('SELECT id FROM hold WHERE account_id = $1', [accountId]);

test('all are held, each to be captured by itself, or none for want of one nano-dollar', async () => {
  const accountId = await ledger.account(60n);
  await expect(holdAll(commands(accountId, [10n, 20n, 31n]))).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDIT',
    details: { neededNanos: '61', availableNanos: '60' },
  });
  expect([await held(accountId), await holdsOf(accountId)]).toEqual([0n, []]);
  const all = commands(accountId, [10n, 20n, 30n]);
  await holdAll(all);
  expect(await held(accountId)).toBe(60n);
  for (const { runId, nanos } of all.slice(0, 2)) {
    await ledger.credits.capture({ runId, accountId, nanos: nanos - 1n, details: {} });
  }
  const [, , last] = all;
  await ledger.credits.void({ runId: last?.runId ?? newId('run'), accountId, details: {} });
  expect(await ledger.credits.balance(accountId)).toMatchObject({
    postedNanos: 32n,
    heldNanos: 0n,
  });
});

test('a transaction that is rolled back holds nothing', async () => {
  const accountId = await ledger.account(60n);
  const failing = ledger.db.transaction(async (tx) => {
    await ledger.credits.holdWithin(tx, commands(accountId, [60n]));
    throw new Error('something else failed');
  });
  await expect(failing).rejects.toThrow('something else failed');
  expect([await held(accountId), await holdsOf(accountId)]).toEqual([0n, []]);
});

test('a key that is revoked, expired or another account’s, and an account that is closed or unknown, hold nothing', async () => {
  const accountId = await ledger.account(60n);
  const set = async (column: string) => {
    const keyId = await ledger.key(accountId);
    await ledger.database.query(
      `UPDATE api_key SET ${column} = now() - interval '1 s' WHERE id = $1`,
      [keyId],
    );
    return keyId;
  };
  for (const keyId of [
    await set('revoked_at'),
    await set('expires_at'),
    await ledger.key(await ledger.account()),
  ]) {
    await expect(holdAll(commands(accountId, [1n], keyId))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  }
  await expect(holdAll(commands(newId('acct'), [1n]))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await ledger.database.query(`UPDATE account SET status = 'CLOSED' WHERE id = $1`, [accountId]);
  await expect(holdAll(commands(accountId, [1n]))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect([await held(accountId), await holdsOf(accountId)]).toEqual([0n, []]);
});

test('a key’s cap counts the sum, together with its other calls', async () => {
  const accountId = await ledger.account(1_000n);
  const keyId = await ledger.key(accountId, { nanos: 100n, period: 'DAY' });
  await holdAll(commands(accountId, [30n, 30n], keyId));
  await expect(holdAll(commands(accountId, [20n, 21n], keyId))).rejects.toMatchObject({
    code: 'SPEND_CAP_REACHED',
  });
  await holdAll(commands(accountId, [20n, 20n], keyId));
  const [one] = commands(accountId, [1n], keyId);
  if (one === undefined) throw new Error('There is none.');
  await expect(ledger.credits.hold(one)).rejects.toMatchObject({ code: 'SPEND_CAP_REACHED' });
});

test('among calls that hold at the same moment, exactly what is there is held', async () => {
  const accountId = await ledger.account(1_000n);
  const singles = commands(
    accountId,
    Array.from({ length: 200 }, () => 5n),
  );
  const outcomes = await Promise.allSettled([
    ...singles.map((one) => ledger.credits.hold(one)),
    ...Array.from({ length: 4 }, () =>
      holdAll(
        commands(
          accountId,
          Array.from({ length: 50 }, () => 5n),
        ),
      ),
    ),
  ]);
  const done = outcomes.map(({ status }) => status === 'fulfilled');
  const expected =
    5n * BigInt(done.slice(0, 200).filter(Boolean).length) +
    250n * BigInt(done.slice(200).filter(Boolean).length);
  expect(await held(accountId)).toBe(expected);
  expect(1_000n - expected).toBeLessThan(250n);
});

describe('while it waits for the account', () => {
  /** Holds while the balances are locked, and does something before they are free again. */
  async function holdAfter(all: readonly HoldCommand[], change: () => Promise<unknown>) {
    const lock = await ledger.database.hold('LOCK TABLE account_balance IN EXCLUSIVE MODE');
    const holding = holdAll(all);
    holding.catch(() => undefined);
    await until('it to wait', async () => ((await lock.waiting()) ? true : undefined));
    await change();
    await lock.release();
    return holding;
  }

  test('credit that expires is not held', async () => {
    await ledger.setClock(at(0));
    const accountId = await ledger.account();
    const lot = { accountId, nanos: 60n, reason: 'test', actor: 'system', expiresAt: at(1) };
    await ledger.credits.grant(lot);
    const holding = holdAfter(commands(accountId, [60n]), () => ledger.setClock(at(2)));
    await expect(holding).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDIT' });
    await ledger.credits.grant({ ...lot, expiresAt: at(4) });
    await holdAfter(commands(accountId, [60n]), () => ledger.setClock(at(3)));
    await ledger.setClock(at(5));
    // What was held in time stays usable.
    expect(await ledger.credits.balance(accountId)).toMatchObject({
      postedNanos: 60n,
      heldNanos: 60n,
    });
  });

  test('a day that ends is not charged to the next one’s cap, and a cap that is set counts', async () => {
    await ledger.setClock(at(0));
    const accountId = await ledger.account(1_000n);
    const capped = await ledger.key(accountId, { nanos: 50n, period: 'DAY' });
    await holdAfter(commands(accountId, [50n], capped), () => ledger.setClock(at(2)));
    const again = commands(accountId, [1n], capped);
    await expect(holdAll(again)).rejects.toMatchObject({ code: 'SPEND_CAP_REACHED' });
    const free = await ledger.key(accountId);
    const late = commands(accountId, [20n, 20n], free);
    const setCap = () =>
      ledger.database.query(
        `UPDATE api_key SET spend_cap_nanos = 30, cap_period = 'DAY' WHERE id = $1`,
        [free],
      );
    await expect(holdAfter(late, setCap)).rejects.toMatchObject({ code: 'SPEND_CAP_REACHED' });
    await holdAll(late.slice(0, 1));
  });
});
