import { checkSome, checkTimeRange } from '../platform/time-range.js';
import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { type AccountId, isPurchaseId, newId } from '../platform/ids.js';
import { readNow } from '../platform/now.store.js';
import {
  type CreditOffer,
  type CreditPack,
  type Terms,
  termsOfAmount,
  termsOfPack,
} from './credit-pack.js';
import { findAccountOf, findCustomer, insertCustomer, keepCard } from './customers.store.js';
import type { FulfillmentService } from './fulfillment.service.js';
import type { Purchase, PurchasePage } from './purchase.js';
import * as store from './purchases.store.js';
import type { StripeCards } from './stripe-cards.gateway.js';
import type { StripeGateway } from './stripe.gateway.js';

/** Who an account's payments are told to. */
export interface Contacts {
  contact(
    accountId: AccountId,
  ): Promise<{ readonly name: string; readonly email: string | undefined }>;
}

export interface Buying {
  readonly accountId: AccountId;
  readonly actor: string;
  /** One of the two. */
  readonly pack?: string | undefined;
  /** In the currency's whole units, as "12.50". */
  readonly amount?: string | undefined;
  /** ISO 4217, in any case. */
  readonly currency: string;
  /** The person agrees that the card is kept for later. */
  readonly saveCard: boolean;
  /** The page of a top-up that was declined: one of an account at a time. */
  readonly forTopUp?: true;
  readonly idempotencyKey: string;
}

/** A checkout page is open for this long: less than Stripe's longest, so that a page can be asked for again. */
const CHECKOUT_MS = 23 * 3_600_000;
/** Stripe closes a page after half an hour at the earliest. */
const CHECKOUT_MIN_MS = 35 * 60_000;
const KEY_CHARS_MAX = 255;

export interface PaymentsParts {
  readonly db: Database;
  readonly stripe: StripeGateway;
  readonly cards: StripeCards;
  readonly fulfillment: FulfillmentService;
  readonly offer: CreditOffer;
  readonly contacts: Contacts;
  readonly publicUrl: string;
}

/** Selling credit: what is offered, checkout pages, and what was bought. */
export class PaymentsService {
  constructor(private readonly parts: PaymentsParts) {}

  packs(): readonly CreditPack[] {
    return this.parts.offer.packs;
  }

  /**
   * Opens a checkout page, one for each idempotency key, however often it is asked for.
   * @throws AppError BAD_USER_INPUT, NOT_FOUND (pack), IDEMPOTENCY_MISMATCH, CONFLICT (its page is over, or with
   *   `forTopUp` another one is open), FORBIDDEN (the account is closed or frozen), UPSTREAM_UNAVAILABLE
   */
  async buy(buying: Buying): Promise<Purchase> {
    const { accountId, idempotencyKey, saveCard, forTopUp = false, actor } = buying;
    if (idempotencyKey === '' || idempotencyKey.length > KEY_CHARS_MAX) {
      throw bad(
        'idempotencyKey',
        `\`idempotencyKey\` must have 1 to ${String(KEY_CHARS_MAX)} characters.`,
      );
    }
    const terms = this.termsOf(buying);
    const requestHash = hashOf(buying);
    const now = await readNow(this.parts.db);
    await this.parts.db.transaction(async (tx) => {
      if (!(await store.lockActive(tx, accountId))) throw notActive();
      await store.insertPurchase(tx, {
        ...terms,
        id: newId('pur'),
        accountId,
        provider: this.parts.stripe.provider,
        kind: 'CHECKOUT',
        saveCard,
        forTopUp,
        actor,
        idempotencyKey,
        requestHash,
        expiresAt: new Date(now.getTime() + CHECKOUT_MS),
      });
    });
    const found = await store.findByKey(this.parts.db, accountId, idempotencyKey);
    if (found === undefined) {
      throw new AppError('CONFLICT', 'Another top-up of the account is in progress.');
    }
    if (!found.requestHash.equals(requestHash)) {
      throw new AppError(
        'IDEMPOTENCY_MISMATCH',
        'This idempotency key was already used for another purchase. Use a new key.',
      );
    }
    return found.purchase.sessionId === null ? this.openPage(found.purchase) : found.purchase;
  }

