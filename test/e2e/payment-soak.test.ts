import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CreditsService } from '../../src/credits/index.js';
import type { Database } from '../../src/platform/database.js';
import { audit } from '../support/payment-auditor.js';
import { askForRefund, bankLife, closeBank, operatorLife } from '../support/payment-bank.js';
import { customerLife, PROMO_CODES, PROMO_NANOS } from '../support/payment-customers.js';
import { type PaymentRig, startPaymentRig } from '../support/payment-rig.js';
import { moveTime, startTrouble, Tally } from '../support/payment-trouble.js';
import { insist, type World } from '../support/payment-world.js';
import { signUp } from '../support/people.js';
import { killLeftServers } from '../support/process.js';
import { Random } from '../support/random.js';

/** `npm run test:soak` runs ten minutes, and SOAK_S others; SOAK_SEED repeats what was drawn. */
const SOAK_S = Number(process.env.SOAK_S ?? 60);
const SEED = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
const CUSTOMERS = 6;
const DAY_S = 86_400;
/** How long what was begun may take to end. */
/** More time than SOAK_S for what has to happen at least, on a slow machine. */
const MORE_MS = 600_000;
const SETTLE_MS = 600_000;

/** Each has to have happened, and so often at least in a minute. */
const LEAST: Readonly<Record<string, number>> = {
  'paid on a page': 10,
  'paid from a bank account': 2,
  'declined, then paid': 1,
  'declined, then left': 1,
  'page closed unpaid': 1,
  'page left open': 1,
  'saved a card': 1,
  'top-up on': 1,
  'top-up off': 1,
  'spent by adjustment': 3,
  'spent by a call': 3,
  'redeemed a code': 1,
  'visited the success page': 5,
  'debit arrived': 1,
  'debit bounced': 1,
  'refunded in part': 1,
  'refunded in full': 1,
  'refund arrived': 1,
  'refund failed': 1,
  'dispute opened': 1,
  'inquiry opened': 1,
  'inquiry escalated': 1,
  'dispute won': 1,
  'dispute lost': 1,
  'operator refunded': 1,
  'card removed': 1,
  'server killed': 3,
  'PostgreSQL killed': 1,
  'connections cut': 1,
  'storm at Stripe': 1,
  'webhooks lost': 1,
  'write gone wrong': 1,
  'time moved on': 1,
};

const say = (line: string) => process.stderr.write(`${line}\n`);
let rig: PaymentRig | undefined;
afterAll(async () => {
  const left = await rig?.stop();
  await killLeftServers();
  expect(left ?? []).toEqual([]);
});

test(
  'whatever is killed, cut, lost, told twice or late: each payment is one credit, and what went back is taken back',
  async () => {
    say(`payment soak: SOAK_SEED=${String(SEED)} SOAK_S=${String(SOAK_S)}`);
    try {
      await soak(new Random(SEED));
    } catch (cause) {
      throw new Error(`The payment soak of SOAK_SEED=${String(SEED)} failed.`, { cause });
    }
  },
  SOAK_S * 1_000 + MORE_MS + 2 * SETTLE_MS,
);

async function soak(random: Random): Promise<void> {
  rig = await startPaymentRig(random.fork('balancer'));
  const since = new Date();
  const tally = new Tally();
  let over = false;
  const world: World = {
    rig,
    tally,
    credits: new CreditsService(rig.db),
    customers: [],
    refunds: [],
    operator: await signUpOperator(rig),
    isOver: () => over,
  };
  await makeCodes(world);

  const trouble = startTrouble(rig, random.fork('trouble'), tally);
  const lives = [
    ...Array.from({ length: CUSTOMERS }, (_, n) =>
      customerLife(world, random.fork(`customer ${String(n)}`)),
    ),
    bankLife(world, random.fork('bank')),
    operatorLife(world, random.fork('operator')),
  ];
  const isEnough = () => Object.entries(LEAST).every(([what, least]) => tally.of(what) >= least);
  const until = performance.now() + SOAK_S * 1_000;
  const time = (async () => {
    // On a slow machine, the least that has to happen takes longer.
    while (performance.now() < until || (!isEnough() && performance.now() < until + MORE_MS)) {
      await pause(200);
    }
  })();
  try {
    // When one of them fails, the rest need not go on.
    await Promise.race([Promise.all(lives), time]);
  } finally {
    over = true;
    await trouble.end();
    await Promise.allSettled(lives);
  }
  await Promise.all(lives);
  await settle(world, random.fork('end'));
  await check(world, since, random.fork('check'));
  say(await summary(world));
  for (const [what, least] of Object.entries(LEAST)) {
    expect([what, tally.of(what) >= least, tally.of(what)]).toEqual([what, true, tally.of(what)]);
  }
}

