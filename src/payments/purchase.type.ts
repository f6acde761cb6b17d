import { Field, GraphQLISODateTime, ID, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';
import type { CreditPack } from './credit-pack.js';
import { formatAmount } from './currency.js';
import {
  type Purchase,
  PURCHASE_KINDS,
  PURCHASE_STATES,
  type PurchaseKind,
  type PurchaseState,
} from './purchase.js';

registerEnumType(PURCHASE_KINDS, {
  name: 'PurchaseKind',
  description: 'How credit was bought.',
  valuesConfig: {
    CHECKOUT: { description: 'By a person, on a checkout page.' },
    TOP_UP: { description: 'By itself, with a saved card.' },
  },
});

registerEnumType(PURCHASE_STATES, {
  name: 'PurchaseState',
  description: 'What became of a purchase.',
  valuesConfig: {
    PENDING: { description: 'Its page is open; nobody has paid yet.' },
    WAITING: { description: 'Payment is on its way, as from a bank account.' },
    PAID: { description: 'Paid; its credit is there.' },
    FAILED: { description: 'It was not paid.' },
    EXPIRED: { description: 'Its page was closed unpaid.' },
    REVIEW: {
      description: 'Something else was paid than was asked for; the operator looks at it.',
    },
  },
});

@ObjectType('Money', { description: 'An amount in a currency.' })
export class MoneyType {
  @Field(() => String, { description: 'In whole units with the currency’s decimals, as "12.50".' })
  readonly amount: string;

  @Field(() => String, { description: 'ISO 4217, as "USD".' })
  readonly currency: string;

  constructor(minor: bigint, currency: string) {
    this.amount = formatAmount(minor, currency);
    this.currency = currency.toUpperCase();
  }
}

@ObjectType('CreditPack', { description: 'Credit that is offered.' })
export class CreditPackType {
  @Field(() => ID, { description: 'For `buyCredits`.' })
  readonly id!: string;

  @Field(() => String, { description: 'For people.' })
  readonly name!: string;

  @Field(() => NanoUSD, { description: 'The credit that is paid for.' })
  readonly creditNanos!: bigint;

  @Field(() => NanoUSD, { description: 'What comes on top.' })
  readonly bonusNanos!: bigint;

  @Field(() => [MoneyType], { description: 'Its price, in each currency that it is sold in.' })
  readonly prices!: readonly MoneyType[];
}

export function toCreditPack({ prices, ...pack }: CreditPack): CreditPackType {
  return {
    ...pack,
    prices: [...prices].map(([currency, minor]) => new MoneyType(minor, currency)),
  };
}

@ObjectType('Purchase', {
  implements: NodeType,
  description: 'Credit that is, or was to be, bought.',
})
export class PurchaseType extends NodeType {
  readonly id!: string;

  @Field(() => PURCHASE_KINDS, { description: 'How.' })
  readonly kind!: PurchaseKind;

  @Field(() => PURCHASE_STATES, { description: 'What became of it.' })
  readonly state!: PurchaseState;

  @Field(() => ID, { nullable: true, description: 'The pack; null for an amount.' })
  readonly packId!: string | null;

  @Field(() => NanoUSD, { description: 'The credit that is paid for.' })
  readonly creditNanos!: bigint;

  @Field(() => NanoUSD, { description: 'What comes on top.' })
  readonly bonusNanos!: bigint;

  @Field(() => MoneyType, { description: 'Without tax.' })
  readonly price!: MoneyType;

  @Field(() => NanoUSD, { description: 'Credit that was taken back, as its money went back.' })
  readonly clawedBackNanos!: bigint;

  @Field(() => MoneyType, { description: 'What an operator could give back now: what is unspent.' })
  readonly refundable!: MoneyType;

  @Field(() => String, { nullable: true, description: 'Where to pay, while it is pending.' })
  readonly checkoutUrl!: string | null;

  @Field(() => String, { nullable: true, description: 'Stripe’s receipt.' })
  readonly receiptUrl!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it was not paid.' })
  readonly failure!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When its page was asked for.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When its page closes.' })
  readonly expiresAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was paid, or failed.' })
  readonly endedAt!: Date | null;
}

/** @param refundableMinor what could be given back now */
export function toPurchase(purchase: Purchase, refundableMinor: bigint): PurchaseType {
  const { currency, amountMinor, state, checkoutUrl } = purchase;
  return {
    ...purchase,
    price: new MoneyType(amountMinor, currency),
    refundable: new MoneyType(refundableMinor, currency),
    checkoutUrl: state === 'PENDING' ? checkoutUrl : null,
  };
}

@ObjectType('PurchaseEdge', { description: 'A purchase in a list (Relay).' })
export class PurchaseEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => PurchaseType, { description: 'The purchase.' })
  readonly node!: PurchaseType;
}

@ObjectType('PurchaseConnection', { description: 'One page of an account’s purchases (Relay).' })
export class PurchaseConnectionType {
  @Field(() => [PurchaseEdgeType], { description: 'The rows of this page, in order.' })
  readonly edges!: readonly PurchaseEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies in the list.' })
  readonly pageInfo!: PageInfoType;
}

@ObjectType('PaymentPage', { description: 'A page to send a person to.' })
export class PaymentPageType {
  @Field(() => String, { description: 'Its address; it works for a while.' })
  readonly url!: string;
}
