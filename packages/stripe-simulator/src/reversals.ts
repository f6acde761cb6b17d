import type { Stripe } from 'stripe';
import { behaviorOf } from './cards.js';
import { newBalanceTransaction, newDispute, newRefund } from './balance-objects.js';
import type { Emit } from './payments.js';
import type { SimulatorStore } from './store.js';
import { invalid } from './stripe-error.js';

/** Money that goes back: refunds and disputes. */
export class Reversals {
  constructor(
    private readonly store: SimulatorStore,
    private readonly emit: Emit,
  ) {}

  /** @throws StripeSimulatorError 400 for more than is left of the charge */
  refund(
    charge: Stripe.Charge,
    given: {
      amount?: number | undefined;
      metadata: Stripe.Metadata;
      reason: Stripe.Refund.Reason | null;
    },
  ): Stripe.Refund {
    const left = charge.amount_captured - charge.amount_refunded;
    const amount = given.amount ?? left;
    if (charge.status !== 'succeeded') {
      throw invalid(`Charge ${charge.id} was not paid, and cannot be refunded.`);
    }
    if (left === 0) {
      throw invalid(`Charge ${charge.id} has already been refunded.`, {
        code: 'charge_already_refunded',
      });
    }
    if (!(amount >= 1 && amount <= left)) {
      throw invalid(
        `Refund amount (${String(amount)}) is greater than unrefunded amount on charge (${String(left)})`,
        { param: 'amount' },
      );
    }
    if (charge.disputed) {
      throw invalid(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
        code: 'charge_disputed',
      });
    }
    const behavior = behaviorOf(this.store.cards[charge.payment_method ?? ''] ?? '') ?? {};
    const made = this.made('re');
    const refund = this.store.put(
      newRefund(made, {
        amount,
        balance_transaction: this.move(-amount, charge.currency, made.id, 'refund').id,
        charge: charge.id,
        currency: charge.currency,
        customer: charge.customer,
        metadata: given.metadata,
        payment_intent: charge.payment_intent,
        payment_method: charge.payment_method,
        reason: given.reason,
        status: behavior.refund === 'succeeds later' ? 'pending' : 'succeeded',
      }),
    );
    charge.amount_refunded += amount;
    charge.refunded = charge.amount_refunded === charge.amount;
    this.emit('refund.created', refund);
    this.emit('charge.refunded', charge);
    return refund;
  }

  /** Ends a refund that waits, or that looked done: the money arrived, or came back. */
  settleRefund(refund: Stripe.Refund, status: 'succeeded' | 'failed' | 'canceled'): void {
    const looksDone = refund.status === 'succeeded' && status === 'failed';
    if (refund.status !== 'pending' && !looksDone) {
      throw invalid(`Refund ${refund.id} has ended already.`);
    }
    refund.status = status;
    if (status !== 'succeeded') {
      const charge = this.store.find('charge', refund.charge);
      if (charge !== undefined) {
        charge.amount_refunded -= refund.amount;
        charge.refunded = false;
      }
      const back = this.move(refund.amount, refund.currency, refund.id, 'refund_failure');
      refund.failure_balance_transaction = back.id;
      refund.failure_reason = 'expired_or_canceled_card';
    }
    this.emit('refund.updated', refund);
    this.emit('charge.refund.updated', refund);
    if (status === 'failed') this.emit('refund.failed', refund);
  }

  /** An inquiry asks, and moves no money; a dispute takes it at once. */
  open(charge: Stripe.Charge, { inquiry = false, amount = charge.amount } = {}): Stripe.Dispute {
    const dispute = this.store.put(
      newDispute(this.made('dp'), {
        amount,
        balance_transactions: [],
        charge: charge.id,
        currency: charge.currency,
        is_charge_refundable: inquiry,
        payment_intent: charge.payment_intent,
        reason: 'fraudulent',
        status: inquiry ? 'warning_needs_response' : 'needs_response',
      }),
    );
    charge.disputed = true;
    this.emit('charge.dispute.created', dispute);
    if (!inquiry) this.withdraw(dispute);
    return dispute;
  }

  /** An inquiry becomes a dispute. */
  escalate(dispute: Stripe.Dispute): void {
    dispute.status = 'needs_response';
    dispute.is_charge_refundable = false;
    this.withdraw(dispute);
    this.emit('charge.dispute.updated', dispute);
  }

  /** A won dispute gives the money back; a lost one keeps it; an inquiry just ends. */
  close(dispute: Stripe.Dispute, outcome: 'won' | 'lost'): void {
    if (dispute.status.startsWith('warning_')) {
      dispute.status = 'warning_closed';
    } else {
      if (['won', 'lost'].includes(dispute.status)) {
        throw invalid(`Dispute ${dispute.id} is closed already.`);
      }
      dispute.status = outcome;
      if (outcome === 'won') {
        dispute.balance_transactions.push(
          this.move(dispute.amount, dispute.currency, dispute.id, 'dispute_reversal'),
        );
        this.emit('charge.dispute.funds_reinstated', dispute);
      }
    }
    this.emit('charge.dispute.closed', dispute);
  }

  private withdraw(dispute: Stripe.Dispute): void {
    dispute.balance_transactions.push(
      this.move(-dispute.amount, dispute.currency, dispute.id, 'dispute'),
    );
    this.emit('charge.dispute.funds_withdrawn', dispute);
  }

  private move(
    amount: number,
    currency: string,
    source: string,
    category: 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal',
  ): Stripe.BalanceTransaction {
    const type = category.startsWith('dispute') ? 'adjustment' : (category as 'refund');
    return this.store.put(
      newBalanceTransaction(this.made('txn'), {
        amount,
        currency,
        reporting_category: category,
        source,
        type,
      }),
    );
  }

  private made(prefix: string) {
    return { id: this.store.newId(prefix), created: this.store.now() };
  }
}
