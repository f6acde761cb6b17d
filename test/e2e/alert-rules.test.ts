import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';

const DOLLAR = 1_000_000_000n;
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, background: false });
});
afterAll(() => t.stop());

const admin = (nanos = 0n) => newCaller(t, nanos, { scopes: ['ADMIN', 'READ'] });

async function rule(caller: Caller, input: string): Promise<string> {
  const { body } = await caller.gql(
    `mutation { createAlertRule(input: ${input}) { alertRule { id } userErrors { code message path details } } }`,
  );
  expect(errorOf({ body })).toBeUndefined();
  return body.data.createAlertRule.alertRule.id as string;
}

test.each([
  ['{ kind: LOW_BALANCE }', 'thresholdNanos'],
  ['{ kind: LOW_BALANCE, thresholdNanos: "0" }', 'thresholdNanos'],
  ['{ kind: SPEND, thresholdNanos: "5" }', 'period'],
  ['{ kind: ERROR_RATE, thresholdShare: 1.5 }', 'thresholdShare'],
  ['{ kind: ERROR_RATE, thresholdShare: 0.5, windowMinutes: 100000 }', 'windowMinutes'],
  ['{ kind: ERROR_RATE, thresholdShare: 0.5, callsMin: 0 }', 'callsMin'],
  ['{ kind: KEY_NEAR_CAP }', 'thresholdShare'],
  [
    '{ kind: LOW_BALANCE, thresholdNanos: "5", isMailEnabled: false, isWebhookEnabled: false }',
    'byMail',
  ],
])('%s is refused, and %s is named', async (input, argument) => {
  const caller = await admin();
  const { body } = await caller.gql(
    `mutation { createAlertRule(input: ${input}) { alertRule { id } userErrors { code message path details } } }`,
  );
  expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument });
});

test('another account’s rules and keys answer as absent ones', async () => {
  const [owner, stranger] = await Promise.all([admin(), admin()]);
  const id = await rule(owner, '{ kind: LOW_BALANCE, thresholdNanos: "5" }');
  const [key] = await t.app.services.keys.list(owner.accountId, { first: 1 });
  const operations = (ruleId: string, keyId: string) => [
    `mutation { updateAlertRule(input: { id: "${ruleId}", isEnabled: false }) { alertRule { id } userErrors { code message path details } } }`,
    `mutation { deleteAlertRule(input: { id: "${ruleId}" }) { deletedAlertRuleId userErrors { code message path details } } }`,
    `mutation { createAlertRule(input: { kind: KEY_NEAR_CAP, thresholdShare: 0.5, keyId: "${keyId}" }) { alertRule { id } userErrors { code message path details } } }`,
  ];
  const absent = operations('alr_none', 'key_none');
  for (const [n, operation] of operations(id, key?.id ?? '').entries()) {
    const said = async (query: string) => {
      const error = errorOf(await stranger.gql(query));
      expect(error?.code).toBe('NOT_FOUND');
      return error?.message;
    };
    expect(await said(operation)).toEqual(await said(absent[n] ?? ''));
  }
  const { body } = await owner.gql('{ account { alerts { rule { id isEnabled } } } }');
  expect(body.data.account.alerts).toContainEqual({ rule: { id, isEnabled: true } });
});

test('a rule can be changed, switched off and deleted, and each is audited', async () => {
  const caller = await admin(20n * DOLLAR);
  const id = await rule(caller, '{ kind: LOW_BALANCE, thresholdNanos: "5" }');
  const update = await caller.gql(
    `mutation {
      updateAlertRule(input: { id: "${id}", isEnabled: false, thresholdNanos: "30000000000" }) {
        alertRule { isEnabled kind thresholdNanos }
        userErrors { code message path details }
      }
    }`,
  );
  expect(update.body.data.updateAlertRule.alertRule).toEqual({
    isEnabled: false,
    kind: 'LOW_BALANCE',
    thresholdNanos: '30000000000',
  });
  await t.app.services.alerts.turn();
  expect(
    await t.database.query('SELECT FROM notification WHERE account_id = $1', [caller.accountId]),
  ).toEqual([]);
  await caller.gql(
    `mutation { deleteAlertRule(input: { id: "${id}" }) { deletedAlertRuleId userErrors { code message path details } } }`,
  );
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
