import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CreditsService } from '../../src/credits/index.js';
import { bankLife, operatorLife } from '../support/payment-bank.js';
import { customerLife } from '../support/payment-customers.js';
import { check, makeCodes, settle, SETTLE_MS, signUpOperator } from '../support/payment-end.js';
import { type PaymentRig, startPaymentRig } from '../support/payment-rig.js';
import { startTrouble, Tally } from '../support/payment-trouble.js';
import type { World } from '../support/payment-world.js';
import { killLeftServers } from '../support/process.js';
import { Random } from '../support/random.js';

/** `npm run test:soak` runs ten minutes, and SOAK_S others; SOAK_SEED repeats what was drawn. */
const SOAK_S = Number(process.env.SOAK_S ?? 60);
const SEED = Number(process.env.SOAK_SEED ?? randomInt(2 ** 31));
const CUSTOMERS = 6;
/** More time than SOAK_S for what has to happen at least, on a slow machine. */
const MORE_MS = 600_000;

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
