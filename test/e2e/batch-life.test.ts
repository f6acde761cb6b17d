import { setTimeout } from 'node:timers/promises';
import {
  BATCH_CHECKS,
  type BatchEndpoint,
  BatchInputService,
  BatchWorker,
} from '../../src/batches/index.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { runChecks } from '../../src/platform/checks.js';
import {
  answersIn,
  type BatchPlatform,
  classifyLines,
  clientOf,
  createBatch,
  DOLLAR,
  ended,
  LINE,
  startBatchPlatform,
  uploadLines,
  usd,
} from '../support/batches.js';
import { DEMO_MODEL } from '../support/platform.js';
import { until } from '../support/process.js';

let t: BatchPlatform;
beforeAll(async () => {
  t = await startBatchPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

/** What some of a batch's first lines take. */
const RUNS_OF_SOME = 20;

test('a cancelled batch stops, gives back what was held, and keeps what was answered', async () => {
  const { caller, client } = await t.customer();
  const input = await uploadLines(client, classifyLines(300));
  const release = t.gate.hold(RUNS_OF_SOME);
  const made = await createBatch(client, '/v1/classify', input);
  await t.linesCome(made.id, 'COMPLETED');
  const cancelling = await client.batches.cancel(made.id);
  expect(cancelling.status).toBe('cancelling');
  release();
  expect((await client.batches.cancel(made.id)).id).toBe(made.id);
  const batch = await ended(client, made.id);
  expect(batch.status).toBe('cancelled');
  expect(batch.cancelled_at).toBeGreaterThanOrEqual(batch.cancelling_at ?? Infinity);
  const { completed = 0, failed } = batch.request_counts ?? {};
  expect(completed).toBeGreaterThan(0);
  expect(completed).toBeLessThan(300);
  expect(failed).toBe(0);
  expect((await answersIn(client, batch.output_file_id)).size).toBe(completed);
  const rest = await answersIn(client, batch.error_file_id);
  expect(rest.size).toBe(300 - completed);
  for (const { response, error } of rest.values()) {
    expect([response, error?.code]).toEqual([null, 'batch_cancelled']);
  }
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - BigInt(completed) * LINE,
    held: 0n,
  });
  expect((await client.batches.cancel(made.id)).status).toBe('cancelled');
  const other = await createBatch(
    client,
    '/v1/classify',
    await uploadLines(client, classifyLines(1)),
  );
  expect((await ended(client, other.id)).status).toBe('completed');
  await expect(client.batches.cancel(other.id)).rejects.toMatchObject({ status: 409 });
});

test('what has not begun when the window ends does not begin, and is free', async () => {
  const { caller, client } = await t.customer();
  const other = await t.anotherServer();
  try {
    const input = await uploadLines(client, classifyLines(300));
    const release = t.gate.hold(RUNS_OF_SOME);
    const made = await createBatch(client, '/v1/classify', input);
    await t.database.query('UPDATE batch SET expires_at = db_now() WHERE id = $1', [made.id]);
    // Whatever this server has begun, the other one ends the rest.
    await t.linesCome(made.id, 'EXPIRED');
    release();
    const batch = await ended(client, made.id);
    expect(batch.status).toBe('expired');
    const { completed = 0 } = batch.request_counts ?? {};
    const rest = await answersIn(client, batch.error_file_id);
    expect(rest.size).toBe(300 - completed);
    expect(rest.values().next().value?.error?.code).toBe('batch_expired');
    expect(await t.money(caller)).toEqual({
      posted: DOLLAR - BigInt(completed) * LINE,
      held: 0n,
    });
  } finally {
    await other.stop();
  }
});

test('two servers share the lines of a batch, each of which runs once', async () => {
  const { caller, client } = await t.customer();
  const other = await t.anotherServer();
  try {
    const made = await createBatch(
      client,
      '/v1/classify',
      await uploadLines(client, classifyLines(60)),
    );
    const busy = setInterval(() => void other.services.batchWorker.turn(), 5);
    const batch = await ended(client, made.id);
    clearInterval(busy);
    expect(batch.request_counts).toEqual({ total: 60, completed: 60, failed: 0 });
    const attempts = await t.database.query<{ attempts: number }>(
      'SELECT DISTINCT attempts FROM batch_line WHERE batch_id = $1',
      [made.id],
    );
    expect(attempts).toEqual([{ attempts: 1 }]);
    expect((await answersIn(client, batch.output_file_id)).size).toBe(60);
    expect((await t.money(caller)).held).toBe(0n);
  } finally {
    await other.stop();
  }
});

test('a line that two servers run at the same moment is charged once, and answered as it was charged', async () => {
  const { caller, client } = await t.customer();
  // They take a line for a millisecond, which is over at once.
  const calls = { timeoutMs: 120_000, holdMs: 1, batchDiscountPercent: 50, paidMs: 60_000 };
  const servers = [await t.anotherServer({ calls }), await t.anotherServer({ calls })];
  try {
    const input = await uploadLines(client, classifyLines(200));
    const made = await createBatch(client, '/v1/classify', input);
    const batch = await ended(client, made.id);
    expect(batch.request_counts).toEqual({ total: 200, completed: 200, failed: 0 });
    const [twice] = await t.database.query<{ count: string }>(
      'SELECT count(*) FROM batch_line WHERE batch_id = $1 AND attempts > 1',
      [made.id],
    );
    expect(Number(twice?.count)).toBeGreaterThan(0);
    for (const { response } of (await answersIn(client, batch.output_file_id)).values()) {
      expect(response?.body.usage.cost).toBe(usd(LINE));
    }
    expect(await t.money(caller)).toEqual({ posted: DOLLAR - 200n * LINE, held: 0n });
  } finally {
    for (const server of servers) await server.stop();
  }
});

