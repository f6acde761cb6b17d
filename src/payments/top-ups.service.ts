import { AppError } from '../errors.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, newId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { readNow } from '../platform/now.store.js';
import { type CreditOffer, termsOfAmount } from './credit-pack.js';
import { formatAmount, parseAmount } from './currency.js';
import { findCustomer } from './customers.store.js';
import type { FulfillmentService } from './fulfillment.service.js';
import type { Contacts } from './payments.service.js';
import type { Card, Purchase } from './purchase.js';
import * as purchases from './purchases.store.js';
import type { Charged, StripeCards } from './stripe-cards.gateway.js';
import type { StripeGateway } from './stripe.gateway.js';
import { consentOf, monthOf, retryAfter, type TopUpPolicy } from './top-up.js';
import type { TopUpPages } from './top-up-pages.service.js';
import * as store from './top-ups.store.js';

export interface TopUpSetting {
  readonly thresholdNanos: bigint;
  /** In whole units of the currency, as "20.00"; the same for the cap. */
  readonly amount: string;
  readonly monthlyCap: string;
  readonly currency: string;
  readonly consent: boolean;
}

/** Stores notifications that go out by mail only; one whose id is there already is nothing. */
export interface TopUpNotices {
  post(
    tx: Transaction,
    notifications: readonly {
      readonly id: string;
      readonly type: 'top_up.failed';
      readonly accountId: undefined;
      readonly data: object;
      readonly mail: { to: readonly string[]; subject: string; text: string };
    }[],
  ): Promise<unknown>;
}

export interface TopUpParts {
  readonly db: Database;
  readonly stripe: Pick<StripeGateway, 'provider'>;
  readonly cards: StripeCards;
  readonly fulfillment: FulfillmentService;
  readonly pages: Pick<TopUpPages, 'close' | 'open'>;
  readonly offer: CreditOffer;
  readonly contacts: Contacts;
  readonly notifications: TopUpNotices;
  readonly publicUrl: string;
  readonly logger: Logger;
}

/** An attempt that nothing is known of is asked about after this. */
const UNKNOWN_S = 30;
/** Stripe forgets idempotency keys after a day; well before, an attempt is not sent again. */
const KEY_KEPT_MS = 20 * 3_600_000;
/** After one that went through, the next one waits. */
const COOL_OFF_S = 60;
const AT_ONCE = 20;

/** Buys credit with a saved card when it runs low, within what its owner has agreed to. */
export class TopUpsService {
  constructor(private readonly parts: TopUpParts) {}

  /** The setting, the card that it would charge, and what was bought by it this month. */
  async find(
    accountId: AccountId,
  ): Promise<{ policy: TopUpPolicy | undefined; card: Card | null; spentMinor: bigint }> {
    const { db, stripe } = this.parts;
    const customer = await findCustomer(db, accountId, stripe.provider);
    const policy = await store.findPolicy(db.prisma, accountId);
    const spentMinor = await store.sumTopUps(db.prisma, accountId, monthOf(await readNow(db)));
    return { policy, card: customer?.card ?? null, spentMinor };
  }

  /**
   * Switches it on, or changes it; begins anew after failures.
   * @throws AppError BAD_USER_INPUT; CONFLICT without a saved card, or where tax is added to what is sold
   */
  async set(accountId: AccountId, setting: TopUpSetting, actor: string): Promise<void> {
    const { db, stripe, offer } = this.parts;
    if (!setting.consent) {
      throw bad('consent', '`consent` must be true: the customer must agree to automatic charges.');
    }
    const currency = setting.currency.toLowerCase();
    const { amountMinor } = termsOfAmount(offer, setting.amount, currency);
    const monthlyCapMinor = parseAmount(setting.monthlyCap, currency);
    if (monthlyCapMinor < amountMinor) {
      throw bad('monthlyCap', '`monthlyCap` must be at least `amount`.');
    }
    const { thresholdNanos } = setting;
    if (thresholdNanos <= 0n) throw bad('thresholdNanos', '`thresholdNanos` must be more than 0.');
    const customer = await findCustomer(db, accountId, stripe.provider);
    if (customer?.card == null) {
      throw new AppError('CONFLICT', 'No card is saved. Buy credit with `saveCard: true` first.');
    }
    if (this.parts.cards.addsTax) {
      // Stripe works tax out on its pages only, from an address that a person enters there.
      throw new AppError(
        'CONFLICT',
        'Automatic top-up is not available where tax is charged. Use `buyCredits`.',
      );
    }
    const amounts = { thresholdNanos, amountMinor, currency, monthlyCapMinor };
    await db.transaction(async (tx) => {
      await store.lockPolicy(tx, accountId);
      const now = await readNow(tx);
      await store.savePolicy(tx, {
        ...amounts,
        accountId,
        enabled: true,
        consent: consentOf(amounts),
        consentedAt: now,
        consentedBy: actor,
        failures: 0,
        nextAttemptAt: now,
        offReason: null,
      });
    });
  }

