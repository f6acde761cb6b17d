import type { Stripe } from 'stripe';
import type { Card, Movement, Payment } from './purchase.js';

/** Refunds with their lines of the balance, and disputes, of one payment. */
interface Reversals {
  readonly refunds: readonly Stripe.Refund[];
  readonly disputes: readonly Stripe.Dispute[];
}

/** What a checkout page says. Its payment counts, whatever the page's own state. */
export function paymentOfSession(session: Stripe.Checkout.Session, reversals: Reversals): Payment {
  const intent = typeof session.payment_intent === 'object' ? session.payment_intent : null;
  const payment = intent === null ? undefined : paymentOfIntent(intent, reversals);
  const taxMinor = BigInt(session.total_details?.amount_tax ?? 0);
  if (payment?.state === 'PAID') {
    return { ...payment, netMinor: payment.netMinor - taxMinor };
  }
  const nothing: Payment = payment ?? {
    state: 'OPEN',
    paymentIntentId: null,
    netMinor: 0n,
    currency: session.currency ?? '',
    receiptUrl: null,
    failure: null,
    card: null,
    movements: [],
    refunds: [],
  };
  // A declined card leaves the page open: its customer may try another.
  if (session.status === 'open') return { ...nothing, state: 'OPEN' };
  if (session.status === 'expired') return { ...nothing, state: 'EXPIRED' };
  if (payment?.state === 'WAITING') return payment;
  // Complete, and no money came or will come: a price of nothing buys nothing.
  return { ...nothing, state: 'FAILED', failure: nothing.failure ?? 'Nothing was paid.' };
}

export function paymentOfIntent(
  intent: Stripe.PaymentIntent,
  { refunds, disputes }: Reversals,
): Payment {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null;
  const paid = intent.status === 'succeeded';
  return {
    state: STATES[intent.status] ?? 'OPEN',
    paymentIntentId: intent.id,
    netMinor: paid ? BigInt(intent.amount_received) : 0n,
    currency: intent.currency,
    receiptUrl: charge?.receipt_url ?? null,
    failure: intent.last_payment_error?.message ?? null,
    card: cardOf(intent),
    movements: [
      ...chargeMovements(paid ? charge : null),
      ...refunds.flatMap(refundMovements),
      ...disputes.flatMap(disputeMovements),
    ],
    refunds: refunds.flatMap((refund) => {
      const requestId = refund.metadata?.refund_request_id;
      return requestId === undefined
        ? []
        : [{ requestId, refundId: refund.id, state: stateOfRefund(refund) }];
    }),
  };
}

function stateOfRefund({ status, balance_transaction: line }: Stripe.Refund) {
  if (status === 'failed' || status === 'canceled') return 'FAILED';
  return line === null ? 'PENDING' : 'DONE';
}

const STATES: Readonly<Record<string, Payment['state']>> = {
  succeeded: 'PAID',
  processing: 'WAITING',
  requires_payment_method: 'FAILED',
  canceled: 'FAILED',
};

function cardOf({ payment_method: method, setup_future_usage }: Stripe.PaymentIntent): Card | null {
  if (setup_future_usage !== 'off_session' || typeof method !== 'object') return null;
  if (method?.card === undefined) return null;
  return { paymentMethodId: method.id, brand: method.card.brand, lastFour: method.card.last4 };
}

function chargeMovements(charge: Stripe.Charge | null): Movement[] {
  if (charge === null) return [];
  return lineOf(charge.balance_transaction, {
    kind: 'CHARGE',
    source: charge.id,
    amountMinor: BigInt(charge.amount),
    currency: charge.currency,
  });
}

function refundMovements(refund: Stripe.Refund): Movement[] {
  const { id: source, currency } = refund;
  const amount = BigInt(refund.amount);
  const what = { kind: 'REFUND', source, currency } as const;
  return [
    ...lineOf(refund.balance_transaction, { ...what, amountMinor: -amount }),
    ...lineOf(refund.failure_balance_transaction ?? null, { ...what, amountMinor: amount }),
  ];
}

/**
 * The lines are in the currency of our balance, the dispute in that which was paid: the first line takes all
 * of it, and each other one its share.
 */
function disputeMovements(dispute: Stripe.Dispute): Movement[] {
  const { id: source, currency, balance_transactions: lines } = dispute;
  const amount = BigInt(dispute.amount);
  const taken = lines.find((line) => line.amount < 0)?.amount;
  if (taken === undefined) return [];
  return lines.flatMap((line) =>
    lineOf(line, {
      kind: 'DISPUTE',
      source,
      currency,
      amountMinor: (-amount * BigInt(line.amount)) / BigInt(taken),
    }),
  );
}

/** One line of Stripe's balance: the movement, and the payment that it belongs to. */
export interface BalanceLine {
  readonly movement: Movement;
  readonly paymentIntentId: string | null;
  /** What we wrote on the payment. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A line with its source expanded; undefined when it is no charge, refund or dispute. */
export function balanceLineOf(line: Stripe.BalanceTransaction): BalanceLine | undefined {
  const { source } = line;
  if (source === null || typeof source === 'string') return undefined;
  const movements = movementsOf(source, line);
  const movement = movements.find(({ id }) => id === line.id);
  if (movement === undefined || !('payment_intent' in source)) return undefined;
  const intent = source.payment_intent;
  const paymentIntentId = typeof intent === 'object' ? (intent?.id ?? null) : intent;
  return { movement, paymentIntentId, metadata: { ...source.metadata } };
}

function movementsOf(
  source: Exclude<Stripe.BalanceTransaction['source'], string | null>,
  line: Stripe.BalanceTransaction,
): Movement[] {
  if (source.object === 'charge') {
    return chargeMovements({ ...source, balance_transaction: line });
  }
  if (source.object === 'dispute') return disputeMovements(source);
  if (source.object !== 'refund') return [];
  const failed = line.amount > 0;
  return refundMovements({
    ...source,
    balance_transaction: failed ? null : line,
    ...(failed ? { failure_balance_transaction: line } : {}),
  });
}

/** Empty while the balance has no line for it. */
function lineOf(
  line: string | Stripe.BalanceTransaction | null,
  movement: Omit<Movement, 'id' | 'occurredAt'>,
): Movement[] {
  if (line === null || typeof line === 'string' || movement.amountMinor === 0n) return [];
  return [{ ...movement, id: line.id, occurredAt: new Date(line.created * 1_000) }];
}
