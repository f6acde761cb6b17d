import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DEMAND_CHECKS } from '../../src/demand/index.js';
import { runChecks } from '../../src/platform/checks.js';
import { codeOf, errorOf } from '../support/app.js';
import { addModel, type DemandRig, request, startDemandRig } from '../support/demand.js';
import { until } from '../support/process.js';
import { Random } from '../support/random.js';
import { startReceiver, verify, type Receiver } from '../support/receiver.js';
import type { Caller } from '../support/platform.js';
import { mailAfter } from '../support/people.js';

let t: DemandRig;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  t = await startDemandRig({ webhooks: { allow: ['127.0.0.1'], timeoutMs: 15_000 } });
});
afterAll(async () => {
  await t.stop();
  receiver.close();
});

const plan = async (modelId: string, input: object) => {
  const { body } = await t.operator.gql(
    `mutation ($input: PlanModelInput!) {
      planModel(input: $input) {
        entry { earlyAccessGiven launchCreditsGiven }
        userErrors { code message path details }
      }
    }`,
    { input: { modelId, ...input } },
  );
  expect(errorOf({ body })).toBeUndefined();
  return body.data.planModel.entry;
};
const goLive = (id: string) =>
  t.database.query(`UPDATE model SET status = 'LIVE', status_changed_at = now() WHERE id = $1`, [
    id,
  ]);
const told = (id: string) =>
  t.database.query<{
    account_id: string | null;
    notified_at: Date | null;
    launch_credit_nanos: string | null;
  }>(
    `SELECT account_id, notified_at, launch_credit_nanos FROM model_request WHERE model_id = $1 ORDER BY created_at, id`,
    [id],
  );
const allTold = async (id: string) =>
  (await told(id)).every(({ notified_at: notifiedAt }) => notifiedAt !== null);
const balance = async (caller: Caller) =>
  (await caller.gql('{ account { balance { postedNanos } } }')).body.data.account.balance
    .postedNanos as string;
const mailTexts = () =>
  readdirSync(t.outboxDir).map((name) =>
    readFileSync(path.join(t.outboxDir, name), 'utf8')
      .replace(/=\r?\n/g, '')
      .replaceAll('=3D', '='),
  );
const checksHold = async () => {
  const demand = await runChecks(t.app.database, DEMAND_CHECKS);
  const findings = [...demand, ...(await t.app.services.credits.verify())];
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
};

test('everybody who asked is told once, by mail and webhook; the first get the credit', async () => {
  const id = await addModel(t, 'launch/one');
  const person = await t.person('ada@example.org');
  const made = await person.gql(
    `mutation ($url: String!) { createWebhookEndpoint(input: { url: $url, types: [MODEL_LIVE] }) { secret userErrors { code message path details } } }`,
    { url: receiver.url },
  );
  expect(errorOf(made)).toBeUndefined();
  const quiet = await t.person('quiet@example.org');
  await request(person, { slug: 'launch/one' });
  await t.skip(0.001);
  await request(quiet, { slug: 'launch/one', isContactAllowed: false });
  const gone = await t.person('gone@example.org');
  const { id: goneId } = await request(gone, { slug: 'launch/one' });
  await gone.gql(
    'mutation ($id: ID!) { withdrawModelRequest(input: { id: $id }) { deletedModelRequestId userErrors { code message path details } } }',
    { id: goneId },
  );
  const { token } = await mailAfter(t.outboxDir, 'carl@example.org', () =>
    t.gql(
      'mutation { joinWaitlist(input: { email: "carl@example.org", slug: "launch/one" }) { userErrors { code message path details } } }',
    ),
  );
  await t.gql(
    'mutation ($token: String!) { confirmWaitlist(input: { token: $token }) { userErrors { code message path details } } }',
    { token },
  );
  await plan(id, { launchCreditNanos: '2500000000', launchCreditCount: 1 });

  await goLive(id);
  await until('the launch to be told', async () => {
    await t.app.services.launches.turn();
    await t.app.services.notifications.turn();
    const mails = mailTexts().filter((text) => text.includes('is live'));
    return receiver.received.length > 0 && mails.length >= 2 ? true : undefined;
  });
  await t.app.services.launches.turn();
  await t.app.services.notifications.turn();
  const mails = mailTexts().filter((text) => /^Subject: launch\/one is live/m.test(text));
  const to = mails.map((text) => /^To: (.*)$/m.exec(text)?.[1]?.trim());
  expect(to.sort()).toEqual(['ada@example.org', 'carl@example.org']);
  expect(mails.find((text) => text.includes('ada@'))).toContain('2.50 USD');
  expect(receiver.received).toHaveLength(1);
  const [webhook] = receiver.received;
  if (webhook === undefined) throw new Error('no webhook');
  const { secret } = made.body.data.createWebhookEndpoint;
  expect(verify(secret as string, webhook)).toMatchObject({
    type: 'model.live',
    data: { model: 'launch/one', creditNanos: '2500000000' },
  });
  const { body } = await person.gql('{ account { balance { postedNanos } } }');
  // Beside the free credit of a new account.
  const other = await quiet.gql('{ account { balance { postedNanos } } }');
  const [mine, theirs] = [body, other.body].map(({ data }) =>
    BigInt(data.account.balance.postedNanos as string),
  );
  expect((mine ?? 0n) - (theirs ?? 0n)).toBe(2_500_000_000n);
  await checksHold();

  // The mail of somebody without an account says how to hear nothing again.
  const left = mails.find((text) => text.includes('carl@'));
  const leave = decodeURIComponent(/leave-waitlist\?token=([^\s&]+)/.exec(left ?? '')?.[1] ?? '');
  const done = await t.gql(
    'mutation ($token: String!) { leaveWaitlist(input: { token: $token }) { userErrors { code message path details } } }',
    {
      token: leave,
    },
  );
  expect(done.body.data.leaveWaitlist.userErrors).toEqual([]);
  expect((await told(id)).filter(({ account_id: account }) => account === null)).toHaveLength(1);
});

