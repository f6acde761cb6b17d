import {
  StripeApi,
  StripeCards,
  StripeGateway,
  type Purchase,
  type StripeOptions,
} from '../../src/payments/index.js';
import { newId } from '../../src/platform/ids.js';

/** Our gateways to Stripe, or to its double: what the journeys run with. */
export interface Sandbox {
  readonly api: StripeApi;
  readonly gateway: StripeGateway;
  readonly cards: StripeCards;
  /** Tells whoever reads the run what could not be tried. */
  say(line: string): void;
}

/** @param say for what could not be tried */
export function openSandbox(options: StripeOptions, say: Sandbox['say']): Sandbox {
  const api = new StripeApi(options);
  return { api, gateway: new StripeGateway(api), cards: new StripeCards(api), say };
}

/** Of the meter that usage is told to. */
export const METER = 'gigarouter_test_usage_nanos';

/** Some things are written down at Stripe a moment later: asks again, at a pace that its limits allow. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 60; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`Stripe does not show ${what}.`);
}

/** Of 12.34 USD, as it is before it is paid. */
export function newPurchase(): Purchase {
  return {
    id: newId('pur'),
    accountId: newId('acct'),
    kind: 'CHECKOUT',
    state: 'PENDING',
    packId: null,
    creditNanos: 12_340_000_000n,
    bonusNanos: 0n,
    amountMinor: 1_234n,
    currency: 'usd',
    saveCard: false,
    forTopUp: false,
    sessionId: null,
    paymentIntentId: null,
    checkoutUrl: null,
    receiptUrl: null,
    clawedBackNanos: 0n,
    reversals: 0,
    failure: null,
    createdAt: new Date(),
    expiresAt: new Date(Date.now() + 3_600_000),
    endedAt: null,
  };
}

/** @returns its id at Stripe */
export const newCustomer = ({ gateway }: Sandbox, id = newId('acct')) =>
  gateway.createCustomer({ id, name: 'gigarouter test', email: 'test@example.org' });

/** A customer, and a card of theirs that is charged for a purchase. @param card as `pm_card_visa` */
export async function charge(sandbox: Sandbox, card = 'pm_card_visa', purchase = newPurchase()) {
  const { api, cards } = sandbox;
  const customer = await newCustomer(sandbox, purchase.accountId);
  const method = await api.ask((stripe) => stripe.paymentMethods.attach(card, { customer }));
  const saved = { paymentMethodId: method.id, brand: 'visa', lastFour: method.card?.last4 ?? '' };
  const again = () =>
    cards.chargeSavedCard(purchase, { customerId: customer, card: saved, again: false });
  const charged = await again();
  return { purchase, customer, method, charged, again, id: charged.paymentIntentId ?? '' };
}

/** What our gateway makes of a payment that was charged without a page. */
export const paymentOf = async ({ gateway }: Sandbox, paymentIntentId: string) => {
  const payment = await gateway.findPayment({ sessionId: null, paymentIntentId });
  if (payment === undefined) throw new Error('Stripe does not know the payment.');
  return payment;
};

/** What moved on the balance for a payment, once that many lines are there. */
export const movementsOf = (sandbox: Sandbox, id: string, lines: number) =>
  eventually(`${String(lines)} lines on its balance`, async () => {
    const { movements } = await paymentOf(sandbox, id);
    return movements.length >= lines ? movements : undefined;
  });

/** Makes the meter that the journeys tell usage to, once for a sandbox. */
export async function openMeter(api: StripeApi): Promise<void> {
  const meters = await api.ask((stripe) =>
    stripe.billing.meters
      .list({ status: 'active', limit: 100 })
      .autoPagingToArray({ limit: 1_000 }),
  );
  if (meters.some(({ event_name }) => event_name === METER)) return;
  await api.ask((stripe) =>
    stripe.billing.meters.create({
      display_name: 'gigarouter test',
      event_name: METER,
      default_aggregation: { formula: 'sum' },
    }),
  );
}
