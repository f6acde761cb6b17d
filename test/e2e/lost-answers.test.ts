import { CreditsService } from '../../src/credits/credits.service.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { newId } from '../../src/platform/ids.js';
import { openTestLedger, type TestLedger } from '../support/ledger.js';
import { type Proxy, startProxy, through } from '../support/proxy.js';

let ledger: TestLedger;
let proxy: Proxy;
let db: Database;
let credits: CreditsService;
beforeAll(async () => {
  ledger = await openTestLedger();
  const { port } = new URL(ledger.database.url);
  proxy = await startProxy(() => Number(port));
  db = openDatabase({
    url: through(proxy, ledger.database.url),
    connectionsMax: 4,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  credits = new CreditsService(db);
});
afterEach(async () => {
  proxy.hooks = {};
  await ledger.verify();
});
afterAll(async () => {
  await db.close();
  await proxy.close();
  await ledger.close();
});

/** What the statements of a hold, a capture and a grant carry. */
const HOLD = '"ttl_ms"';
const CAPTURE = '"charge":"';
const GRANT = '"GRANT"';

/** Lets a statement through, and cuts the connection when PostgreSQL has answered it. */
function loseAnswerTo(statement: string, times = 1): () => number {
  let lost = 0;
  let sent = false;
  proxy.hooks = {
    toServer: (bytes) => {
      if (lost < times && bytes.includes(statement)) sent = true;
      return true;
    },
    toClient: () => {
      if (!sent) return true;
      sent = false;
      lost += 1;
      return false;
    },
  };
  return () => lost;
}

const command = (accountId: Awaited<ReturnType<TestLedger['account']>>, nanos: bigint) => ({
  runId: newId('run'),
  accountId,
  keyId: null,
  nanos,
  ttlMs: 60_000,
  idempotency: { key: newId('run'), requestHash: Buffer.alloc(32) },
  details: {},
});

test('a hold whose answer is lost after its commit holds once', async () => {
  for (let round = 0; round < 20; round++) {
    const accountId = await ledger.account(100n);
    const lost = loseAnswerTo(HOLD);
    const hold = command(accountId, 60n);
    expect(await credits.hold(hold)).toMatchObject({ held: { status: 'HELD' } });
    expect(lost()).toBe(1);
    expect(await ledger.credits.balance(accountId)).toMatchObject({ heldNanos: 60n });
    await ledger.credits.void({ runId: hold.runId, accountId, details: {} });
  }
});

test('a hold whose answer is lost until the hold has expired is told as an outage, and holds nothing', async () => {
  const accountId = await ledger.account(100n);
  const hold = command(accountId, 60n);
  let [isSent, isLost] = [false, false];
  proxy.hooks = {
    toServer: (bytes) => {
      if (bytes.includes(HOLD)) isSent = true;
      return true;
    },
    toClient: async () => {
      if (!isSent || isLost) return true;
      isLost = true;
      await ledger.database.query('UPDATE hold SET expires_at = db_now() WHERE id = $1', [
        hold.runId,
      ]);
      await ledger.credits.sweep();
      return false;
    },
  };
  await expect(credits.hold(hold)).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
    details: { retryAfterS: 1 },
  });
  expect(await ledger.credits.balance(accountId)).toMatchObject({ heldNanos: 0n });
  // Nothing has run: the same request again, as a caller sends it, is held.
  const again = await credits.hold({ ...hold, runId: newId('run') });
  expect(again).toMatchObject({ held: { status: 'HELD' } });
});

test('a capture whose answer is lost after its commit charges once, and is answered', async () => {
  for (let round = 0; round < 20; round++) {
    const accountId = await ledger.account(100n);
    const hold = command(accountId, 60n);
    await credits.hold(hold);
    const lost = loseAnswerTo(CAPTURE, 1 + (round % 2));
    const capture = { runId: hold.runId, accountId, nanos: 25n, details: {}, result: { x: 1 } };
    expect(await credits.capture(capture)).toMatchObject({ nanos: 25n, postedNanos: 75n });
    expect(lost()).toBeGreaterThanOrEqual(1);
    expect(await ledger.credits.balance(accountId)).toMatchObject({
      postedNanos: 75n,
      heldNanos: 0n,
    });
  }
});

test('many in one group, whose one answer is lost, are each charged once', async () => {
  const accountId = await ledger.account(1_000n);
  const holds = Array.from({ length: 50 }, () => command(accountId, 10n));
  const lostHold = loseAnswerTo(HOLD);
  await Promise.all(holds.map((hold) => credits.hold(hold)));
  expect(lostHold()).toBe(1);
  const lost = loseAnswerTo(CAPTURE);
  const answers = await Promise.all(
    holds.map(({ runId }) => credits.capture({ runId, accountId, nanos: 7n, details: {} })),
  );
  expect(lost()).toBe(1);
  expect(answers.every(({ nanos }) => nanos === 7n)).toBe(true);
  expect(await ledger.credits.balance(accountId)).toMatchObject({
    postedNanos: 650n,
    heldNanos: 0n,
  });
});

test('a grant whose answer is lost is told as an outage, and the same one again gives once', async () => {
  const accountId = await ledger.account();
  const grant = { id: newId('grant'), accountId, nanos: 9n, reason: 'test', actor: 'system' };
  loseAnswerTo(GRANT);
  await expect(credits.grant(grant)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  proxy.hooks = {};
  await credits.grant(grant);
  expect((await ledger.credits.balance(accountId)).postedNanos).toBe(9n);
});

test('a database that stays away is an outage; what was held is given back by the sweeper', async () => {
  const accountId = await ledger.account(100n);
  const hold = { ...command(accountId, 60n), ttlMs: 50 };
  await credits.hold(hold);
  proxy.hooks = { toServer: () => false };
  proxy.cut();
  await expect(
    credits.capture({ runId: hold.runId, accountId, nanos: 5n, details: {} }),
  ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  proxy.hooks = {};
  await ledger.credits.sweep();
  expect(await ledger.credits.balance(accountId)).toMatchObject({
    postedNanos: 100n,
    heldNanos: 0n,
  });
});
