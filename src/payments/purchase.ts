import type { AccountId, PurchaseId, RefundRequestId } from '../platform/ids.js';
import type { TimeRange } from '../platform/time-range.js';
import type { Terms } from './credit-pack.js';

export const PURCHASE_KINDS = { CHECKOUT: 'CHECKOUT', TOP_UP: 'TOP_UP' } as const;
export type PurchaseKind = keyof typeof PURCHASE_KINDS;

export const PURCHASE_STATES = {
  PENDING: 'PENDING',
  WAITING: 'WAITING',
  PAID: 'PAID',
  FAILED: 'FAILED',
  EXPIRED: 'EXPIRED',
  REVIEW: 'REVIEW',
} as const;
export type PurchaseState = keyof typeof PURCHASE_STATES;

/** Credit that is sold. */
export interface Purchase extends Terms {
  readonly id: PurchaseId;
  readonly accountId: AccountId;
  readonly kind: PurchaseKind;
  readonly state: PurchaseState;
  readonly saveCard: boolean;
  /** A page that an automatic top-up opened when its card was declined. */
  readonly forTopUp: boolean;
  readonly sessionId: string | null;
  readonly paymentIntentId: string | null;
  readonly checkoutUrl: string | null;
  readonly receiptUrl: string | null;
  /** Taken back of what it gave, and in how many movements either way. */
  readonly clawedBackNanos: bigint;
  readonly reversals: number;
  readonly failure: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
}

/** Which purchases a list holds. Every list of values matches any of them; what is left out does not matter. */
export interface PurchaseFilter extends TimeRange {
  readonly states?: readonly PurchaseState[] | undefined;
  readonly kinds?: readonly PurchaseKind[] | undefined;
}

/** A part of an account's purchases, newest first. */
export interface PurchasePage {
  readonly first: number;
  /** An id. */
  readonly after?: string | undefined;
  readonly filter?: PurchaseFilter | undefined;
}

/** Money that came or went, as a line of Stripe's balance. */
export interface Movement {
  /** Of the balance transaction. */
  readonly id: string;
  readonly kind: 'CHARGE' | 'REFUND' | 'DISPUTE';
  /** Id of the charge, refund or dispute. */
  readonly source: string;
  /** In the currency that was paid in; below zero when it went back. */
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly occurredAt: Date;
}

/** A refund that an operator asked for. */
export interface RefundRequest {
  readonly id: RefundRequestId;
  readonly amountMinor: bigint;
  readonly state: 'PENDING' | 'DONE' | 'FAILED';
  /** Stripe's; null while it may not know of it. */
  readonly refundId: string | null;
}

/** A purchase, and all that is known of its money. */
export interface MoneyOf {
  readonly purchase: Purchase;
  readonly movements: readonly Movement[];
  readonly requests: readonly RefundRequest[];
}

/** What Stripe says of a payment at one moment. */
export interface Payment {
  readonly state: 'OPEN' | 'WAITING' | 'PAID' | 'FAILED' | 'EXPIRED';
  readonly paymentIntentId: string | null;
  /** Received without tax, in minor units; 0 until it is paid. */
  readonly netMinor: bigint;
  readonly currency: string;
  readonly receiptUrl: string | null;
  readonly failure: string | null;
  /** Kept for later, when its owner agreed. */
  readonly card: Card | null;
  readonly movements: readonly Movement[];
  /** Refunds that operators asked for: request → Stripe's refund; done once its money is on the balance. */
  readonly refunds: readonly {
    readonly requestId: string;
    readonly refundId: string;
    readonly state: RefundRequest['state'];
  }[];
}

export interface Card {
  readonly paymentMethodId: string;
  readonly brand: string;
  readonly lastFour: string;
}

/**
 * Credit that has to be taken back, because its money went back: the same share of the credit as of the
 * money, all of it when all went back, never more. Half a nano-dollar counts as one.
 *
 * Refunds and disputes count together, by what Stripe's balance says: a won dispute gives back what it
 * took, a failed refund too. The order does not matter.
 */
export function clawBackOf(
  purchase: Pick<Terms, 'creditNanos' | 'bonusNanos' | 'amountMinor'>,
  movements: readonly Pick<Movement, 'kind' | 'amountMinor'>[],
  requests: readonly Pick<RefundRequest, 'state' | 'amountMinor'>[],
): bigint {
  const { chargedMinor, goneMinor } = balanceOf(purchase, movements, requests);
  const total = purchase.creditNanos + purchase.bonusNanos;
  if (goneMinor <= 0n) return 0n;
  if (goneMinor >= chargedMinor) return total;
  return (total * goneMinor * 2n + chargedMinor) / (chargedMinor * 2n);
}

/** Money that came in, tax included, and of it what went back or is on its way back. */
export function balanceOf(
  { amountMinor: askedMinor }: Pick<Terms, 'amountMinor'>,
  movements: readonly Pick<Movement, 'kind' | 'amountMinor'>[],
  requests: readonly Pick<RefundRequest, 'state' | 'amountMinor'>[],
): { readonly chargedMinor: bigint; readonly goneMinor: bigint } {
  let [chargedMinor, goneMinor] = [0n, 0n];
  for (const { kind, amountMinor } of movements) {
    if (kind === 'CHARGE') chargedMinor += amountMinor;
    else goneMinor -= amountMinor;
  }
  for (const { state, amountMinor } of requests) {
    if (state === 'PENDING') goneMinor += amountMinor;
  }
  // The balance may get its line for a charge later than its customer gets the credit.
  return { chargedMinor: chargedMinor === 0n ? askedMinor : chargedMinor, goneMinor };
}

const REQUEST_RANK = { PENDING: 0, DONE: 1, FAILED: 2 } as const;

/** Requests by what Stripe says of their refunds. They go only up, unless we had given one up that Stripe has. */
export function afterRefunds(
  requests: readonly RefundRequest[],
  refunds: Payment['refunds'],
): RefundRequest[] {
  return requests.map((request) => {
    const refund = refunds.find(({ requestId }) => requestId === request.id);
    if (refund === undefined) return request;
    const { state, refundId } = refund;
    const isNews = request.refundId === null || REQUEST_RANK[state] > REQUEST_RANK[request.state];
    return isNews ? { ...request, state, refundId } : request;
  });
}

/** A purchase goes only up: what was read from Stripe long ago changes nothing. */
const RANK: Readonly<Record<PurchaseState, number>> = {
  PENDING: 0,
  WAITING: 1,
  FAILED: 2,
  EXPIRED: 3,
  REVIEW: 4,
  PAID: 5,
};

/**
 * What a purchase becomes by what Stripe says. Money that is not what was asked for, less or in another
 * currency, gives nothing by itself: a person has to look.
 */
export function stateAfter(
  purchase: Pick<Purchase, 'state' | 'amountMinor' | 'currency'>,
  payment: Pick<Payment, 'state' | 'netMinor' | 'currency'>,
): PurchaseState {
  const covered =
    payment.currency === purchase.currency && payment.netMinor >= purchase.amountMinor;
  const paid = covered ? 'PAID' : 'REVIEW';
  const states = { OPEN: 'PENDING', PAID: paid } as const;
  const next =
    payment.state === 'OPEN' || payment.state === 'PAID' ? states[payment.state] : payment.state;
  return RANK[next] > RANK[purchase.state] ? next : purchase.state;
}
