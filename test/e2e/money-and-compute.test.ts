import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { postGraphQL } from '../support/app.js';
import { settledCredit } from '../support/callers.js';
import { PaidModel } from '../support/paid-model.js';
import {
  isBroken,
  neededFor,
  requestOf,
  scenario,
  type ScenarioCall,
  targetOf,
  type TopUp,
  unitsOf,
} from '../support/paid-scenario.js';
import { type PaidPlatform, startPaidPlatform } from '../support/paid-units.js';
import { bearer, type Caller } from '../support/platform.js';

const SEED = Number(process.env.MONEY_SEED ?? randomInt(2 ** 31));
const RUNS = Number(process.env.MONEY_RUNS ?? 25);

let t: PaidPlatform;
let other: App;
let servers: readonly { readonly url: string; readonly app: App }[];
beforeAll(async () => {
  t = await startPaidPlatform();
  const { modelsDir, predictorUrl, database } = t;
  const parts = { logger: t.app.logger, isCommand: true } as const;
  other = await createApp({ ...readConfig({}), modelsDir, predictorUrl }, database.url, parts);
  const url = await other.server.listen({ port: 0, host: '127.0.0.1' });
  servers = [t, { url, app: other }];
});
afterAll(async () => {
  await other.stop();
  await t.stop();
});

/** A call under its idempotency key. */
type Keyed = ScenarioCall & { readonly key: string };

/** Of an error: its code and details. */
interface Refusal {
  readonly code: string;
  readonly neededNanos?: string;
  readonly availableNanos?: string;
}

/** Nano-USD that an answer says the call cost, or its error; undefined when no answer came. */
type Outcome = { readonly nanos: bigint } | Refusal | undefined;

const codeOf = (outcome: Outcome) =>
  outcome !== undefined && 'code' in outcome ? outcome.code : undefined;