test('a server that stops gives the lines in hand back at once', async () => {
  const { caller, client } = await t.customer();
  const { credits, uploads } = t.app.services;
  let begun = 0;
  const hangs: BatchEndpoint = {
    quote: () => Promise.reject(new Error('It quotes nothing.')),
    run: ({ signal }) => {
      begun += 1;
      return setTimeout(60_000, undefined as never, { signal });
    },
  };
  const other = new BatchWorker({
    db: t.app.database,
    credits,
    uploads,
    input: new BatchInputService(uploads),
    endpoints: new Map([['/v1/classify', hangs]]),
    renderError: () => ({ status: 500, body: {} }),
    leaseMs: 600_000,
    logger: t.app.logger,
  });
  const input = await uploadLines(client, classifyLines(40));
  const made = await createBatch(client, '/v1/classify', input);
  const turn = other.turn();
  await until('a line to begin', () => (begun > 0 ? true : undefined));
  other.stop();
  await turn;
  const batch = await ended(client, made.id);
  expect(batch.request_counts).toEqual({ total: 40, completed: 40, failed: 0 });
  expect(await t.money(caller)).toEqual({ posted: DOLLAR - 40n * LINE, held: 0n });
});

test('what is held is paid, whatever becomes of the key', async () => {
  const { caller, client } = await t.customer();
  const made = await createBatch(
    client,
    '/v1/classify',
    await uploadLines(client, classifyLines(20)),
  );
  await t.database.query('UPDATE api_key SET revoked_at = now() WHERE account_id = $1', [
    caller.accountId,
  ]);
  const { accountId } = caller;
  const owner = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const another = { name: 'another', scopes: ['INFERENCE'] as const };
  const { secret } = await t.app.services.keys.create(owner, accountId, another);
  const batch = await ended(clientOf(t.url, { secret }), made.id);
  expect(batch.request_counts?.completed).toBe(20);
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - 20n * LINE,
    held: 0n,
  });
});

test.each([
  ['is there', 0n],
  ['is gone', DOLLAR],
])('when holds have expired, lines are charged where the credit still %s', async (_what, spent) => {
  const { caller, client } = await t.customer();
  const { accountId } = caller;
  const { credits } = t.app.services;
  const input = await uploadLines(client, classifyLines(100));
  // None is charged before the credit is where it should be.
  const release = t.gate.hold();
  const { id } = await createBatch(client, '/v1/classify', input);
  await t.database.query('UPDATE hold SET expires_at = now() WHERE account_id = $1', [accountId]);
  await until('the holds to be swept', async () => {
    await credits.sweep();
    return (await t.money(caller)).held === 0n ? true : undefined;
  });
  const { posted } = await t.money(caller);
  if (spent > 0n) {
    await credits.adjust({ accountId, nanos: -posted, reason: 'spent', actor: 'system' });
  }
  release();
  const { request_counts: counts } = await ended(client, id);
  const charged = BigInt(counts?.completed ?? 0) * LINE;
  if (spent === 0n) expect(counts).toEqual({ total: 100, completed: 100, failed: 0 });
  else expect(counts?.failed).toBeGreaterThan(0);
  expect(await t.money(caller)).toEqual({
    posted: spent === 0n ? DOLLAR - charged : 0n,
    held: 0n,
  });
});

test.each([
  [
    'B1',
    'another charge',
    'UPDATE batch_line SET charged_nanos = charged_nanos - 1 WHERE batch_id = $1',
  ],
  [
    'B2',
    'a hold that is left',
    `INSERT INTO hold (id, account_id, amount, details, created_at, expires_at)
       SELECT l.run_id, b.account_id, 0, '{}', now(), now() FROM batch b JOIN batch_line l ON l.batch_id = b.id WHERE b.id = $1`,
  ],
  ['B3', 'an end too early', `UPDATE batch SET status = 'IN_PROGRESS' WHERE id = $1`],
])('verify sees by %s %s', async (invariant, _what, tampering) => {
  const { client } = await t.customer();
  const input = await uploadLines(client, classifyLines(1));
  const { id } = await createBatch(client, '/v1/classify', input);
  await ended(client, id);
  const broken: string[] = [];
  // Rolled back, as nothing of it may stay.
  const tampered = t.app.database.transaction(async (tx) => {
    await tx.execute(tampering, [id]);
    const findings = await runChecks(tx, BATCH_CHECKS);
    broken.push(...findings.filter((one) => one.broken > 0n).map((one) => one.invariant));
    throw new Error('rolled back');
  });
  await expect(tampered).rejects.toThrow('rolled back');
  expect(broken).toEqual([invariant]);
});

// The last one: the model stays away.
test('a model that is retired fails the lines that have not run, free of charge', async () => {
  const { caller, client } = await t.customer();
  const input = await uploadLines(client, classifyLines(300));
  const release = t.gate.hold(RUNS_OF_SOME);
  const made = await createBatch(client, '/v1/classify', input);
  await t.database.query(`UPDATE model SET status = 'RETIRED' WHERE slug = $1`, [DEMO_MODEL]);
  release();
  const batch = await ended(client, made.id);
  const { completed = 0, failed = 0 } = batch.request_counts ?? {};
  expect([batch.status, completed + failed]).toEqual(['completed', 300]);
  expect(failed).toBeGreaterThan(0);
  const [answer] = (await answersIn(client, batch.error_file_id)).values();
  expect(answer?.response).toMatchObject({
    status_code: 409,
    body: { error: { code: 'model_not_live' } },
  });
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - BigInt(completed) * LINE,
    held: 0n,
  });
});