/** Lets everything come to its end: nothing is done any more but what was begun. */
async function settle(world: World, random: Random): Promise<void> {
  const {
    rig: { db, double },
  } = world;
  closeBank(double, random);
  await db.query(
    `UPDATE top_up_policy SET enabled = false, off_reason = 'the soak is over' WHERE enabled`,
    [],
  );
  await untilNone(world, 3_600, () => Promise.resolve(Object.keys(double.store.deliveries)));
  // A day later Stripe has forgotten the keys: what is asked for again must not happen again.
  const { answers } = double.store;
  for (const key of Object.keys(answers)) Reflect.deleteProperty(answers, key);
  await moveTime(world.rig, DAY_S);
  for (const asked of world.refunds.slice(-30)) await askForRefund(world, asked);
  await untilNone(world, DAY_S, () =>
    list(
      db,
      `SELECT format('%s %s: %s', type, id, error) AS line FROM stripe_event
        WHERE handled_at IS NULL AND dead_at IS NULL
        UNION ALL SELECT format('top-up %s', id) FROM purchase
        WHERE kind = 'TOP_UP' AND state = 'PENDING' AND payment_intent_id IS NULL
        UNION ALL SELECT format('refund %s', id) FROM refund_request WHERE state = 'PENDING'`,
    ),
  );
}

/**
 * Polls until nothing is left to wait for. When nothing gets less, the clock goes on: not while things get
 * done, or what a server has in hand would be taken up by the other.
 * @param leapS in seconds
 */
async function untilNone(
  { rig: own }: World,
  leapS: number,
  left: () => Promise<string[]>,
): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (let before = 0; ;) {
    const waiting = await left();
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`${String(waiting.length)} still wait:\n${waiting.slice(0, 20).join('\n')}`);
    }
    if (waiting.length >= before) await moveTime(own, leapS);
    before = waiting.length;
    await pause(1_000);
  }
}

async function list(db: Database, sql: string): Promise<string[]> {
  return (await db.query<{ line: string }>(sql, [])).map(({ line }) => line);
}

/** Everything that we and the auditor can say of it. */
async function check(world: World, since: Date, random: Random): Promise<void> {
  const { db, double, gigarouter } = world.rig;
  const day = (days: number) =>
    new Date(since.getTime() + days * DAY_S * 1_000).toISOString().slice(0, 10);
  const reconcile = async () => {
    const { code, out, err } = await gigarouter(
      'reconcile',
      '--json',
      '--since',
      day(-2),
      '--until',
      day(2),
    );
    if (code !== 0) throw new Error(`reconcile ended with ${String(code)}:\n${out}${err}`);
    return JSON.parse(out) as { repaired: string[]; differences: unknown[] };
  };
  const replay = await gigarouter('payments', 'replay', '--json');
  expect(JSON.parse(replay.out)).toMatchObject({ waiting: 0, dead: 0 });
  // What no webhook told is found by asking, a hundred at a time.
  await untilNone(world, DAY_S, async () => {
    // A card that was declined last of all has opened a page.
    closeBank(double, random);
    const { repaired } = await reconcile();
    world.tally.add('repaired by reconcile', repaired.length);
    return list(
      db,
      `SELECT format('%s %s %s by %s %s, asked about at %s', kind, id, state, session_id, payment_intent_id, checked_at) AS line
         FROM purchase
        WHERE state IN ('PENDING', 'WAITING') AND NOT (session_id IS NULL AND payment_intent_id IS NULL)`,
    );
  });
  expect(await reconcile()).toMatchObject({ repaired: [], differences: [] });
  expect(await audit(world, since)).toEqual([]);
  const verify = await gigarouter('verify');
  if (verify.code !== 0)
    throw new Error(`verify ended with ${String(verify.code)}:\n${verify.out}`);
}

async function signUpOperator({ url, outboxDir, db }: PaymentRig): Promise<string> {
  const email = 'operator@example.org';
  const { token } = await signUp({ url, outboxDir }, email);
  await db.query('UPDATE app_user SET operator = true WHERE email = $1', [email]);
  // The soak takes longer than a proof of who acts is good for.
  await db.query(`UPDATE session SET confirmed_at = now() + interval '1 day'`, []);
  return token;
}

async function makeCodes(world: World): Promise<void> {
  const CREATE = `mutation ($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { code } }`;
  for (const [code, redemptionsMax] of Object.entries(PROMO_CODES)) {
    const input = { code, redemptionsMax, nanos: PROMO_NANOS.toString() };
    const answer = await insist(world, world.operator, CREATE, { input });
    expect(answer?.code).toBeUndefined();
  }
}

async function summary({ rig: { db, double }, tally, customers }: World): Promise<string> {
  const [row] = await db.query<{ events: number; topUps: number; purchases: number }>(
    `SELECT (SELECT count(*) FROM stripe_event WHERE handled_at IS NOT NULL)::int AS events,
            (SELECT count(*) FROM purchase WHERE kind = 'TOP_UP' AND state = 'PAID')::int AS "topUps",
            (SELECT count(*) FROM purchase WHERE state = 'PAID')::int AS purchases`,
    [],
  );
  const made = (kind: 'refund' | 'dispute') => String(double.store.all(kind).length);
  return [
    `payment soak: SOAK_SEED=${String(SEED)}, ${String(SOAK_S)} s: everything agrees.`,
    `  ${String(customers.length)} customers, ${String(row?.purchases)} purchases paid, ${String(row?.topUps)} of them by top-up;`,
    `  ${made('refund')} refunds, ${made('dispute')} disputes, ${String(row?.events)} events handled`,
    `  ${tally.toString()}`,
  ].join('\n');
}