  /** Switches it off. What Stripe was asked for already may still be charged, and is credited. */
  async disable(accountId: AccountId, reason: string): Promise<void> {
    await this.parts.db.transaction(async (tx) => {
      await store.lockPolicy(tx, accountId);
      await store.changePolicy(tx, accountId, { enabled: false, offReason: reason });
    });
  }

  /** One turn: finishes what is unknown, then begins what is due. Any number of servers may. */
  async turn(): Promise<void> {
    const { db, stripe, cards, logger } = this.parts;
    const { provider } = stripe;
    const query = { provider, unknownS: UNKNOWN_S, atMost: AT_ONCE };
    const unknown = await store.listUnknown(db, query);
    const due = cards.addsTax ? [] : await store.listDue(db, query);
    const work = [
      ...unknown.map((id) => () => this.recover(id)),
      ...due.map((accountId) => () => this.attempt(accountId)),
    ];
    for (const one of work) {
      await one().catch((err: unknown) => {
        logger.warn({ err }, 'a top-up did not end; it is looked at again');
      });
    }
  }

  private async attempt(accountId: AccountId): Promise<void> {
    // Of a declined attempt before: what is paid there is not charged to the card as well.
    if (!(await this.parts.pages.close(accountId))) return;
    const purchase = await this.parts.db.transaction((tx) => this.begin(tx, accountId));
    if (purchase !== undefined) await this.charge(purchase, false);
  }

  /** Writes the attempt down before Stripe is asked. One is open at a time: a unique index sees to it. */
  private async begin(tx: Transaction, accountId: AccountId): Promise<Purchase | undefined> {
    const { offer, stripe } = this.parts;
    const policy = await store.lockPolicy(tx, accountId);
    const now = await readNow(tx);
    if (policy?.enabled !== true || policy.nextAttemptAt > now) return undefined;
    if (!(await store.isBelow(tx, accountId))) return undefined;
    if (!(await purchases.lockActive(tx, accountId))) return undefined;
    const { amountMinor, currency } = policy;
    const month = monthOf(now);
    const spentMinor = await store.sumTopUps(tx, accountId, month);
    if (spentMinor + amountMinor > policy.monthlyCapMinor) {
      await store.changePolicy(tx, accountId, { nextAttemptAt: month.end });
      return undefined;
    }
    // Counted as a failure until it is known to be none: a process that dies makes no loop.
    const wasPaid = (await store.findLastTopUp(tx, accountId))?.state === 'PAID';
    const failures = (wasPaid ? 0 : policy.failures) + 1;
    const nextAttemptAt = retryAfter(failures, now) ?? month.end;
    await store.changePolicy(tx, accountId, { failures, nextAttemptAt });
    const id = newId('pur');
    await purchases.insertPurchase(tx, {
      ...termsOfAmount(offer, formatAmount(amountMinor, currency), currency),
      id,
      accountId,
      provider: stripe.provider,
      kind: 'TOP_UP',
      saveCard: false,
      forTopUp: false,
      actor: 'system',
      idempotencyKey: null,
      requestHash: null,
      expiresAt: new Date(now.getTime() + KEY_KEPT_MS),
    });
    return (await purchases.lockPurchase(tx, id))?.purchase;
  }

