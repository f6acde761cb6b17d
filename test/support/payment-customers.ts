import { setTimeout as pause } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { StripeSimulatorError } from '@gigarouter/stripe-simulator';
import { AppError } from '../../src/errors.js';
import { newId } from '../../src/platform/ids.js';
import { BUY, CARD } from './payments.js';
import { type Customer, insist, newCustomer, untilDone, type World } from './payment-world.js';
import type { Random } from './random.js';

/** What customers do, and how often of so many. */
const ACTS = {
  'paid on a page': 7,
  'paid from a bank account': 2,
  'declined, then paid': 1,
  'declined, then left': 1,
  'page closed unpaid': 1,
  'page left open': 1,
  'saved a card': 1,
  'top-up on': 6,
  'top-up off': 1,
  'card removed': 1,
  'spent by adjustment': 3,
  'spent by a call': 3,
  'redeemed a code': 1,
};
/** After so many, a customer makes room for another. */
const ACTS_OF_ONE = 30;

/** Cards that pay on a page, and what comes later: nothing, a dispute, an inquiry, a refund that waits. */
const PAYING = {
  [CARD]: 8,
  '4000000000000259': 1,
  '4000000000001976': 1,
  '4000000000007726': 2,
  '4000000000005126': 2,
};
/** Cards that are saved: they pay later, are declined, or want their owner. */
const SAVED = { [CARD]: 6, '4000000000000341': 1, '4000002760003184': 1 };
/** Stripe may have kept a failure for this key: another one has to be used. */
const STRIPE_PATIENCE_MS = 10_000;
const CENT = 10_000_000n;
/** More than most have: whoever switches it on is topped up until the cap. */
const THRESHOLD = 300n * 100n * CENT;
/** One that everybody may use, and one that only some can. */
export const PROMO_CODES = { 'SOAK-FOR-ALL': 1_000_000, 'SOAK-FOR-FEW': 3 } as const;
export const PROMO_NANOS = 3n * 100n * CENT;

const SAVE_CARD =
  'mutation { saveCard(input: { }) { url userErrors { code message path details } } }';
const TOP_UP_ON = `mutation ($input: EnableAutoTopUpInput!) { enableAutoTopUp(input: $input) { autoTopUp { isEnabled } userErrors { code message path details } } }`;
const TOP_UP_OFF =
  'mutation { disableAutoTopUp(input: { }) { autoTopUp { isEnabled } userErrors { code message path details } } }';
const REDEEM =
  'mutation ($code: String!) { redeemPromoCode(input: { code: $code }) { promoCode { code } userErrors { code message path details } } }';

/** One customer after another, until it is over. */
export async function customerLife(world: World, random: Random): Promise<void> {
  while (!world.isOver()) {
    const amount = random.int(501, 999);
    const topUp = { amount, cap: amount * random.int(2, 8) + random.int(0, 99) };
    const acts = new CustomerActs(world, await newCustomer(world, topUp), random);
    for (let n = 0; n < ACTS_OF_ONE && !world.isOver(); n += 1) {
      await acts.next();
      await pause(random.int(50, 400));
    }
  }
}

