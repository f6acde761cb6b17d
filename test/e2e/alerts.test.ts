import fc from 'fast-check';
import { AlertsService } from '../../src/alerts/index.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import type { AccountId, KeyId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { moveLedgerToNoon } from '../support/ledger.js';
import { addMember } from '../support/members.js';
import { type Caller, newCaller } from '../support/platform.js';

const DOLLAR = 1_000_000_000n;
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, background: false });
  await moveLedgerToNoon(t.database);
});
afterAll(() => t.stop());

const admin = (nanos = 0n) => newCaller(t, nanos, { scopes: ['ADMIN', 'READ'] });
const turn = () => t.app.services.alerts.turn();

async function rule(caller: Caller, input: string): Promise<string> {
  const { body } = await caller.gql(
    `mutation { createAlertRule(input: ${input}) { alertRule { id } userErrors { code message path details } } }`,
  );
  expect(errorOf({ body })).toBeUndefined();
  return body.data.createAlertRule.alertRule.id as string;
}

/** Webhook types of the account's alerts, or of one rule, in the order in which they were told. */
async function told(accountId: AccountId, ruleId?: string): Promise<string[]> {
  const rows = await t.database.query<{ id: string }>(
    `SELECT id FROM notification WHERE account_id = $1 AND id LIKE $2 ORDER BY created_at, length(id), id`,
    [accountId, `alert:${ruleId ?? ''}%`],
  );
  return rows.map(({ id }) => id);
}

async function stateOf(caller: Caller, id: string) {
  const { body } = await caller.gql(
    '{ account { alerts { rule { id kind } states { keyId isArmed crossings valueNanos valueShare } } } }',
  );
  expect(errorOf({ body })).toBeUndefined();
  return body.data.account.alerts.find((alert: { rule: { id: string } }) => alert.rule.id === id)
    .states;
}

let moves = 0;
/** Moves an account's credit by so much. */
const move = (accountId: AccountId, nanos: bigint) =>
  t.app.services.credits.adjust({
    id: `move:${String((moves += 1))}`,
    accountId,
    nanos,
    actor: 'system',
    reason: 'test',
  });

/** A call of the past, charged by the ledger. */
async function call(
  { accountId }: Pick<Caller, 'accountId'>,
  nanos: bigint | null,
  details = {},
  keyId: KeyId | null = null,
): Promise<void> {
  const { credits } = t.app.services;
  const runId = `run_${String((moves += 1))}` as const;
  await credits.hold({
    runId,
    accountId,
    nanos: nanos ?? 1n,
    ttlMs: 60_000,
    details,
    keyId,
  });
  if (nanos === null) await credits.void({ runId, accountId, details });
  else await credits.capture({ runId, accountId, nanos, details });
}

test('a balance that crosses its threshold is told exactly once each time, with two workers racing', async () => {
  const other = new AlertsService({
    db: t.app.database,
    notifications: t.app.services.notifications,
    contacts: { addresses: () => Promise.resolve([]) },
  });
  const threshold = 10n * DOLLAR;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.bigInt(0n, 20n), { minLength: 1, maxLength: 12 }),
      async (walk) => {
        const caller = await admin(30n * DOLLAR);
        const id = await rule(
          caller,
          `{ kind: LOW_BALANCE, thresholdNanos: "${String(threshold)}" }`,
        );
        let balance = 30n * DOLLAR;
        let armed = true;
        let crossings = 0;
        for (const dollars of walk) {
          const next = dollars * DOLLAR;
          if (next !== balance) await move(caller.accountId, next - balance);
          balance = next;
          await Promise.all([turn(), other.turn(), turn()]);
          if (armed && balance < threshold) {
            armed = false;
            crossings += 1;
          } else if (!armed && balance >= 11n * DOLLAR) armed = true;
        }
        expect(await told(caller.accountId, id)).toEqual(
          Array.from({ length: crossings }, (_, n) => `alert:${id}:${String(n + 1)}`),
        );
        expect(await stateOf(caller, id)).toMatchObject([
          { isArmed: armed, crossings, valueNanos: String(balance) },
        ]);
      },
    ),
    { numRuns: 12 },
  );
});

test('a new account is told of its low balance once it has had a dollar, and not before', async () => {
  const caller = await admin();
  await turn();
  expect(await told(caller.accountId)).toEqual([]);
  await move(caller.accountId, 5n * DOLLAR);
  await turn();
  await move(caller.accountId, -45n * (DOLLAR / 10n));
  await turn();
  await turn();
  expect(await told(caller.accountId)).toHaveLength(1);
});

test('who looks after an account gets a mail of their own, and nobody else', async () => {
  const caller = await admin(20n * DOLLAR);
  const wanted = await Promise.all(
    ['OWNER', 'ADMIN', 'BILLING'].map((role) => addMember(t.database, caller.accountId, role)),
  );
  await addMember(t.database, caller.accountId, 'VIEWER');
  const id = await rule(caller, '{ kind: LOW_BALANCE, thresholdNanos: "30000000000" }');
  await turn();
  const mails = await t.database.query<{ recipient: string; text: string }>(
    `SELECT d.recipient, n.mail_text AS text FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
      WHERE n.id = $1`,
    [`alert:${id}:1`],
  );
  expect(mails.map(({ recipient }) => recipient).sort()).toEqual([...wanted].sort());
  expect(mails[0]?.text).toContain('$20.00 left');
});

