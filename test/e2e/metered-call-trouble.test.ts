import { request } from 'node:http';
import { codeOf } from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, input } from '../support/classify.js';
import { bearer, type Caller, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';

const CREDIT = 1_000_000_000n;
const RUNS =
  '{ account { runs(first: 100) { edges { node { status chargedNanos errorCode } } } } }';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform({}, { PREDICTOR_QUEUE_MAX: '2' });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

interface Run {
  readonly status: string;
  readonly chargedNanos: string;
  readonly errorCode: string | null;
}

/** The runs of a caller, once nothing is held any more; what they charged is what is gone. */
async function settledRuns(caller: Caller): Promise<Run[]> {
  const posted = await until('everything to be settled', async () => {
    const { postedNanos, heldNanos } = (await caller.gql(BALANCE)).body.data.account.balance;
    return heldNanos === '0' ? (postedNanos as string) : undefined;
  });
  const { edges } = (await caller.gql(RUNS)).body.data.account.runs;
  const runs = (edges as { node: Run }[]).map(({ node }) => node);
  const charged = runs.reduce((sum, { chargedNanos }) => sum + BigInt(chargedNanos), 0n);
  expect(BigInt(posted)).toBe(CREDIT - charged);
  return runs;
}

test('a full predictor refuses: nothing is charged, and the caller is told when to come again', async () => {
  const caller = await t.caller(CREDIT);
  const answers = await Promise.all(
    Array.from({ length: 24 }, () => caller.gql(CLASSIFY, input({ labels: fresh(60) }))),
  );
  const refused = answers.filter(({ body }) => codeOf({ body }) === 'OVERLOADED');
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  const runs = await settledRuns(caller);
  expect(runs.filter(({ errorCode }) => errorCode === 'OVERLOADED')).toHaveLength(refused.length);
  for (const { status, chargedNanos } of runs) {
    if (status !== 'SUCCEEDED') expect([status, chargedNanos]).toEqual(['FAILED', '0']);
  }
});

test('whenever a caller leaves, a call was charged whole or not at all', async () => {
  const caller = await t.caller(CREDIT);
  for (let afterMs = 0; afterMs < 60; afterMs += 2) {
    const body = JSON.stringify({ query: CLASSIFY, variables: input({ labels: fresh(3) }) });
    const call = request(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(caller.secret) },
    });
    call.on('error', () => undefined);
    // Some leave in the middle of what they send.
    call.write(body.slice(0, afterMs % 4 === 0 ? -10 : undefined));
    if (afterMs % 4 !== 0) call.end();
    const closed = new Promise((resolve) => call.once('close', resolve));
    setTimeout(() => call.destroy(), afterMs);
    await closed;
  }
  const runs = await settledRuns(caller);
  for (const { status } of runs) expect(['SUCCEEDED', 'FAILED', 'CANCELLED']).toContain(status);
});
