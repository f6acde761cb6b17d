import { setTimeout as pause } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import type { StripeSimulator } from '@gigarouter/stripe-simulator';
import type { PaymentRig } from './payment-rig.js';
import { insist, type World } from './payment-world.js';
import type { Random } from './random.js';

/** What banks do, and people at Stripe's dashboard, past our servers; how often of so many. */
const ACTS = {
  'debit arrived': 3,
  'debit bounced': 2,
  'refunded in part': 4,
  'refunded in full': 2,
  'refund arrived': 2,
  'refund failed': 2,
  'dispute opened': 2,
  'inquiry opened': 2,
  'inquiry escalated': 2,
  'inquiry closed': 1,
  'dispute won': 2,
  'dispute lost': 2,
};
type Act = keyof typeof ACTS;

const REFUND = `mutation ($input: RefundPurchaseInput!) { refundPurchase(input: $input) { purchase { id } userErrors { code message path details } } }`;

/** What happens to payments at Stripe, until it is over. */
export async function bankLife(world: World, random: Random): Promise<void> {
  const draw = random.deck(ACTS);
  while (!world.isOver()) {
    await pause(random.int(100, 400));
    const act = draw();
    if (perform(world.rig.double, act, random)) world.tally.add(act);
  }
}

/** What is under way comes to its end: debits, refunds and pages that are open. */
export function closeBank({ store, payments, reversals }: StripeSimulator, random: Random): void {
  for (const page of waitingPages(store)) payments.settleLater(page, random.chance(0.7));
  for (const refund of store.all('refund')) {
    if (refund.status !== 'pending') continue;
    reversals.settleRefund(refund, random.chance(0.5) ? 'succeeded' : 'failed');
  }
  for (const page of store.all('checkout.session')) {
    if (page.status === 'open') payments.expire(page);
  }
}

/** @returns false when there is nothing to do it to */
function perform(
  { store, payments, reversals }: StripeSimulator,
  act: Act,
  random: Random,
): boolean {
  const charges = store.all('charge').filter(({ paid }) => paid);
  const refundable = charges.filter((charge) => !charge.disputed && !charge.refunded);
  const isDisputed = new Set(store.all('dispute').map(({ charge }) => charge));
  const undisputed = charges.filter(({ id }) => !isDisputed.has(id));
  const disputes = (status: Stripe.Dispute['status']) =>
    random.pick(store.all('dispute').filter((dispute) => dispute.status === status));
  const refund = random.pick(store.all('refund').filter(({ status }) => status === 'pending'));

  const todo: Record<Act, (() => unknown) | undefined> = {
    'debit arrived': on(random.pick(waitingPages(store)), (page) => {
      payments.settleLater(page, true);
    }),
    'debit bounced': on(random.pick(waitingPages(store)), (page) => {
      payments.settleLater(page, false);
    }),
    'refunded in part': on(random.pick(refundable), (charge) => {
      const amount = random.int(1, Math.ceil((charge.amount - charge.amount_refunded) / 2));
      reversals.refund(charge, { amount, metadata: {}, reason: null });
    }),
    'refunded in full': on(random.pick(refundable), (charge) => {
      reversals.refund(charge, { metadata: {}, reason: null });
    }),
    'refund arrived': on(refund, (one) => {
      reversals.settleRefund(one, 'succeeded');
    }),
    'refund failed': on(refund, (one) => {
      reversals.settleRefund(one, random.chance(0.7) ? 'failed' : 'canceled');
    }),
    'dispute opened': on(random.pick(undisputed), (charge) => {
      reversals.open(charge);
    }),
    'inquiry opened': on(random.pick(undisputed), (charge) => {
      reversals.open(charge, { inquiry: true });
    }),
    'inquiry escalated': on(disputes('warning_needs_response'), (dispute) => {
      reversals.escalate(dispute);
    }),
    'inquiry closed': on(disputes('warning_needs_response'), (dispute) => {
      reversals.close(dispute, 'won');
    }),
    'dispute won': on(disputes('needs_response'), (dispute) => {
      reversals.close(dispute, 'won');
    }),
    'dispute lost': on(disputes('needs_response'), (dispute) => {
      reversals.close(dispute, 'lost');
    }),
  };
  todo[act]?.();
  return todo[act] !== undefined;
}

/** Paid from a bank account whose money has not come yet. */
function waitingPages(store: StripeSimulator['store']): Stripe.Checkout.Session[] {
  return store
    .all('checkout.session')
    .filter(
      ({ mode, status, payment_status: payment, payment_intent: intent }) =>
        mode === 'payment' &&
        status === 'complete' &&
        payment === 'unpaid' &&
        store.find('payment_intent', intent)?.status === 'processing',
    );
}

function on<T>(what: T | undefined, act: (what: T) => void): (() => void) | undefined {
  return what === undefined
    ? undefined
    : () => {
        act(what);
      };
}

/** Purchases that the operator looks at. */
const NEWEST = 10;

/** Purchases with credit left: on a slow machine, where people pay seldom and banks keep their pace, these are few. */
async function unspentPurchases({ db }: PaymentRig): Promise<Set<unknown>> {
  // The database may be away.
  const lots = await db
    .query<{ id: string }>(
      `SELECT id FROM credit_lot WHERE source = 'PURCHASE' AND remaining > 0`,
      [],
    )
    .catch(() => []);
  return new Set(lots.map(({ id }) => id));
}

/** An operator who gives money back for what is unspent, until it is over. */
export async function operatorLife(world: World, random: Random): Promise<void> {
  const { double } = world.rig;
  while (!world.isOver()) {
    await pause(random.int(200, 600));
    // Credit that was bought last is spent last: there may be something to give back.
    const paid = double.store
      .all('payment_intent')
      .filter(({ status, metadata }) => status === 'succeeded' && metadata.purchase_id);
    const unspent = await unspentPurchases(world.rig);
    const worthIt = paid.filter(({ metadata }) => unspent.has(metadata.purchase_id));
    const some = worthIt.length > 0 && random.chance(0.8) ? worthIt : paid;
    const intent = random.pick(some.slice(0, NEWEST));
    const purchaseId = intent?.metadata.purchase_id;
    if (purchaseId === undefined) continue;
    const units = Math.floor((intent?.amount ?? 0) / (intent?.currency === 'jpy' ? 1 : 100));
    const amount = random.chance(0.5) ? undefined : String(random.int(1, Math.ceil(units / 8)));
    const asked = { purchaseId, amount, idempotencyKey: `refund ${String(world.refunds.length)}` };
    world.refunds.push(asked);
    await askForRefund(world, asked);
  }
}

/** @returns whether Stripe gave it; undefined: nobody knows, it is found out later */
export async function askForRefund(
  world: World,
  asked: World['refunds'][number],
): Promise<boolean | undefined> {
  const input = { ...asked, reason: 'soak' };
  const answer = await insist(world, world.operator, REFUND, { input }, 5_000);
  if (answer === undefined) return undefined;
  if (![undefined, 'CONFLICT'].includes(answer.code)) {
    throw new Error(`A refund was refused: ${String(answer.code)}`);
  }
  world.tally.add(answer.code === undefined ? 'operator refunded' : 'operator was refused');
  return answer.code === undefined;
}
