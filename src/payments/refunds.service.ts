import { AppError } from '../errors.js';
import type { CreditsService } from '../credits/index.js';
import { actorName } from '../platform/actor.js';
import { type AuditedActor, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import {
  type AccountId,
  isPurchaseId,
  newId,
  type PurchaseId,
  type RefundRequestId,
} from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { readNow } from '../platform/now.store.js';
import { formatAmount, parseAmount } from './currency.js';
import type { FulfillmentService } from './fulfillment.service.js';
import {
  balanceOf,
  clawBackOf,
  type MoneyOf,
  type Purchase,
  type RefundRequest,
} from './purchase.js';
import * as store from './purchases.store.js';
import * as requests from './refund-requests.store.js';
import type { StripeGateway } from './stripe.gateway.js';

export interface Refunding {
  readonly purchaseId: string;
  /** In whole units of the purchase's currency; left out: all that can be refunded. */
  readonly amount?: string | undefined;
  readonly reason: string;
  readonly by: AuditedActor;
  readonly idempotencyKey: string;
}

/** A refund that nothing is known of is asked for again after this. */
const UNKNOWN_S = 30;
/** Stripe forgets idempotency keys after a day; well before, a refund is not asked for again. */
const KEY_KEPT_MS = 20 * 3_600_000;
const AT_ONCE = 20;

export interface RefundsParts {
  readonly db: Database;
  readonly credits: Pick<CreditsService, 'postWithin' | 'spareOf' | 'unspent'>;
  readonly stripe: Pick<StripeGateway, 'refund' | 'provider'>;
  readonly fulfillment: FulfillmentService;
  readonly logger: Logger;
}

/** Money back for credit that was not spent. */
export class RefundsService {
  constructor(private readonly parts: RefundsParts) {}

  /**
   * The most that can be given back for each purchase, in minor units, by id: as much of its price as of its
   * credit is unspent, less what went back already.
   */
  async refundable(
    accountId: AccountId,
    purchases: readonly Purchase[],
  ): Promise<ReadonlyMap<string, bigint>> {
    const paid = purchases.filter(({ state }) => state === 'PAID').map(({ id }) => id);
    if (paid.length === 0) return new Map();
    const money = await store.listMoney(this.parts.db.prisma, paid);
    const unspent = await this.parts.credits.unspent(accountId, paid);
    return new Map(
      money.map((one) => [one.purchase.id, refundableOf(one, unspent.get(one.purchase.id) ?? 0n)]),
    );
  }

  /**
   * Takes the credit back, then gives the money back. Asked again with the same key, it is one refund.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT, CONFLICT when more is asked for than can be given back, or
   *   Stripe refuses; UPSTREAM_UNAVAILABLE: what became of it is found out later
   */
  async refund(refunding: Refunding): Promise<Purchase> {
    const { purchaseId } = refunding;
    const purchase = isPurchaseId(purchaseId)
      ? await store.findPurchase(this.parts.db, purchaseId)
      : undefined;
    if (purchase === undefined) throw new AppError('NOT_FOUND', 'Purchase not found.');
    const { id } = purchase;
    const request = await this.parts.db.transaction((tx) => this.request(tx, purchase, refunding));
    const settled =
      request.state === 'PENDING'
        ? await this.finish(id, request, false)
        : await this.parts.fulfillment.settle(id);
    return settled ?? purchase;
  }

  /**
   * One turn: finishes refunds whose outcome is not known, as no answer came, or the process died. Any number
   * of servers may.
   */
  async turn(): Promise<void> {
    const unknown = await requests.listUnknownRefunds(this.parts.db, {
      provider: this.parts.stripe.provider,
      unknownS: UNKNOWN_S,
      atMost: AT_ONCE,
    });
    for (const { purchaseId, ...request } of unknown) {
      await this.finish(purchaseId, request, true).catch((err: unknown) => {
        this.parts.logger.warn({ err, purchaseId }, 'a refund did not end; it is looked at again');
      });
    }
  }

  /**
   * Asks Stripe for a refund that was written down, unless Stripe has it already: its key may be forgotten.
   * @param again it was asked for a while ago
   * @throws AppError CONFLICT when it comes to nothing; UPSTREAM_UNAVAILABLE
   */
  private async finish(
    purchaseId: PurchaseId,
    request: { id: RefundRequestId; amountMinor: bigint; createdAt: Date },
    again: boolean,
  ): Promise<Purchase | undefined> {
    // Settling ends a request that Stripe has, and says by what the purchase was paid, a moment ago perhaps.
    const purchase = await this.parts.fulfillment.settle(purchaseId);
    if (purchase === undefined || !(await requests.isUnknown(this.parts.db, request.id)))
      return purchase;
    const now = await readNow(this.parts.db);
    if (request.createdAt.getTime() <= now.getTime() - KEY_KEPT_MS) {
      await this.fail(purchaseId, request.id, 'Stripe knows nothing of it.');
      throw new AppError(
        'CONFLICT',
        'Stripe has no record of this refund. Use a new idempotency key.',
      );
    }
    await this.send(purchase, request, again);
    return this.parts.fulfillment.settle(purchaseId);
  }

  /** Its credit comes back. */
  private async fail(
    purchaseId: PurchaseId,
    requestId: RefundRequestId,
    failure: string,
  ): Promise<void> {
    await this.parts.db.transaction((tx) => requests.failRefundRequest(tx, requestId, failure));
    await this.parts.fulfillment.settle(purchaseId);
  }

  /** Asks Stripe for a refund that was written down; safe to repeat. */
  private async send(
    { id, paymentIntentId }: Purchase,
    request: { id: RefundRequestId; amountMinor: bigint },
    again: boolean,
  ): Promise<void> {
    if (paymentIntentId === null) throw new Error(`Purchase ${id} was paid by nothing.`);
    try {
      await this.parts.stripe.refund({ ...request, paymentIntentId }, again);
    } catch (error) {
      if (error instanceof AppError) throw error;
      const failure = error instanceof Error ? error.message : String(error);
      await this.fail(id, request.id, failure);
      throw new AppError('CONFLICT', `Stripe refused the refund: ${failure}`, { cause: error });
    }
  }

  private async request(
    tx: Transaction,
    { id, accountId, currency }: Purchase,
    { amount, reason, by, idempotencyKey }: Refunding,
  ): Promise<RefundRequest & { readonly createdAt: Date }> {
    const locked = await store.lockPurchase(tx, id);
    const known = await requests.findRefundRequest(tx, id, idempotencyKey);
    if (known !== undefined) return checkSame(known, amount, currency);
    if (locked?.purchase.state !== 'PAID') {
      throw new AppError('CONFLICT', 'Only paid purchases can be refunded.');
    }
    const most = refundableOf(locked, await this.parts.credits.spareOf(tx, accountId, id));
    const amountMinor = amount === undefined ? most : parseAmount(amount, currency);
    if (amountMinor > most || amountMinor === 0n) {
      throw new AppError(
        'CONFLICT',
        `At most ${formatAmount(most, currency)} ${currency.toUpperCase()} can be refunded; the rest was spent or already refunded.`,
      );
    }
    const request = {
      id: newId('rfd'),
      amountMinor,
      state: 'PENDING',
      refundId: null,
      createdAt: await readNow(tx),
    } as const;
    const actor = actorName(by);
    await requests.insertRefundRequest(tx, {
      ...request,
      purchaseId: id,
      reason,
      actor,
      idempotencyKey,
    });
    const { purchase, movements, requests: earlier } = locked;
    const clawedBackNanos = clawBackOf(purchase, movements, [...earlier, request]);
    const reversals = purchase.reversals + 1;
    await this.parts.credits.postWithin(tx, {
      id: `${id}:${String(reversals)}`,
      accountId,
      kind: 'REFUND',
      nanos: purchase.clawedBackNanos - clawedBackNanos,
      lotId: id,
      actor,
      reverses: id,
      reason,
    });
    await store.updatePurchase(tx, id, { clawedBackNanos, reversals });
    await insertAuditEvent(tx, {
      actor: by,
      accountId,
      action: 'purchase.refunded',
      target: id,
      details: { amount: amount ?? 'all', reason },
    });
    return request;
  }
}

/** @throws AppError IDEMPOTENCY_MISMATCH, CONFLICT when it has failed */
function checkSame<T extends RefundRequest>(
  known: T,
  amount: string | undefined,
  currency: string,
): T {
  if (amount !== undefined && parseAmount(amount, currency) !== known.amountMinor) {
    throw new AppError(
      'IDEMPOTENCY_MISMATCH',
      'This idempotency key was already used for a refund of another amount. Use a new key.',
    );
  }
  if (known.state !== 'FAILED') return known;
  throw new AppError('CONFLICT', 'This refund failed. Try again with a new idempotency key.');
}

/** Less than is unspent, and less than is still there. In minor units. */
function refundableOf({ purchase, movements, requests }: MoneyOf, unspentNanos: bigint): bigint {
  const { chargedMinor, goneMinor } = balanceOf(purchase, movements, requests);
  const unspentMinor = (chargedMinor * unspentNanos) / (purchase.creditNanos + purchase.bonusNanos);
  const leftMinor = chargedMinor - goneMinor;
  const least = unspentMinor < leftMinor ? unspentMinor : leftMinor;
  return least > 0n ? least : 0n;
}
