import { CreditsService } from '../../src/credits/credits.service.js';
import { type AccountId, type KeyId, newId, type RunId } from '../../src/platform/ids.js';
import { openTestLedger, type TestLedger } from '../support/ledger.js';
import { until } from '../support/process.js';

let ledger: TestLedger;
/** What two api servers are to the database: each gathers groups of its own. */
let servers: readonly CreditsService[];
beforeAll(async () => {
  ledger = await openTestLedger();
  servers = [new CreditsService(ledger.db), new CreditsService(ledger.db)];
});
afterEach(() => ledger.verify());
afterAll(() => ledger.close());

const ROUNDS = Number(process.env.LEDGER_ROUNDS ?? 1_000);
const TTL_MS = 60_000;

const holdOf = (
  accountId: AccountId,
  nanos: bigint,
  more: { keyId?: KeyId; key?: string; body?: number; ttlMs?: number; runId?: RunId } = {},
) => ({
  runId: more.runId ?? newId('run'),
  accountId,
  keyId: more.keyId ?? null,
  nanos,
  ttlMs: more.ttlMs ?? TTL_MS,
  idempotency:
    more.key === undefined
      ? undefined
      : { key: more.key, requestHash: Buffer.alloc(32, more.body ?? 1) },
  details: {},
});
const server = (n: number) => {
  const one = servers[n % servers.length];
  if (one === undefined) throw new RangeError();
  return one;
};
const codeOf = (error: unknown) => (error as { code: string }).code;

/** Holds, and captures what it holds. @returns 'ok' or the code of the refusal */
async function call(n: number, accountId: AccountId, nanos: bigint, keyId?: KeyId) {
  const command = holdOf(accountId, nanos, keyId === undefined ? {} : { keyId });
  try {
    await server(n).hold(command);
  } catch (error) {
    return codeOf(error);
  }
  await server(n + 1).capture({ runId: command.runId, accountId, nanos, details: {} });
  return 'ok';
}

test(`with credit for k calls exactly k of n come through, ${String(ROUNDS)} times, through two servers`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const k = round % 7;
    const price = BigInt(1 + (round % 1_000));
    // One nano short of one call more.
    const accountId = await ledger.account(BigInt(k) * price + price - 1n);
    const answers = await Promise.all(
      Array.from({ length: k + 8 }, (_, n) => call(n, accountId, price)),
    );
    const counts = [
      answers.filter((answer) => answer === 'ok').length,
      answers.filter((answer) => answer === 'INSUFFICIENT_CREDIT').length,
    ];
    expect([round, ...counts]).toEqual([round, k, 8]);
  }
});

test('a key’s cap lets exactly as much through, however many call', async () => {
  for (let round = 0; round < 50; round++) {
    const accountId = await ledger.account(1_000n);
    const keyId = await ledger.key(accountId, { nanos: 35n, period: 'DAY' });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => call(n, accountId, 10n, keyId)),
    );
    expect(answers.filter((answer) => answer === 'ok')).toHaveLength(3);
    expect(answers.filter((answer) => answer === 'SPEND_CAP_REACHED')).toHaveLength(9);
    expect((await ledger.credits.balance(accountId)).postedNanos).toBe(970n);
  }
});

