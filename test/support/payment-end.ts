import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '../../src/platform/database.js';
import { audit } from './payment-auditor.js';
import { askForRefund, closeBank } from './payment-bank.js';
import { PROMO_CODES, PROMO_NANOS } from './payment-customers.js';
import { moveTime } from './payment-trouble.js';
import { insist, type World } from './payment-world.js';
import type { PaymentRig } from './payment-rig.js';
import { signUp } from './people.js';
import type { Random } from './random.js';

const DAY_S = 86_400;
/** How long what was begun may take to end. */
export const SETTLE_MS = 600_000;

export async function signUpOperator({ url, outboxDir, db }: PaymentRig): Promise<string> {
  const email = 'operator@example.org';
  const { token } = await signUp({ url, outboxDir }, email);
  await db.query('UPDATE app_user SET operator = true WHERE email = $1', [email]);
  // The soak takes longer than a proof of who acts is good for.
  await db.query(`UPDATE session SET confirmed_at = now() + interval '1 day'`, []);
  return token;
}

export async function makeCodes(world: World): Promise<void> {
  const CREATE = `mutation ($input: CreatePromoCodeInput!) { createPromoCode(input: $input) { promoCode { code } userErrors { code message path details } } }`;
  for (const [code, redemptionsMax] of Object.entries(PROMO_CODES)) {
    const input = { code, redemptionsMax, nanos: PROMO_NANOS.toString() };
    const answer = await insist(world, world.operator, CREATE, { input });
    expect(answer?.code).toBeUndefined();
  }
}

/** Lets everything come to its end: nothing is done any more but what was begun. */
export async function settle(world: World, random: Random): Promise<void> {
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
export async function check(world: World, since: Date, random: Random): Promise<void> {
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