/** Sends a call; its caller disconnects when the scenario says so. */
async function send(one: Keyed, { secret }: Caller): Promise<Outcome> {
  const controller = new AbortController();
  const timer =
    one.leavesMs === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort();
        }, one.leavesMs);
  try {
    const response = await fetch(`${servers[one.server]?.url ?? ''}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(secret) },
      body: JSON.stringify(requestOf(one, { idempotencyKey: one.key })),
      signal: controller.signal,
    });
    const { data, errors } = (await response.json()) as {
      data?: Record<string, { cost: Record<string, string | null> } | null>;
      errors?: [{ extensions: Refusal }];
    };
    const [error] = errors ?? [];
    if (error !== undefined) return error.extensions;
    const cost = Object.values(data ?? {})[0]?.cost;
    return { nanos: BigInt(cost?.originalNanos ?? cost?.chargedNanos ?? '') };
  } catch (error) {
    if (controller.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** An account, and what plain code says of it. */
interface Account {
  readonly caller: Caller;
  readonly model: PaidModel;
  readonly sent: Map<string, ScenarioCall>;
  grantedNanos: bigint;
  /** Keys of the calls that were charged, be it with 0, and what with. */
  captured: ReadonlyMap<string, bigint>;
  /** Calls of the wave before. */
  refused: readonly Keyed[];
  left: readonly Keyed[];
}

async function openAccount(grantedNanos: bigint): Promise<Account> {
  const caller = await t.caller(grantedNanos);
  const [sent, captured] = [new Map<string, ScenarioCall>(), new Map<string, bigint>()];
  return {
    ...{ caller, model: new PaidModel(), sent, grantedNanos, captured },
    ...{ refused: [], left: [] },
  };
}

async function capturedOf({ accountId }: Caller): Promise<Map<string, bigint>> {
  const rows = await t.database.query<{ key: string; charged: string }>(
    `SELECT idempotency_key AS key, charged FROM run WHERE account_id = $1 AND outcome = 'CAPTURED'`,
    [accountId],
  );
  return new Map(rows.map(({ key, charged }) => [key, BigInt(charged)]));
}

/** What a run of the property has seen of each kind: of each at least one, or it has shown nothing. */
const seen = { answered: 0, free: 0, failed: 0, refused: 0, unanswered: 0, answeredAgain: 0 };

/** Embeddings that the servers have computed, or tried to. */
const computed = () =>
  servers.reduce((sum, { app: { services } }) => {
    const { texts, images } = services.embeddings;
    return sum + texts.counts.misses + images.counts.misses;
  }, 0);

const sumOf = (amounts: Iterable<bigint>) => [...amounts].reduce((sum, one) => sum + one, 0n);
async function grant({ caller: { accountId } }: Account, nanos: bigint): Promise<void> {
  if (nanos === 0n) return;
  await t.app.services.credits.grant({ accountId, nanos, reason: 'test', actor: 'system' });
}

/** Calls of an account at once, and a top-up before or beside them. */
async function play(account: Account, calls: readonly Keyed[], topUp: TopUp) {
  const before = account.grantedNanos - account.model.paidNanos;
  const lacking = targetOf(topUp, calls) - before;
  const nanos = lacking > 0n ? lacking : 0n;
  if (!topUp.beside) await grant(account, nanos);
  const [outcomes] = await Promise.all([
    Promise.all(calls.map((one) => send(one, account.caller))),
    ...(topUp.beside ? [grant(account, nanos)] : []),
  ]);
  account.grantedNanos += nanos;
  const available = { least: topUp.beside ? before : before + nanos, most: before + nanos };
  return { calls, outcomes, available };
}
type Played = Awaited<ReturnType<typeof play>>;

/** A call is refused for want of credit when it cannot be reserved, and only then. */
function checkRefusals(account: Account, { calls, outcomes, available }: Played): void {
  // A call whose caller has disconnected may reach the server late.
  const everything = sumOf([...calls, ...account.left].map(neededFor));
  for (const [at, one] of calls.entries()) {
    const outcome = outcomes[at];
    const needed = neededFor(one);
    const others = everything - needed;
    if (codeOf(outcome) === 'INSUFFICIENT_CREDIT') {
      const { neededNanos, availableNanos } = outcome as Refusal;
      expect(needed + others).toBeGreaterThan(available.least);
      expect(BigInt(neededNanos ?? '')).toBe(needed);
      expect(BigInt(availableNanos ?? '')).toBeLessThan(needed);
      expect(BigInt(availableNanos ?? '')).toBeGreaterThanOrEqual(0n);
    } else if (needed > available.most && !account.captured.has(one.key)) {
      // It has no answer, as its caller has disconnected.
      expect(outcome).toBeUndefined();
    }
  }
}

/** Answers, charges and credit are as the model says. */
async function checkMoney(account: Account, { calls, outcomes, available }: Played): Promise<void> {
  const { caller, model, sent } = account;
  const credit = await settledCredit(caller);
  const captured = await capturedOf(caller);
  const delivered = [...captured].filter(([key]) => !account.captured.has(key));
  const deliveredUnits = delivered.flatMap(([key, charged]) => {
    const one = sent.get(key);
    if (one === undefined) throw new Error(`${key} was never sent.`);
    const units = unitsOf(one);
    expect(isBroken(one)).toBe(false);
    // What the account had paid for before is free in each of its calls.
    expect(charged).toBeLessThanOrEqual(model.costOf(units));
    return units;
  });
  for (const [at, one] of calls.entries()) {
    const outcome = outcomes[at];
    // Who got an answer was charged what it says; who got an error was charged nothing.
    if (outcome !== undefined) {
      expect(captured.get(one.key)).toBe('nanos' in outcome ? outcome.nanos : undefined);
    }
    const isReserved = neededFor(one) <= available.most || account.captured.has(one.key);
    if (!isReserved) expect(captured.has(one.key)).toBe(false);
  }
  const cost = model.deliver(deliveredUnits);
  expect(sumOf(delivered.map(([, charged]) => charged))).toBe(cost);
  expect(credit).toBe(account.grantedNanos - model.paidNanos);
  expect(credit).toBeGreaterThanOrEqual(0n);
  account.captured = captured;
}

/** A dry run says what the model says. */
async function checkQuote({ caller, model }: Account, quoted: ScenarioCall): Promise<void> {
  const one = { ...quoted, kind: 'classify', brokenAt: undefined } as const;
  const url = servers[quoted.server]?.url ?? '';
  const { body } = await postGraphQL(url, requestOf(one, { dryRun: true }), bearer(caller.secret));
  const { quote } = body.data.classifyImage;
  expect(BigInt(quote.costNanos as string)).toBe(model.costOf(unitsOf(one)));
  expect(BigInt(quote.maximumNanos as string)).toBe(neededFor(one));
}

/** Errors that a call may end with, besides that of credit. */
const codesFor = (one: ScenarioCall): string[] => [
  // A run was cut off.
  'UPSTREAM_UNAVAILABLE',
  // The first attempt, whose caller disconnected, is still in flight.
  'IDEMPOTENCY_IN_FLIGHT',
  ...(isBroken(one) ? ['UNSUPPORTED_MEDIA_TYPE'] : []),
];

/** The calls that an account makes in a wave. */
function callsOf(account: Account, own: readonly Keyed[], sendsAgain: boolean): Keyed[] {
  for (const one of own) account.sent.set(one.key, one);
  const again = [...account.refused, ...account.left];
  return [...own, ...(sendsAgain ? again.map((one) => ({ ...one, leavesMs: undefined })) : [])];
}

/** Keeps what may be sent again. @returns calls for which something may have run */
function closeWave(account: Account, { calls, outcomes }: Played): readonly ScenarioCall[] {
  const { refused: refusedBefore, left: leftBefore } = account;
  const [refused, left, run]: [Keyed[], Keyed[], Keyed[]] = [[], [], [...leftBefore]];
  for (const [at, one] of calls.entries()) {
    const outcome = outcomes[at];
    const code = codeOf(outcome);
    if (code === 'INSUFFICIENT_CREDIT') {
      refused.push(one);
      continue;
    }
    if (!isBroken(one)) run.push(one);
    if (outcome === undefined) {
      left.push(one);
    } else if (code !== undefined) {
      expect(codesFor(one)).toContain(code);
      seen.failed += 1;
    } else {
      seen.answered += 1;
      if (account.captured.get(one.key) === 0n) seen.free += 1;
      if (refusedBefore.some(({ key }) => key === one.key)) seen.answeredAgain += 1;
    }
  }
  seen.refused += refused.length;
  seen.unanswered += left.length;
  Object.assign(account, { refused, left });
  return run;
}

test(`whatever callers do, an account pays for each unit that is delivered to it, once, and never more than it has, MONEY_SEED=${String(SEED)}`, async () => {
  let keys = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ credit, waves }) => {
      const accounts = [await openAccount(credit[0]), await openAccount(credit[1])];
      for (const { calls, cut, topUps, sendsAgain, quoted } of waves) {
        for (const account of accounts) await checkQuote(account, quoted);
        let runs = -1;
        t.gate.onRun = () => ((runs += 1) === cut ? 'cut' : 'pass');
        const computedBefore = computed();
        const keyed = calls.map((one) => ({ ...one, key: String((keys += 1)) }));
        const played = await Promise.all(
          accounts.map(async (account, index) => {
            const own = keyed.filter((one) => one.account === index);
            const topUp = topUps[index] ?? topUps[0];
            return { account, ...(await play(account, callsOf(account, own, sendsAgain), topUp)) };
          }),
        );
        t.gate.onRun = () => 'pass';
        const mayRun: ScenarioCall[] = [];
        for (const { account, ...one } of played) {
          checkRefusals(account, one);
          await checkMoney(account, one);
          mayRun.push(...closeWave(account, one));
        }
        // Nothing runs for a call with an image that cannot be decoded, or that was refused.
        expect(computed() - computedBefore).toBeLessThanOrEqual(mayRun.flatMap(unitsOf).length);
      }
      await t.verify();
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  process.stderr.write(`money and compute: MONEY_SEED=${String(SEED)} ${JSON.stringify(seen)}\n`);
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});