test('many who send the same request have one run, which is charged once', async () => {
  for (let round = 0; round < 50; round++) {
    const accountId = await ledger.account(1_000n);
    const commands = Array.from({ length: 10 }, () => holdOf(accountId, 10n, { key: 'same' }));
    const outcomes = await Promise.allSettled(
      commands.map((command, n) => server(n).hold(command)),
    );
    const held = commands.filter((_, n) => outcomes[n]?.status === 'fulfilled');
    expect(held).toHaveLength(1);
    const [{ runId } = { runId: newId('run') }] = held;
    await server(round).capture({ runId, accountId, nanos: 7n, details: {}, result: { a: 1 } });
    expect(await server(1).hold(holdOf(accountId, 10n, { key: 'same' }))).toEqual({
      doneRunId: runId,
    });
    await expect(
      server(0).hold(holdOf(accountId, 10n, { key: 'same', body: 2 })),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
    expect(await ledger.credits.balance(accountId)).toMatchObject({
      postedNanos: 993n,
      heldNanos: 0n,
    });
  }
});

test('hold, capture and void may each be sent again', async () => {
  const accountId = await ledger.account(100n);
  const command = holdOf(accountId, 40n);
  const settle = { runId: command.runId, accountId, details: {} };
  for (let n = 0; n < 3; n++) await server(n).hold(command);
  expect((await ledger.credits.balance(accountId)).heldNanos).toBe(40n);
  for (let n = 0; n < 3; n++) {
    expect((await server(n).capture({ ...settle, nanos: 25n })).nanos).toBe(25n);
  }
  for (let n = 0; n < 3; n++) await server(n).void(settle);
  expect(await ledger.credits.balance(accountId)).toMatchObject({
    postedNanos: 75n,
    heldNanos: 0n,
  });
  // Runs are new when they are held: this one can only be asked for again after a long outage.
  await expect(server(0).hold(command)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
});

test('more than was held is never charged', async () => {
  const accountId = await ledger.account(100n);
  const command = holdOf(accountId, 10n);
  await server(0).hold(command);
  const { runId } = command;
  await expect(server(0).capture({ runId, accountId, nanos: 11n, details: {} })).rejects.toThrow();
  expect(await ledger.credits.balance(accountId)).toMatchObject({
    postedNanos: 100n,
    heldNanos: 10n,
  });
  await server(0).void({ runId, accountId, details: {} });
});

test('another account’s run is neither charged nor freed', async () => {
  const [mine, other] = [await ledger.account(100n), await ledger.account(100n)];
  const { runId, ...rest } = holdOf(mine, 10n);
  await server(0).hold({ runId, ...rest });
  await expect(
    server(0).capture({ runId, accountId: other, nanos: 5n, details: {} }),
  ).rejects.toThrow();
  await server(0).void({ runId, accountId: other, details: {} });
  expect(await ledger.credits.balance(mine)).toMatchObject({ postedNanos: 100n, heldNanos: 10n });
  expect(await ledger.credits.balance(other)).toMatchObject({ postedNanos: 100n, heldNanos: 0n });
  await server(0).void({ runId, accountId: mine, details: {} });
});

test('a capture that races the sweeper has one outcome: charged once, or not at all', async () => {
  const outcomes = { charged: 0, refused: 0 };
  for (let round = 0; round < 200; round++) {
    const accountId = await ledger.account(100n);
    const { runId, ...rest } = holdOf(accountId, 100n, { ttlMs: 1 });
    await server(0).hold({ runId, ...rest });
    const rival = holdOf(accountId, 60n);
    const [capture] = await Promise.allSettled([
      server(0).capture({ runId, accountId, nanos: 60n, details: {} }),
      ledger.credits.sweep(),
      server(1).hold(rival),
    ]);
    const { postedNanos, heldNanos } = await ledger.credits.balance(accountId);
    expect(postedNanos).toBe(capture.status === 'fulfilled' ? 40n : 100n);
    expect([0n, 60n, 100n]).toContain(heldNanos);
    outcomes[capture.status === 'fulfilled' ? 'charged' : 'refused'] += 1;
    await server(0).void({ runId: rival.runId, accountId, details: {} });
  }
  expect(outcomes.charged + outcomes.refused).toBe(200);
});

test('credit that expires while it is held pays for that run, and for no other', async () => {
  const accountId = await ledger.account();
  const soon = new Date(Date.now() + 5_000);
  const grant = { accountId, nanos: 50n, reason: 'test', actor: 'system', expiresAt: soon };
  await ledger.credits.grant(grant);
  const { runId, ...rest } = holdOf(accountId, 30n);
  await server(0).hold({ runId, ...rest });
  await waitUntil(soon);
  expect((await ledger.credits.balance(accountId)).availableNanos).toBe(0n);
  await expect(server(0).hold(holdOf(accountId, 1n))).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDIT',
  });
  await server(0).capture({ runId, accountId, nanos: 20n, details: {} });
  await ledger.credits.sweep();
  expect(await ledger.credits.balance(accountId)).toEqual({
    postedNanos: 0n,
    heldNanos: 0n,
    availableNanos: 0n,
    debtNanos: 0n,
  });
});

test('a lot that has expired is not spendable at the very instant, sweeper or not', async () => {
  const accountId = await ledger.account();
  const at = new Date(Date.now() + 4_000);
  await ledger.credits.grant({
    accountId,
    nanos: 5n,
    reason: 'test',
    actor: 'system',
    expiresAt: at,
  });
  await waitUntil(at);
  await expect(server(0).hold(holdOf(accountId, 1n))).rejects.toMatchObject({
    code: 'INSUFFICIENT_CREDIT',
  });
});

/** And a little longer: a clock may step back. */
async function waitUntil(at: Date): Promise<void> {
  await until('it to be late', async () => {
    const [row] = await ledger.database.query<{ late: boolean }>(
      `SELECT clock_timestamp() >= $1::timestamptz + interval '5 ms' AS late`,
      [at],
    );
    return row?.late === true ? true : undefined;
  });
}

test('lots are drawn by priority, then by expiry, then by age', async () => {
  const accountId = await ledger.account();
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
  const grant = (id: string, priority: number, expiresAt?: Date) =>
    ledger.credits.grant({
      id: `${id}:${accountId}`,
      accountId,
      nanos: 10n,
      reason: 'test',
      actor: 'system',
      priority,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
  await grant('paid', 50);
  await grant('later', 10, inDays(9));
  await grant('sooner', 10, inDays(3));
  await grant('for ever', 10);
  const { runId, ...rest } = holdOf(accountId, 35n);
  await server(0).hold({ runId, ...rest });
  await server(0).capture({ runId, accountId, nanos: 35n, details: {} });
  const entries = await ledger.credits.entries(accountId, { first: 4, before: undefined });
  expect(entries.toReversed().map(({ lotId, nanos }) => [lotId?.split(':')[0], nanos])).toEqual([
    ['sooner', -10n],
    ['later', -10n],
    ['for ever', -10n],
    ['paid', -5n],
  ]);
});

test.each([2n ** 62n + 1n, 2n ** 63n, 2n ** 70n])(
  '%s nanos are refused, and wrap nowhere',
  async (nanos) => {
    const accountId = await ledger.account(1n);
    await expect(
      ledger.credits.grant({ accountId, nanos, reason: 'test', actor: 'system' }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(server(0).hold(holdOf(accountId, nanos))).rejects.toBeDefined();
    expect((await ledger.credits.balance(accountId)).postedNanos).toBe(1n);
  },
);

test('one command that the database refuses does not take its group with it', async () => {
  const accountId = await ledger.account(100n);
  const good = [holdOf(accountId, 10n), holdOf(accountId, 10n)] as const;
  const impossible = holdOf(accountId, 2n ** 63n);
  const outcomes = await Promise.allSettled(
    [good[0], impossible, good[1]].map((command) => server(0).hold(command)),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  for (const { runId } of good) await server(0).void({ runId, accountId, details: {} });
});

test('ten thousand calls far below a cent lose nothing', async () => {
  const accountId = await ledger.account(1_000_000n);
  await Promise.all(Array.from({ length: 10_000 }, (_, n) => call(n, accountId, 100n)));
  expect((await ledger.credits.balance(accountId)).postedNanos).toBe(0n);
});