  /** Newest first. @param page `after`: an id @throws AppError BAD_USER_INPUT for a cursor that is none */
  async list(accountId: AccountId, page: PurchasePage): Promise<readonly Purchase[]> {
    const { filter = {} } = page;
    checkTimeRange(filter, 'filter');
    checkSome(filter.states, 'filter.states');
    checkSome(filter.kinds, 'filter.kinds');
    if (page.after !== undefined && !isPurchaseId(page.after)) {
      throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
        details: { argument: 'after' },
      });
    }
    return store.listPurchases(this.parts.db, accountId, page);
  }

  /** Of an account; those that there are, in no order. */
  findMany(accountId: AccountId, ids: readonly string[]): Promise<readonly Purchase[]> {
    return store.findPurchases(this.parts.db, accountId, ids);
  }

  async find(accountId: AccountId, id: string): Promise<Purchase | undefined> {
    const purchase = await this.findAny(id);
    return purchase?.accountId === accountId ? purchase : undefined;
  }

  /** Whosever it is: for who then asks whether the caller may read it. */
  async findAny(id: string): Promise<Purchase | undefined> {
    return isPurchaseId(id) ? store.findPurchase(this.parts.db, id) : undefined;
  }

  /**
   * Closes a checkout page, unless somebody has paid there. May be repeated.
   * @returns the purchase as it is then: EXPIRED, or paid in the last moment, or with its money on its way
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async endPage(purchase: Purchase): Promise<Purchase> {
    const { db, stripe, fulfillment } = this.parts;
    if (purchase.sessionId === null) await store.expireWithoutPage(db, purchase.id);
    else await stripe.expireCheckout(purchase.sessionId);
    return (await fulfillment.settle(purchase.id)) ?? purchase;
  }

  /** Closes all checkout pages of an account, as `endPage`. */
  async endPages(accountId: AccountId): Promise<void> {
    for (const purchase of await store.listOpenPages(this.parts.db, accountId)) {
      await this.endPage(purchase);
    }
  }

  /** For the success page: what became of the purchase whose checkout page somebody comes from. */
  async arrive(sessionId: string): Promise<Purchase | undefined> {
    const purchase = await store.findPurchaseAtStripe(this.parts.db, { sessionId });
    return purchase && this.parts.fulfillment.settle(purchase.id);
  }

  /** Address of a page where the account's cards and invoices are. @throws AppError UPSTREAM_UNAVAILABLE */
  async openPortal(accountId: AccountId): Promise<string> {
    return this.parts.cards.createPortal(await this.customerOf(accountId), this.parts.publicUrl);
  }

  /** Address of a page where a card is saved. @throws AppError UPSTREAM_UNAVAILABLE */
  async openCardPage(accountId: AccountId): Promise<string> {
    const customerId = await this.customerOf(accountId);
    return this.parts.cards.createCardPage(accountId, customerId, this.returnUrls());
  }

  /** Keeps the card that was saved on a page of ours. */
  async adoptCard(sessionId: string): Promise<void> {
    const { db, stripe, cards } = this.parts;
    const saved = await cards.findSavedCard(sessionId);
    if (saved === undefined) return;
    const accountId = await findAccountOf(db, saved.customerId);
    if (accountId !== undefined) await keepCard(db.prisma, accountId, stripe.provider, saved.card);
  }

  /** The account at Stripe, made when it is first needed; two that race make one. */
  async customerOf(accountId: AccountId): Promise<string> {
    const { provider } = this.parts.stripe;
    const known = await findCustomer(this.parts.db, accountId, provider);
    if (known !== undefined) return known.customerId;
    const contact = await this.parts.contacts.contact(accountId);
    const customerId = await this.parts.stripe.createCustomer({ id: accountId, ...contact });
    await insertCustomer(this.parts.db, { accountId, provider, customerId });
    return (await findCustomer(this.parts.db, accountId, provider))?.customerId ?? customerId;
  }

  private returnUrls() {
    const { publicUrl } = this.parts;
    return {
      success: `${publicUrl}/payments/success?session_id={CHECKOUT_SESSION_ID}`,
      cancel: `${publicUrl}/payments/cancel`,
    };
  }

  private termsOf({ pack, amount, currency }: Buying): Terms {
    const code = currency.toLowerCase();
    if (pack !== undefined && amount === undefined)
      return termsOfPack(this.parts.offer, pack, code);
    if (amount !== undefined && pack === undefined)
      return termsOfAmount(this.parts.offer, amount, code);
    throw bad('pack', 'Set exactly one of `pack` and `amount`.');
  }

  private async openPage(purchase: Purchase): Promise<Purchase> {
    const now = await readNow(this.parts.db);
    if (purchase.expiresAt.getTime() - now.getTime() < CHECKOUT_MIN_MS) {
      throw new AppError(
        'CONFLICT',
        'The checkout page of this purchase has expired. Buy again with a new idempotency key.',
      );
    }
    const customerId = await this.customerOf(purchase.accountId);
    const page = await this.parts.stripe.createCheckout(purchase, customerId, this.returnUrls());
    if (!(await store.setCheckout(this.parts.db, purchase.id, page))) {
      await this.parts.stripe.expireCheckout(page.sessionId);
      throw new AppError(
        'CONFLICT',
        'The purchase has ended in the meantime. Buy again with a new idempotency key.',
      );
    }
    return { ...purchase, sessionId: page.sessionId, checkoutUrl: page.url };
  }
}

function hashOf({ pack, amount, currency, saveCard }: Buying): Buffer<ArrayBuffer> {
  const request = JSON.stringify([pack, amount, currency.toLowerCase(), saveCard]);
  return createHash('sha256').update(request).digest();
}

function notActive(): AppError {
  return new AppError('FORBIDDEN', 'The account is closed or frozen and cannot buy credit.');
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
