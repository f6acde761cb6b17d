import { readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '../support/app.js';
import { clientOf, classifyLines, createBatch, ended, uploadLines } from '../support/batches.js';
import { CLASSIFY, fresh, input } from '../support/classify.js';
import { operatorOf } from '../support/operators.js';
import { mailAfter, mailsTo, type Person, signUp } from '../support/people.js';
import { CARD, DOLLAR } from '../support/payments.js';
import { newCaller } from '../support/platform.js';
import { until } from '../support/process.js';
import { startReceiver, verify } from '../support/receiver.js';
import {
  otherOf,
  type Side,
  SIDES,
  SKEW_MS,
  type SkewedServers,
  startSkewedServers,
} from '../support/skewed-servers.js';

/*
 * One server's clock is two days ahead, the other's two days behind, and only they do background work. Each flow is
 * begun on one of them, and goes on as if their clocks were right.
 */

let w: SkewedServers;
const operators = new Map<Side, Person>();
beforeAll(async () => {
  w = await startSkewedServers();
  for (const side of SIDES) {
    const email = `operator-${side}@example.org`;
    const person = await signUp({ url: w.urls[side], outboxDir: w.outboxDir }, email);
    operators.set(side, operatorOf(person));
    await w.platform.app.services.accounts.setOperator(email, true);
  }
}, 240_000);
afterEach(() => w.platform.verify());
afterAll(() => w.stop());

const ALL = ['INFERENCE', 'READ', 'BILLING', 'ADMIN'] as const;
const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const caller = (nanos = 0n) => newCaller(w.platform, nanos, { scopes: ALL });
function operator(side: Side): Person {
  const found = operators.get(side);
  if (found === undefined) throw new Error('It has no operator.');
  return found;
}

/** Fails unless an instant is that far from now, to within two minutes. */
function expectAt(instant: unknown, hours: number, withinMs = 120_000): void {
  const offMs = new Date(instant as string).getTime() - Date.now() - hours * HOUR_MS;
  expect(Math.abs(offMs)).toBeLessThan(withinMs);
}

/** How all three servers answer a key. */
const statuses = (secret: string) =>
  Promise.all(
    [w.platform.url, w.urls.ahead, w.urls.behind].map(async (url) => {
      const headers = { authorization: `Bearer ${secret}` };
      return (await fetch(`${url}/v1/models`, { headers })).status;
    }),
  );
const refusedEverywhere = (secret: string) =>
  until('the key to be refused everywhere', async () =>
    (await statuses(secret)).every((status) => status === 401) ? true : undefined,
  );

const CREATE = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id createdAt } userErrors { code message path details } } }`;

describe.each(SIDES)('on a server whose clock is two days %s', (side) => {
  const other = otherOf(side);

  test('keys are made, rotated, revoked, and expire when they should', async () => {
    const { secret } = await caller();
    const make = async (more = {}) =>
      (await w.ask(side, secret, CREATE, { input: { name: 'k', scopes: ['READ'], ...more } }))
        .createApiKey;
    const short = await make({ expiresAt: inHours(1) });
    expectAt(short.apiKey.createdAt, 0);
    expect(await statuses(short.secret)).toEqual([200, 200, 200]);
    await w.platform.database.query(
      `UPDATE api_key SET expires_at = now() - interval '1 hour' WHERE id = $1`,
      [short.apiKey.id],
    );
    await refusedEverywhere(short.secret);

    const old = await make();
    const ROTATE = `mutation ($id: ID!, $h: Float!) { rotateApiKey(input: { id: $id, graceHours: $h }) { secret apiKey { id } userErrors { code message path details } } }`;
    const next = (await w.ask(side, secret, ROTATE, { id: old.apiKey.id, h: 1 })).rotateApiKey;
    const { account } = await w.ask(
      other,
      secret,
      '{ account { apiKeys { nodes { id revokedAt } } } }',
    );
    expectAt(
      account.apiKeys.nodes.find(({ id }: { id: string }) => id === old.apiKey.id).revokedAt,
      1,
    );
    expect(await statuses(old.secret)).toEqual([200, 200, 200]);
    await w.ask(side, secret, ROTATE, { id: next.apiKey.id, h: 0 });
    await refusedEverywhere(next.secret);

    const gone = await make();
    const REVOKE =
      'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { revokedAt } userErrors { code message path details } } }';
    const { revokeApiKey } = await w.ask(side, secret, REVOKE, { id: gone.apiKey.id });
    expectAt(revokeApiKey.apiKey.revokedAt, 0);
    await refusedEverywhere(gone.secret);
  });

  test('an invitation can be accepted for a week, on any server', async () => {
    const to = (at: Side, name: string) =>
      signUp({ url: w.urls[at], outboxDir: w.outboxDir }, `${name}-${side}@example.org`);
    const [owner, invited] = [await to(side, 'owner'), await to(other, 'invited')];
    const made = await w.ask(
      side,
      owner.token,
      'mutation { createOrganization(input: { name: "O" }) { account { id } userErrors { code message path details } } }',
    );
    const INVITE = `mutation ($email: String!, $accountId: ID!) { inviteMember(input: { accountId: $accountId, email: $email, role: VIEWER }) { invitation { createdAt expiresAt } userErrors { code message path details } } }`;
    const accountId = made.createOrganization.account.id as string;
    const { email } = invited;
    const { inviteMember } = await w.ask(side, owner.token, INVITE, { email, accountId });
    expectAt(inviteMember.invitation.createdAt, 0);
    expectAt(inviteMember.invitation.expiresAt, 7 * 24);
    // The folder is sorted by the clocks of the servers.
    const { token } = await until('the invitation', () =>
      mailsTo(w.outboxDir, email).find(({ subject }) => subject === 'You have been invited to O'),
    );
    const ACCEPT =
      'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { account { id } userErrors { code message path details } } }';
    await w.ask(other, invited.token, ACCEPT, { token });
  });

  test('credit is bought, given back, and bought automatically', async () => {
    const customer = await caller();
    const BUY = `mutation ($input: BuyCreditsInput!) { buyCredits(input: $input) { purchase { id checkoutUrl expiresAt createdAt } userErrors { code message path details } } }`;
    const buying = { amount: '10.00', saveCard: true, idempotencyKey: 'once' };
    const { buyCredits } = await w.ask(side, customer.secret, BUY, { input: buying });
    expectAt(buyCredits.purchase.createdAt, 0);
    const page = w.double.store.find(
      'checkout.session',
      (buyCredits.purchase.checkoutUrl as string).split('/').at(-1),
    );
    if (page === undefined) throw new Error('There is no page.');
    w.double.payments.pay(page, CARD);
    const balance = () => w.platform.app.services.credits.balance(customer.accountId);
    const has = (nanos: bigint) =>
      until(`${String(nanos)} of credit`, async () =>
        (await balance()).postedNanos === nanos ? true : undefined,
      );
    await has(10n * DOLLAR);

    const REFUND = `mutation ($input: RefundPurchaseInput!) { refundPurchase(input: $input) { purchase { id } userErrors { code message path details } } }`;
    const refund = {
      purchaseId: buyCredits.purchase.id,
      reason: 'r',
      idempotencyKey: 'r',
      amount: '9.00',
    };
    await w.ask(side, operator(side).token, REFUND, { input: refund });
    await has(DOLLAR);

    const SET = `mutation ($input: EnableAutoTopUpInput!) { enableAutoTopUp(input: $input) { autoTopUp { isEnabled } userErrors { code message path details } } }`;
    const setting = { thresholdNanos: String(2n * DOLLAR), amount: '10.00', monthlyCap: '15.00' };
    await w.ask(side, customer.secret, SET, { input: { ...setting, consent: true } });
    await has(11n * DOLLAR);
    const { account } = await w.ask(
      other,
      customer.secret,
      '{ account { autoTopUp { spentThisMonth { amount } } } }',
    );
    expect(account.autoTopUp.spentThisMonth.amount).toBe('10.00');
  });

  test('batches run, grants and codes count, until they expire', async () => {
    const customer = await caller();
    const GRANT =
      'mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { transactionId userErrors { code message path details } } }';
    const grant = {
      accountId: customer.accountId,
      nanos: String(DOLLAR),
      reason: 'test',
      idempotencyKey: 'test',
    };
    const { token } = operator(side);
    await w.ask(side, token, GRANT, { input: { ...grant, expiresAt: inHours(1) } });
    const client = clientOf(w.urls[side], customer);
    const made = await createBatch(
      client,
      '/v1/classify',
      await uploadLines(client, classifyLines(3)),
    );
    expectAt(made.created_at * 1_000, 0);
    expectAt((made.expires_at ?? 0) * 1_000, 24);
    expect((await ended(client, made.id)).status).toBe('completed');
    await w.ask(other, customer.secret, CLASSIFY, input({ labels: fresh(1) }));

    const PROMO =
      'mutation ($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { promoCode { code } userErrors { code message path details } } }';
    const promo = (code: string, hours: number) => ({
      input: { code, nanos: '5', redemptionsMax: 3, creditDays: 1, expiresAt: inHours(hours) },
    });
    const late = await w.send(side, token, PROMO, promo(`LATE-${side}`, -1));
    expect(codeOf(late)).toBe('BAD_USER_INPUT');
    await w.ask(side, token, PROMO, promo(`GOOD-${side}`, 1));
    const REDEEM =
      'mutation ($code: String!) { redeemPromoCode(input: { code: $code }) { promoCode { code } userErrors { code message path details } } }';
    await w.ask(other, customer.secret, REDEEM, { code: `GOOD-${side}` });
    const FORECAST =
      '{ account { creditForecast { since } usage(range: RANGE) { total { calls } } } }';
    const { account } = await w.ask(
      side,
      customer.secret,
      FORECAST.replace('RANGE', `{ from: "${inHours(-2)}", to: "${inHours(1)}" }`),
    );
    // What was spent lies in the last of seven days.
    expectAt(account.creditForecast.since, -12, 13 * HOUR_MS);
    expect(account.usage.total.calls).toBe(4);
  });

  test('alerts fire, and their webhooks are signed with a time that receivers accept', async () => {
    const customer = await caller(20n * DOLLAR);
    const receiver = await startReceiver();
    try {
      const HOOK = `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret userErrors { code message path details } } }`;
      const hook = await w.ask(side, customer.secret, HOOK, { input: { url: receiver.url } });
      const rule = `mutation { createAlertRule(input: { kind: LOW_BALANCE, thresholdNanos: "${String(30n * DOLLAR)}" }) { alertRule { id } userErrors { code message path details } } }`;
      await w.ask(side, customer.secret, rule);
      const RUN =
        'mutation { runBackgroundJob(input: { name: "alerts" }) { backgroundJob { name } userErrors { code message path details } } }';
      await w.ask(side, operator(side).token, RUN);
      const received = await until('the webhook', () => receiver.received[0]);
      expect(verify(hook.createWebhookEndpoint.secret as string, received)).toBeDefined();
    } finally {
      receiver.close();
    }
  });

  test('an address that was left on one server is confirmed on the other', async () => {
    const email = `waiting-${side}@example.org`;
    const JOIN =
      'mutation ($input: JoinWaitlistInput!) { joinWaitlist(input: $input) { userErrors { code message path details } } }';
    const { token } = operator(side);
    const { token: link } = await mailAfter(w.outboxDir, email, () =>
      w.ask(side, token, JOIN, { input: { email, slug: 'asked/for' } }),
    );
    const CONFIRM =
      'mutation ($token: String!) { confirmWaitlist(input: { token: $token }) { userErrors { code message path details } } }';
    await w.ask(other, token, CONFIRM, { token: link });
  });
});

/** Written by the identity library, or by the data that is seeded (docs/decisions/0030-one-clock.md). */
const NOT_OURS = [
  'session.',
  'verification.',
  'identity.',
  'app_user.',
  'price_version.effective_from',
];

test('no instant in any column of any table is off by as much as a server', async () => {
  const columns = await w.platform.database.query<{ name: string; tab: string; col: string }>(
    `SELECT table_name || '.' || column_name AS name, table_name AS tab, column_name AS col
       FROM information_schema.columns WHERE table_schema = 'public' AND data_type LIKE 'timestamp%'`,
  );
  expect(columns.length).toBeGreaterThan(80);
  const off: string[] = [];
  for (const { name, tab, col } of columns) {
    if (NOT_OURS.some((part) => name.startsWith(part)) || tab.startsWith('_prisma')) continue;
    // Whatever is added to the time, as a day or an hour, the half hour of the servers stays.
    const rows = await w.platform.database.query<{ off_s: number }>(
      `SELECT DISTINCT extract(epoch FROM "${col}" - now())::float8 AS off_s FROM "${tab}"
        WHERE abs(extract(epoch FROM "${col}" - now())) > 86400`,
    );
    const restOf = (s: number) =>
      ((((s * 1_000 - SKEW_MS) % HOUR_MS) + HOUR_MS) % HOUR_MS) / 60_000;
    if (rows.some(({ off_s: s }) => restOf(s) > 50 || restOf(s) < 5)) off.push(name);
  }
  expect(off).toEqual([]);
});

test('columns default to the database’s clock, whoever writes them', async () => {
  const schema = readFileSync(
    path.resolve(import.meta.dirname, '../../prisma/schema.prisma'),
    'utf8',
  );
  expect(schema).not.toMatch(/@default\(now\(\)\)|@updatedAt/);
  const others = await w.platform.database.query(
    `SELECT table_name, column_name, column_default FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type LIKE 'timestamp%' AND table_name NOT LIKE '\\_prisma%'
        AND column_default IS NOT NULL AND column_default <> 'db_now()'`,
  );
  expect(others).toEqual([]);
});