  /** @param again it was tried a while ago */
  private async charge(purchase: Purchase, again: boolean): Promise<void> {
    const { db, stripe, cards } = this.parts;
    const { accountId } = purchase;
    const { policy, card, spentMinor } = await this.find(accountId);
    const customer = await findCustomer(db, accountId, stripe.provider);
    // The owner may have changed the setting a moment ago.
    const isOpen = await store.isOpen(db, accountId);
    if (policy?.enabled !== true || spentMinor > policy.monthlyCapMinor || !customer || !card) {
      await this.giveUp(purchase, 'Automatic top-up was switched off or changed.');
      return;
    }
    if (!isOpen) {
      await this.giveUp(purchase, 'The account is frozen or closed.');
      return;
    }
    const how = { customerId: customer.customerId, card, again };
    await this.finish(purchase, await cards.chargeSavedCard(purchase, how));
  }

  /** Writes down what became of an attempt; safe to repeat. */
  private async finish(purchase: Purchase, { paymentIntentId, declined }: Charged): Promise<void> {
    const { db, cards, fulfillment } = this.parts;
    const { id, accountId } = purchase;
    if (paymentIntentId === undefined) {
      await this.giveUp(purchase, declined?.message ?? 'Stripe refused it.');
    } else {
      await purchases.setPaymentIntent(db, id, paymentIntentId);
      // Or somebody who opens its page later would pay it.
      if (declined !== undefined) await cards.cancelIntent(paymentIntentId);
      await fulfillment.settle(id);
    }
    if (declined !== undefined) {
      await this.failed(purchase, declined);
      return;
    }
    await store.coolOff(db, accountId, COOL_OFF_S);
  }

  /** The process that began it died, or no answer came: was the card charged? */
  private async recover(id: Purchase['id']): Promise<void> {
    const { db, stripe, cards } = this.parts;
    const purchase = await purchases.findPurchase(db, id);
    if (purchase?.state !== 'PENDING' || purchase.paymentIntentId !== null) return;
    await purchases.markChecked(db, id);
    const customer = await findCustomer(db, purchase.accountId, stripe.provider);
    const charged = customer && (await cards.findIntent(purchase, customer.customerId));
    if (charged !== undefined) await this.finish(purchase, charged);
    else if (purchase.createdAt.getTime() > (await readNow(db)).getTime() - KEY_KEPT_MS) {
      await this.charge(purchase, true);
    } else await this.giveUp(purchase, 'Stripe knows nothing of it.');
  }

  private async giveUp({ id }: Purchase, failure: string): Promise<void> {
    await purchases.failOpen(this.parts.db, id, failure);
  }

  /** Waits longer after each failure, then switches itself off; each time its owner hears of it. */
  private async failed(
    purchase: Purchase,
    declined: { readonly code: string; readonly message: string },
  ): Promise<void> {
    const { db, pages, notifications, contacts, publicUrl } = this.parts;
    const { accountId } = purchase;
    // Its owner may have set it anew since the attempt began: then this is the first.
    const failures = Math.max((await store.findPolicy(db.prisma, accountId))?.failures ?? 0, 1);
    const retryAt = retryAfter(failures, await readNow(db));
    if (retryAt === undefined) {
      const offReason = `${String(failures)} attempts failed: ${declined.message}`;
      await store.changePolicy(db.prisma, accountId, { enabled: false, offReason });
    }
    // On a page its owner can prove who they are, or use another card.
    const page = await pages.open(purchase);
    const { email } = await contacts.contact(accountId);
    if (email === undefined) return;
    const next =
      retryAt === undefined
        ? 'Automatic top-up is switched off now; switch it on again when your card works.'
        : `The next attempt is on ${retryAt.toUTCString()}.`;
    const mail = {
      to: [email],
      subject: 'Your automatic top-up failed',
      text: `${declined.message}\n\n${next}\n\n${wayToPay(page, publicUrl)}\n`,
    };
    const id = `top-up-failed:${purchase.id}`;
    const notification = {
      id,
      type: 'top_up.failed',
      accountId: undefined,
      data: {},
      mail,
    } as const;
    await db.transaction((tx) => notifications.post(tx, [notification]));
  }
}

function wayToPay(page: Purchase | undefined, publicUrl: string): string {
  return page?.checkoutUrl == null
    ? `Buy credit, or save a different card:\n\n${publicUrl}`
    : `Pay it here, with this card or another:\n\n${page.checkoutUrl}`;
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
