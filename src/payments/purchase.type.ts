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
  description: 'Origin of a purchase.',
  valuesConfig: {
    CHECKOUT: { description: 'Paid by a person on a checkout page.' },
    TOP_UP: { description: 'Automatic top-up, charged to a saved card.' },
  },
});

registerEnumType(PURCHASE_STATES, {
  name: 'PurchaseState',
  description: 'State of a purchase.',
  valuesConfig: {
    PENDING: { description: 'Checkout page open; not paid yet.' },
    WAITING: { description: 'Payment is processing, for example a bank debit.' },
    PAID: { description: 'Paid, and credit granted.' },
    FAILED: { description: 'Payment failed; no credit granted.' },
    EXPIRED: { description: 'Checkout page expired unpaid.' },
    REVIEW: {
      description: 'Amount or currency paid differs from the price; awaiting operator review.',
    },
  },
});

@ObjectType('Money', { description: 'An amount of money with its currency.' })
export class MoneyType {
  @Field(() => String, {
    description:
      'Amount in major currency units with the currency’s decimal places, such as "12.50".',
  })
  readonly amount: string;

  @Field(() => String, { description: 'ISO 4217 currency code, such as "USD".' })
  readonly currency: string;

  constructor(minor: bigint, currency: string) {
    this.amount = formatAmount(minor, currency);
    this.currency = currency.toUpperCase();
  }
}

@ObjectType('CreditPack', { description: 'A fixed amount of credit for sale.' })
export class CreditPackType {
  @Field(() => ID, { description: 'ID of the pack; pass as `pack` to `buyCredits`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Display name of the pack.' })
  readonly name!: string;

  @Field(() => NanoUSD, { description: 'Credit that is paid for.' })
  readonly creditNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Bonus credit granted on top.' })
  readonly bonusNanos!: bigint;

  @Field(() => [MoneyType], { description: 'Prices of the pack, one per supported currency.' })
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
  description: 'A purchase of credit, completed or not.',
})
export class PurchaseType extends NodeType {
  readonly id!: string;

  @Field(() => PURCHASE_KINDS, { description: 'Origin of the purchase.' })
  readonly kind!: PurchaseKind;

  @Field(() => PURCHASE_STATES, { description: 'State of the purchase.' })
  readonly state!: PurchaseState;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the credit pack; null if an amount was chosen.',
  })
  readonly packId!: string | null;

  @Field(() => NanoUSD, { description: 'Credit that is paid for.' })
  readonly creditNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Bonus credit granted on top.' })
  readonly bonusNanos!: bigint;

  @Field(() => MoneyType, { description: 'Price before tax.' })
  readonly price!: MoneyType;

  @Field(() => NanoUSD, { description: 'Credit clawed back after refunds and disputes.' })
  readonly clawedBackNanos!: bigint;

  @Field(() => MoneyType, {
    description: 'Amount that can still be refunded, based on unspent credit.',
  })
  readonly refundable!: MoneyType;

  @Field(() => String, {
    nullable: true,
    description: 'URL of the checkout page; null unless the purchase is pending.',
  })
  readonly checkoutUrl!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'URL of the Stripe receipt; null if there is none.',
  })
  readonly receiptUrl!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Reason why the payment failed; null if it did not.',
  })
  readonly failure!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the purchase was created.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the checkout page expires.' })
  readonly expiresAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the payment succeeded or failed; null before that.',
  })
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

@ObjectType('PurchaseEdge', { description: 'An edge in a list of purchases.' })
export class PurchaseEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => PurchaseType, { description: 'The purchase at the end of the edge.' })
  readonly node!: PurchaseType;
}

@ObjectType('PurchaseConnection', { description: 'A page of an account’s purchases.' })
export class PurchaseConnectionType {
  @Field(() => [PurchaseEdgeType], { description: 'Purchases on this page, newest first.' })
  readonly edges!: readonly PurchaseEdgeType[];

  @Field(() => [PurchaseType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly PurchaseType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
