/** What a test card does, as Stripe's test cards do (docs.stripe.com/testing). */
export interface CardBehavior {
  /** Refused whenever it is charged. */
  readonly decline?: { code: string; declineCode?: string; message: string };
  /** Refused only when its owner is not there. */
  readonly offSessionDecline?: { code: string; declineCode?: string; message: string };
  /** The charge is disputed at once. */
  readonly dispute?: 'fraudulent' | 'inquiry';
  /** A refund waits, and ends so. */
  readonly refund?: 'succeeds later' | 'fails later';
}

const AUTHENTICATION = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};
const DECLINED = {
  code: 'card_declined',
  declineCode: 'generic_decline',
  message: 'Your card was declined.',
};

const BEHAVIORS: Readonly<Record<string, CardBehavior>> = {
  '4242424242424242': {},
  '4000000000000002': { decline: DECLINED },
  '4000000000009995': {
    decline: {
      code: 'card_declined',
      declineCode: 'insufficient_funds',
      message: 'Your card has insufficient funds.',
    },
  },
  '4000000000000069': { decline: { code: 'expired_card', message: 'Your card has expired.' } },
  '4000000000000341': { offSessionDecline: DECLINED },
  '4000002760003184': { offSessionDecline: AUTHENTICATION },
  '4000000000000259': { dispute: 'fraudulent' },
  '4000000000001976': { dispute: 'inquiry' },
  '4000000000007726': { refund: 'succeeds later' },
  '4000000000005126': { refund: 'fails later' },
};

/** Payment methods that are there to be attached to a customer, by the number of their card. */
export const TEST_METHODS: Readonly<Record<string, string>> = {
  pm_card_visa: '4242424242424242',
  pm_card_bypassPending: '4000000000000077',
  pm_card_chargeCustomerFail: '4000000000000341',
  pm_card_authenticationRequired: '4000002760003184',
};

/** For the checkout page. */
export const TEST_CARDS: Readonly<Record<string, string>> = {
  '4242 4242 4242 4242': 'pays',
  '4000 0000 0000 0002': 'is declined',
  '4000 0000 0000 9995': 'has insufficient funds',
  '4000 0000 0000 0069': 'has expired',
  '4000 0000 0000 0341': 'pays now, is declined when charged later',
  '4000 0027 6000 3184': 'pays now, wants its owner when charged later',
  '4000 0000 0000 0259': 'pays, and is disputed',
  '4000 0000 0000 1976': 'pays, and its bank inquires',
  '4000 0000 0000 7726': 'pays; a refund succeeds later',
  '4000 0000 0000 5126': 'pays; a refund fails later',
};

/** @returns undefined for a number that is no card's */
export function behaviorOf(cardNumber: string): CardBehavior | undefined {
  const digits = cardNumber.replace(/[\s-]/g, '');
  return BEHAVIORS[digits] ?? (/^\d{13,19}$/.test(digits) && passesLuhn(digits) ? {} : undefined);
}

function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, at) => {
      const value = Number(digit) * (at % 2 === 1 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return sum % 10 === 0;
}