test('the first who asked may call a model that is being onboarded, and nobody else', async () => {
  const id = await addModel(t, 'early/model');
  await t.database.query(
    `INSERT INTO price_version (id, model_id, unit, nanos_per_unit, effective_from)
     VALUES ('prc_early', $1, 'EMBEDDING', 1000, now())`,
    [id],
  );
  const callers: Caller[] = [];
  for (let n = 0; n < 3; n++) {
    const caller = await t.caller();
    await request(caller, { slug: 'early/model' });
    callers.push(caller);
    await t.skip(0.001);
  }
  await plan(id, { earlyAccessCount: 2 });
  await t.app.services.launches.turn();
  const mayCall = () =>
    Promise.all(
      callers.map(async (caller) => {
        const answer = await caller.gql(
          `mutation { embedTexts(input: { model: "early/model", texts: ["a"] }) { runId userErrors { code message path details } } }`,
        );
        return codeOf(answer);
      }),
    );
  // Not before it is being onboarded. Whoever is let in fails later, as nobody has credit here.
  expect(await mayCall()).toEqual(Array(3).fill('MODEL_NOT_LIVE'));
  await plan(id, { stage: 'ONBOARDING' });
  await t.app.services.launches.turn();
  const [first, second, third] = await mayCall();
  expect(third).toBe('MODEL_NOT_LIVE');
  expect([first, second]).toEqual(Array(2).fill('INSUFFICIENT_CREDIT'));
  expect(await plan(id, {})).toMatchObject({ earlyAccessGiven: 2 });
  // More are let in when the plan says so; fewer cannot be.
  await plan(id, { earlyAccessCount: 3 });
  await t.app.services.launches.turn();
  expect(await mayCall()).toEqual(Array(3).fill('INSUFFICIENT_CREDIT'));
  const fewer = await t.operator.gql(
    `mutation { planModel(input: { modelId: "${id}", earlyAccessCount: 1 }) { entry { earlyAccessCount } userErrors { code message path details } } }`,
  );
  expect(codeOf(fewer)).toBe('CONFLICT');
});

test('killed in the middle again and again, nobody is told twice, nobody is missed, and the credit is exact', async () => {
  const seed = 20_261_125;
  const random = new Random(seed);
  const id = await addModel(t, 'launch/many');
  const accounts = await Promise.all(Array.from({ length: 6 }, () => t.caller()));
  for (const caller of accounts) {
    await request(caller, { slug: 'launch/many' });
    await t.skip(0.001);
  }
  await t.database.query(
    `INSERT INTO model_request (id, model_id, email, mailbox, contact_ok, created_at)
     SELECT 'mreq_many' || n, $1, 'p' || n || '@example.org', 'p' || n || '@example.org', true,
            now() - make_interval(secs => 200 - n) FROM generate_series(1, 170) n`,
    [id],
  );
  await plan(id, { launchCreditNanos: '1000000', launchCreditCount: 4 });
  await goLive(id);
  const { launches } = t.app.services;
  // Looks every few milliseconds, and ends what is in the middle of a transaction now and then.
  await t.database.query(`
    CREATE FUNCTION kill_some(share float8) RETURNS int LANGUAGE plpgsql AS $$
    DECLARE kills int := 0; ended int;
    BEGIN
      FOR i IN 1..20 LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT count(pg_terminate_backend(pid)) INTO ended FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'gigarouter' AND xact_start IS NOT NULL
           AND random() < share;
        kills := kills + ended;
        PERFORM pg_sleep(0.003);
      END LOOP;
      RETURN kills;
    END $$`);
  let kills = 0;
  const killing = async () => {
    while (!(await allTold(id))) {
      const [row] = await t.database.query<{ kills: number }>('SELECT kill_some($1) AS kills', [
        (kills < 5 ? 0.4 : 0.02) + random.next() * 0.1,
      ]);
      kills += row?.kills ?? 0;
    }
  };
  const working = async () => {
    while (!(await allTold(id).catch(() => false))) await launches.turn().catch(() => false);
  };
  await Promise.all([killing(), working(), working()]);
  console.log(`seed ${String(seed)}: ${String(kills)} connections killed`);
  expect(kills).toBeGreaterThan(3);

  const posted = await t.database.query<{ id: string }>(
    `SELECT n.id FROM notification n JOIN model_request r ON n.id = 'model-live:' || r.id WHERE r.model_id = $1`,
    [id],
  );
  expect(posted).toHaveLength(176);
  const mails = await t.database.query<{ count: number }>(
    `SELECT d.recipient, count(*)::int AS count FROM notification_delivery d
      WHERE d.recipient LIKE 'p%@example.org' GROUP BY 1`,
  );
  expect(mails.map(({ count }) => count)).toEqual(Array(170).fill(1));
  const credits = (await told(id)).filter(({ launch_credit_nanos: nanos }) => nanos !== null);
  expect(credits).toHaveLength(4);
  const balances = await Promise.all(accounts.map(balance));
  expect(balances).toEqual(['1000000', '1000000', '1000000', '1000000', '0', '0']);
  expect(await plan(id, {})).toMatchObject({ launchCreditsGiven: 4 });
  await checksHold();
});
