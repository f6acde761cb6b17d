import type { Stripe } from 'stripe';
import { behaviorOf, type CardBehavior } from './cards.js';
import { newBalanceTransaction } from './balance-objects.js';
import { idOf, newCharge, newIntent, newPaymentMethod, newSetupIntent } from './objects.js';
import { StripeSimulatorError } from './stripe-error.js';
import type { SimulatorStore, StripeObject } from './store.js';

/** Tells the world that something happened to an object. */
export type Emit = (type: string, object: StripeObject) => void;

type Session = Stripe.Checkout.Session;

export interface PaymentsParts {
  readonly store: SimulatorStore;
  readonly emit: Emit;
  /** Where this server is reached. */
  readonly url: () => string;
  readonly disputes: {
    open(charge: Stripe.Charge, options: { inquiry: boolean }): unknown;
  };
}

/** Payments from the card to the balance: what happens on the checkout page, and off it. */
export class Payments {
  private readonly store: SimulatorStore;
  private readonly emit: Emit;

  constructor(private readonly parts: PaymentsParts) {
    this.store = parts.store;
    this.emit = parts.emit;
  }

  /** A card on the checkout page. @throws StripeSimulatorError 402 when it is declined; the session stays open */
  pay(session: Session, cardNumber: string): void {
    checkOpen(session);
    const behavior = behaviorOf(cardNumber);
    if (behavior === undefined) throw cardError(INCORRECT_NUMBER);
    const { decline } = behavior;
    if (session.mode === 'setup') {
      if (decline !== undefined) throw cardError(decline);
      this.setUp(session, cardNumber);
      return;
    }
    const intent = this.intentOf(session);
    const method = this.newMethod(cardNumber);
    if (decline !== undefined) throw this.fail(intent, decline, method);
    if (intent.setup_future_usage === 'off_session') this.attach(method, session.customer);
    intent.payment_method = method.id;
    const charge = this.charge(intent, behavior);
    session.status = 'complete';
    session.payment_status = 'paid';
    this.emit('checkout.session.completed', session);
    this.afterCharge(charge, behavior);
  }

  /** A debit from a bank account: complete now, paid or refused by `settleLater`. */
  payLater(session: Session): void {
    checkOpen(session);
    const intent = this.intentOf(session);
    intent.status = 'processing';
    session.status = 'complete';
    session.payment_status = 'unpaid';
    this.emit('payment_intent.processing', intent);
    this.emit('checkout.session.completed', session);
  }

  settleLater(session: Session, paid: boolean): void {
    const intent = this.store.find('payment_intent', session.payment_intent);
    if (intent?.status !== 'processing') throw closed(session);
    if (paid) {
      this.charge(intent, {});
      session.payment_status = 'paid';
      this.emit('checkout.session.async_payment_succeeded', session);
    } else {
      const message = 'The bank account has not enough funds.';
      this.fail(intent, { code: 'insufficient_funds', message });
      this.emit('checkout.session.async_payment_failed', session);
    }
  }

  expire(session: Session): void {
    checkOpen(session);
    session.status = 'expired';
    session.url = null;
    this.emit('checkout.session.expired', session);
  }

  /** Ends sessions whose time is over. */
  expireOld(): void {
    for (const session of this.store.all('checkout.session')) {
      if (session.status === 'open' && session.expires_at <= this.store.now()) this.expire(session);
    }
  }

  /** Charges a saved card while its owner is away. @throws StripeSimulatorError 402 */
  payOffSession(intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
    const behavior = behaviorOf(this.store.cards[method.id] ?? '') ?? {};
    const decline = behavior.decline ?? behavior.offSessionDecline;
    if (decline !== undefined) throw this.fail(intent, decline, method);
    intent.payment_method = method.id;
    this.afterCharge(this.charge(intent, behavior), behavior);
  }

  cancel(intent: Stripe.PaymentIntent): void {
    if (['succeeded', 'canceled', 'processing'].includes(intent.status)) {
      throw new StripeSimulatorError(400, {
        type: 'invalid_request_error',
        code: 'payment_intent_unexpected_state',
        message: `You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`,
        payment_intent: intent,
      });
    }
    intent.status = 'canceled';
    intent.canceled_at = this.store.now();
    this.emit('payment_intent.canceled', intent);
  }

  /** Saves a card without a page, as tests do. */
  save(cardNumber: string, customer: string): Stripe.PaymentMethod {
    const method = this.newMethod(cardNumber);
    this.attach(method, customer);
    return method;
  }

  detach(method: Stripe.PaymentMethod): void {
    method.customer = null;
    this.emit('payment_method.detached', method);
  }