test.each(['DAY', 'MONTH'])(
  'a budget of a %s fires once, and again in the next one',
  async (period) => {
    const caller = await admin(100n * DOLLAR);
    await call(caller, 2n * DOLLAR);
    const id = await rule(
      caller,
      `{ kind: SPEND, thresholdNanos: "${String(3n * DOLLAR)}", period: ${period} }`,
    );
    await turn();
    expect(await stateOf(caller, id)).toMatchObject([{ isArmed: true, valueNanos: '2000000000' }]);
    await call(caller, DOLLAR);
    await turn();
    expect(await told(caller.accountId, id)).toEqual([]);
    await call(caller, DOLLAR);
    await Promise.all([turn(), turn()]);
    await turn();
    expect(await told(caller.accountId, id)).toEqual([`alert:${id}:1`]);
    expect(await stateOf(caller, id)).toMatchObject([{ isArmed: false, valueNanos: '4000000000' }]);
    // Another period: what is known is of one that is over.
    await t.database.query(
      `UPDATE alert_state SET period = period - interval '1 month', value = 0 WHERE rule_id = $1`,
      [id],
    );
    await turn();
    expect(await told(caller.accountId, id)).toEqual([`alert:${id}:1`, `alert:${id}:2`]);
  },
);

test('what is counted step by step is what all runs add up to', async () => {
  const caller = await admin(100n * DOLLAR);
  const id = await rule(caller, '{ kind: SPEND, thresholdNanos: "90000000000", period: MONTH }');
  for (const nanos of [1n, 20n, 300n, 4_000n]) {
    await Promise.all([call(caller, nanos), call(caller, nanos), call(caller, null)]);
    await move(caller.accountId, 7n);
    await Promise.all([turn(), turn()]);
  }
  await turn();
  const [sum] = await t.database.query<{ sum: string }>(
    'SELECT sum(charged)::text AS sum FROM run WHERE account_id = $1',
    [caller.accountId],
  );
  expect(await stateOf(caller, id)).toMatchObject([{ valueNanos: sum?.sum }]);
  expect(sum?.sum).toBe('8642');
});

test('an error rate needs enough calls, and is armed again well below the threshold', async () => {
  const caller = await admin(100n * DOLLAR);
  const id = await rule(
    caller,
    '{ kind: ERROR_RATE, thresholdShare: 0.5, callsMin: 4, windowMinutes: 60 }',
  );
  const fail = () => call(caller, null, { errorCode: 'UPSTREAM_UNAVAILABLE' });
  for (let n = 0; n < 3; n += 1) await fail();
  await call(caller, null, { errorCode: 'CANCELLED' });
  await turn();
  expect(await told(caller.accountId, id)).toEqual([]);
  await fail();
  await turn();
  await turn();
  expect(await told(caller.accountId, id)).toHaveLength(1);
  // 4 of 9 is below the threshold, and not below four fifths of it.
  for (let n = 0; n < 5; n += 1) await call(caller, 1n);
  await turn();
  expect(await stateOf(caller, id)).toMatchObject([{ isArmed: false }]);
  for (let n = 0; n < 2; n += 1) await call(caller, 1n);
  await turn();
  expect(await stateOf(caller, id)).toMatchObject([{ isArmed: true }]);
  for (let n = 0; n < 12; n += 1) await fail();
  await turn();
  expect(await told(caller.accountId, id)).toHaveLength(2);
});

test('each key with a cap is watched for itself', async () => {
  const caller = await admin(100n * DOLLAR);
  const { keys } = t.app.services;
  const [watched, quiet] = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const actor = { ...anonymous('127.0.0.1'), scopes: new Set(SCOPES) };
      return (
        await keys.create(actor, caller.accountId, {
          name,
          scopes: ['INFERENCE'],
          spendCapNanos: 10n * DOLLAR,
          capPeriod: 'DAY',
        })
      ).key;
    }),
  );
  const id = await rule(caller, '{ kind: KEY_NEAR_CAP, thresholdShare: 0.8 }');
  await call(caller, 7n * DOLLAR, {}, watched?.id);
  await call(caller, 1n * DOLLAR, {}, quiet?.id);
  await turn();
  expect(await told(caller.accountId, id)).toEqual([]);
  await call(caller, 1n * DOLLAR, {}, watched?.id);
  await turn();
  await turn();
  expect(await told(caller.accountId, id)).toEqual([`alert:${id}:${watched?.id ?? ''}:1`]);
  const states = (await stateOf(caller, id)) as { keyId: string }[];
  expect(states).toHaveLength(2);
  expect(states.find(({ keyId }) => keyId === watched?.id)).toMatchObject({
    isArmed: false,
    valueShare: 0.8,
  });
});

test('a notification that cannot be stored leaves the rule armed', async () => {
  const caller = await admin(20n * DOLLAR);
  const id = await rule(caller, '{ kind: LOW_BALANCE, thresholdNanos: "30000000000" }');
  const broken = new AlertsService({
    db: t.app.database,
    notifications: { post: () => Promise.reject(new Error('cut')) },
    contacts: { addresses: () => Promise.resolve([]) },
  });
  await expect(broken.turn()).rejects.toThrow('cut');
  expect(await stateOf(caller, id)).toMatchObject([{ isArmed: true, crossings: 0 }]);
  await turn();
  expect(await told(caller.accountId, id)).toHaveLength(1);
});