class CustomerActs {
  private readonly draw: () => keyof typeof ACTS;
  private readonly drawCard: () => string;
  private readonly drawSaved: () => string;
  private readonly redeemed = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly customer: Customer,
    private readonly random: Random,
  ) {
    this.draw = random.deck(ACTS);
    this.drawCard = random.deck(PAYING);
    this.drawSaved = random.deck(SAVED);
  }

  async next(): Promise<void> {
    const act = this.draw();
    const done = await this.perform(act);
    if (done) this.world.tally.add(act);
  }

  /** @returns false when it could not be done */
  private async perform(act: keyof typeof ACTS): Promise<boolean> {
    const { payments } = this.world.rig.double;
    switch (act) {
      case 'saved a card':
        return this.saveCard();
      case 'top-up on':
        return this.topUpOn();
      case 'top-up off':
        return (await this.ask(TOP_UP_OFF)) !== undefined;
      case 'card removed':
        return this.removeCard();
      case 'spent by adjustment':
        return this.spendByAdjustment();
      case 'spent by a call':
        return this.spendByCall();
      case 'redeemed a code':
        return this.redeem();
    }
    const page = await this.buy();
    if (page === undefined) return false;
    if (act === 'paid from a bank account') payments.payLater(page);
    if (act === 'page closed unpaid') payments.expire(page);
    if (act.startsWith('declined')) this.decline(page);
    if (act === 'paid on a page' || act === 'declined, then paid') {
      payments.pay(page, this.drawCard());
    }
    if (this.random.chance(0.6)) await this.visit(page);
    return true;
  }

  /** Asks for a page, sometimes in two tabs at once. @returns undefined when none was given */
  private async buy(): Promise<Stripe.Checkout.Session | undefined> {
    const { random, world } = this;
    const idempotencyKey = newId('run');
    const cents = random.int(1, 60) * 100 + random.int(1, 99);
    const what = random.chance(0.5)
      ? // Never a round sum, which would be a pack's price: what was sold can be told from what was paid.
        { amount: (cents / 100).toFixed(2) }
      : {
          pack: random.pick(['starter', 'builder']),
          currency: random.pick(['USD', 'EUR', 'JPY']),
        };
    const input = { ...what, saveCard: random.chance(0.3), idempotencyKey };
    const tabs = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () =>
      this.ask(BUY, { input }, STRIPE_PATIENCE_MS),
    );
    const answers = (await Promise.all(tabs)).flatMap((answer) => answer ?? []);
    const urls = new Set(
      answers.map(({ data, code }) => {
        if (code !== undefined) throw new Error(`A purchase was refused: ${code}`);
        return data.buyCredits.purchase.checkoutUrl as string;
      }),
    );
    if (urls.size > 1) throw new Error(`One key has two pages: ${[...urls].join(', ')}`);
    const [url] = urls;
    if (url === undefined) world.tally.add('page that could not be made');
    return url === undefined ? undefined : this.pageAt(url);
  }

  private pageAt(url: string): Stripe.Checkout.Session {
    const id = url.split('/').at(-1);
    const page = this.world.rig.double.store.find('checkout.session', id);
    if (page === undefined) throw new Error(`Stripe has no page ${url}`);
    return page;
  }

  private decline(page: Stripe.Checkout.Session): void {
    try {
      this.world.rig.double.payments.pay(page, '4000000000000002');
    } catch (error) {
      if (!(error instanceof StripeSimulatorError)) throw error;
    }
  }

  /** The success page, in some tabs at once. What it says is checked, where it says something. */
  private async visit(page: Stripe.Checkout.Session): Promise<void> {
    const { url } = this.world.rig;
    const tabs = Array.from({ length: this.random.int(1, 3) }, async () => {
      const isPaid = page.payment_status === 'paid';
      const answer = await fetch(`${url}/payments/success?session_id=${page.id}`).catch(
        () => undefined,
      );
      const text = await answer?.text().catch(() => '');
      if (answer?.status !== 200 || text === '') return;
      this.world.tally.add('visited the success page');
      if (isPaid && !text?.includes('on your account now')) {
        throw new Error(`The success page of ${page.id}, which is paid, says: ${String(text)}`);
      }
    });
    await Promise.all(tabs);
  }

  private async saveCard(): Promise<boolean> {
    const answer = await this.ask(SAVE_CARD, {}, STRIPE_PATIENCE_MS);
    if (answer === undefined) return false;
    this.world.rig.double.payments.pay(
      this.pageAt(answer.data.saveCard.url as string),
      this.drawSaved(),
    );
    return true;
  }

  /** At Stripe, which tells us; or it does not, as some webhooks are lost. */
  private removeCard(): boolean {
    const { store, payments } = this.world.rig.double;
    const { accountId } = this.customer;
    const own = store.all('customer').find(({ metadata }) => metadata.account_id === accountId);
    const [card] = store.all('payment_method').filter(({ customer }) => customer === own?.id);
    if (own === undefined || card === undefined) return false;
    payments.detach(card);
    return true;
  }

  /** Saves a card first where there is none. Its webhook may be lost: then there will be none. */
  private async topUpOn(): Promise<boolean> {
    const { amount, cap } = this.customer.topUp;
    const input = {
      thresholdNanos: THRESHOLD.toString(),
      amount: (amount / 100).toFixed(2),
      monthlyCap: (cap / 100).toFixed(2),
      consent: true,
    };
    for (let n = 0; n < 8; n += 1) {
      const answer = await this.ask(TOP_UP_ON, { input });
      if (answer === undefined) return false;
      if (answer.code === undefined) return true;
      if (answer.code !== 'CONFLICT') throw new Error(`Top-up was refused: ${answer.code}`);
      if (n === 0) await this.saveCard();
      await pause(300);
    }
    return false;
  }

  private async spendByAdjustment(): Promise<boolean> {
    const { customer, world } = this;
    const nanos = await this.part();
    if (nanos === 0n) return false;
    const adjustment = { id: newId('adj'), accountId: customer.accountId, nanos: -nanos };
    const isDone = await untilAnswered(() =>
      world.credits.adjust({ ...adjustment, reason: 'spent', actor: 'system' }),
    );
    if (isDone) customer.spentNanos += nanos;
    return isDone;
  }

  /** Holds credit, and charges a part of it, or nothing. */
  private async spendByCall(): Promise<boolean> {
    const { customer, random, world } = this;
    const { accountId } = customer;
    const nanos = await this.part();
    if (nanos === 0n) return false;
    const run = { runId: newId('run'), accountId, details: {} };
    const hold = { ...run, keyId: null, nanos, ttlMs: 600_000 };
    if (!(await untilAnswered(() => world.credits.hold(hold)))) return false;
    await pause(random.int(0, 500));
    if (random.chance(0.2)) {
      await untilAnswered(() => world.credits.void(run));
      return true;
    }
    const charged = (nanos * BigInt(random.int(1, 100))) / 100n;
    if (charged === 0n) return true;
    const isCharged = await untilAnswered(() => world.credits.capture({ ...run, nanos: charged }));
    if (!isCharged) throw new Error(`The hold of ${run.runId} ended by itself.`);
    customer.spentNanos += charged;
    return true;
  }

  /** A good part of what there is. */
  private async part(): Promise<bigint> {
    const { accountId } = this.customer;
    const { availableNanos } = await untilDone(() => this.world.credits.balance(accountId));
    if (availableNanos <= 0n) return 0n;
    return (availableNanos * BigInt(this.random.int(30, 100))) / 100n;
  }

  private async redeem(): Promise<boolean> {
    const code = this.random.pick(Object.keys(PROMO_CODES)) ?? '';
    const answer = await this.ask(REDEEM, { code });
    if (answer === undefined) throw new Error(`Nobody says whether ${code} was redeemed.`);
    // A conflict says that it was: by the same call, whose answer was lost, or before.
    if (answer.code === undefined || answer.code === 'CONFLICT') this.redeemed.add(code);
    this.customer.promoNanos = BigInt(this.redeemed.size) * PROMO_NANOS;
    return answer.code === undefined;
  }

  private ask(query: string, variables: Record<string, unknown> = {}, patienceMs?: number) {
    return insist(this.world, this.customer.secret, query, variables, patienceMs);
  }
}

/** Until the ledger has said yes or no. @returns whether yes */
async function untilAnswered(work: () => Promise<unknown>): Promise<boolean> {
  const isNo = (error: unknown) =>
    error instanceof AppError && ['INSUFFICIENT_CREDIT', 'CONFLICT'].includes(error.code);
  try {
    await untilDone(work, isNo);
    return true;
  } catch (error) {
    if (isNo(error)) return false;
    throw error;
  }
}