  private setUp(session: Session, cardNumber: string): void {
    const intent = this.store.put(
      newSetupIntent(this.made('seti'), {
        customer: session.customer,
        metadata: session.metadata,
      }),
    );
    const method = this.newMethod(cardNumber);
    this.attach(method, session.customer);
    intent.payment_method = method.id;
    intent.status = 'succeeded';
    session.setup_intent = intent.id;
    session.status = 'complete';
    session.payment_status = 'no_payment_required';
    this.emit('setup_intent.succeeded', intent);
    this.emit('checkout.session.completed', session);
  }

  /** Stripe makes the intent when somebody tries to pay, not before. */
  private intentOf(session: Session): Stripe.PaymentIntent {
    const made = this.store.find('payment_intent', session.payment_intent);
    if (made !== undefined) return made;
    const { metadata = {}, setup_future_usage = null } = this.store.intentTerms[session.id] ?? {};
    const intent = this.store.put(
      newIntent(this.made('pi'), {
        amount: session.amount_total ?? 0,
        currency: session.currency ?? 'usd',
        customer: session.customer,
        metadata,
        payment_method: null,
        setup_future_usage,
      }),
    );
    session.payment_intent = intent.id;
    this.emit('payment_intent.created', intent);
    return intent;
  }

  private newMethod(cardNumber: string): Stripe.PaymentMethod {
    const digits = cardNumber.replace(/\D/g, '');
    const method = this.store.put(newPaymentMethod(this.made('pm'), digits.slice(-4)));
    this.store.cards[method.id] = digits;
    return method;
  }

  private attach(method: Stripe.PaymentMethod, customer: Session['customer']): void {
    method.customer = idOf(customer);
    this.emit('payment_method.attached', method);
  }

  private charge(intent: Stripe.PaymentIntent, { dispute }: CardBehavior): Stripe.Charge {
    const made = this.made('ch');
    const { amount, currency } = intent;
    const transaction = this.store.put(
      newBalanceTransaction(this.made('txn'), {
        amount,
        currency,
        reporting_category: 'charge',
        source: made.id,
        type: 'charge',
      }),
    );
    const charge = this.store.put(
      newCharge(made, intent, {
        balance_transaction: transaction.id,
        receipt_url: `${this.parts.url()}/receipts/${made.id}`,
      }),
    );
    charge.disputed = dispute === 'fraudulent';
    intent.status = 'succeeded';
    intent.amount_received = amount;
    intent.latest_charge = charge.id;
    intent.last_payment_error = null;
    this.emit('charge.succeeded', charge);
    this.emit('payment_intent.succeeded', intent);
    return charge;
  }

  private afterCharge(charge: Stripe.Charge, { dispute }: CardBehavior): void {
    if (dispute !== undefined) this.parts.disputes.open(charge, { inquiry: dispute === 'inquiry' });
  }

  /** What was refused leaves a charge that moved nothing. @returns what its caller is told */
  private fail(
    intent: Stripe.PaymentIntent,
    refused: Refusal,
    method?: Stripe.PaymentMethod,
  ): StripeSimulatorError {
    const { code, message, declineCode } = refused;
    const charge = this.store.put(
      newCharge(this.made('ch'), intent, { balance_transaction: null, receipt_url: null }),
    );
    const failed = { status: 'failed', paid: false, captured: false, amount_captured: 0 } as const;
    Object.assign(charge, failed, { failure_code: code, failure_message: message });
    charge.payment_method = method?.id ?? null;
    intent.status = 'requires_payment_method';
    intent.latest_charge = charge.id;
    intent.last_payment_error = {
      type: 'card_error',
      charge: charge.id,
      code,
      message,
      ...(declineCode === undefined ? {} : { decline_code: declineCode }),
      ...(method === undefined ? {} : { payment_method: method }),
    };
    this.emit('charge.failed', charge);
    this.emit('payment_intent.payment_failed', intent);
    return cardError(refused, {
      charge: charge.id,
      payment_intent: intent,
      payment_method: method,
    });
  }

  private made(prefix: string) {
    return { id: this.store.newId(prefix), created: this.store.now() };
  }
}

const INCORRECT_NUMBER = { code: 'incorrect_number', message: 'Your card number is incorrect.' };

function checkOpen(session: Session): void {
  if (session.status !== 'open') throw closed(session);
}

function closed(session: Session): StripeSimulatorError {
  return new StripeSimulatorError(400, {
    type: 'invalid_request_error',
    message: `This Checkout Session is ${session.status ?? 'closed'} already.`,
  });
}

type Refusal = NonNullable<CardBehavior['decline']>;

function cardError(
  { code, declineCode, message }: Refusal,
  about: Pick<StripeSimulatorError['body'], 'charge' | 'payment_intent' | 'payment_method'> = {},
): StripeSimulatorError {
  const type = 'card_error';
  return new StripeSimulatorError(402, {
    type,
    code,
    message,
    decline_code: declineCode,
    ...about,
  });
}
