import { startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';

const DOLLAR = 1_000_000_000n;
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, background: false });
});
afterAll(() => t.stop());

const admin = (nanos = 0n) => newCaller(t, nanos, { scopes: ['ADMIN', 'READ'] });

async function rule(caller: Caller, input: string): Promise<string> {
  const { body } = await caller.gql(`mutation { createAlertRule(input: ${input}) { id } }`);
  expect(body.errors).toBeUndefined();
  return body.data.createAlertRule.id as string;
}

test.each([
  ['{ kind: LOW_BALANCE }', 'thresholdNanos'],
  ['{ kind: LOW_BALANCE, thresholdNanos: "0" }', 'thresholdNanos'],
  ['{ kind: SPEND, thresholdNanos: "5" }', 'period'],
  ['{ kind: ERROR_RATE, thresholdShare: 1.5 }', 'thresholdShare'],
  ['{ kind: ERROR_RATE, thresholdShare: 0.5, windowMinutes: 100000 }', 'windowMinutes'],
  ['{ kind: ERROR_RATE, thresholdShare: 0.5, callsMin: 0 }', 'callsMin'],
  ['{ kind: KEY_NEAR_CAP }', 'thresholdShare'],
  ['{ kind: LOW_BALANCE, thresholdNanos: "5", byMail: false, byWebhook: false }', 'byMail'],
])('%s is refused, and %s is named', async (input, argument) => {
  const caller = await admin();
  const { body } = await caller.gql(`mutation { createAlertRule(input: ${input}) { id } }`);
  expect(body.errors[0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});

test('another account’s rules and keys answer as absent ones', async () => {
  const [owner, stranger] = await Promise.all([admin(), admin()]);
  const id = await rule(owner, '{ kind: LOW_BALANCE, thresholdNanos: "5" }');
  const [key] = await t.app.services.keys.list(owner.accountId);
  const operations = (ruleId: string, keyId: string) => [
    `mutation { updateAlertRule(id: "${ruleId}", input: { enabled: false }) { id } }`,
    `mutation { deleteAlertRule(id: "${ruleId}") { id } }`,
    `mutation { createAlertRule(input: { kind: KEY_NEAR_CAP, thresholdShare: 0.5, keyId: "${keyId}" }) { id } }`,
  ];
  const absent = operations('alr_none', 'key_none');
  for (const [n, operation] of operations(id, key?.id ?? '').entries()) {
    const said = async (query: string) => {
      const { body } = await stranger.gql(query);
      return [body.errors[0].message, body.errors[0].extensions.code];
    };
    expect(await said(operation)).toEqual(await said(absent[n] ?? ''));
  }
  const { body } = await owner.gql('{ alerts { rule { id enabled } } }');
  expect(body.data.alerts).toContainEqual({ rule: { id, enabled: true } });
});

test('a rule can be changed, switched off and deleted, and each is audited', async () => {
  const caller = await admin(20n * DOLLAR);
  const id = await rule(caller, '{ kind: LOW_BALANCE, thresholdNanos: "5" }');
  const update = await caller.gql(
    `mutation { updateAlertRule(id: "${id}", input: { enabled: false, thresholdNanos: "30000000000" }) { enabled kind thresholdNanos } }`,
  );
  expect(update.body.data.updateAlertRule).toEqual({
    enabled: false,
    kind: 'LOW_BALANCE',
    thresholdNanos: '30000000000',
  });
  await t.app.services.alerts.turn();
  expect(
    await t.database.query('SELECT FROM notification WHERE account_id = $1', [caller.accountId]),
  ).toEqual([]);
  await caller.gql(`mutation { deleteAlertRule(id: "${id}") { id } }`);
  const events = await t.database.query<{ action: string }>(
    'SELECT action FROM audit_event WHERE target = $1 ORDER BY id',
    [id],
  );
  expect(events.map(({ action }) => action)).toEqual([
    'alert.created',
    'alert.changed',
    'alert.deleted',
  ]);
});
