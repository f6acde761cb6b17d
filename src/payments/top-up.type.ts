import { AccountInput } from '../graphql/input.js';
import { Field, GraphQLISODateTime, InputType, Int, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import type { Card } from './purchase.js';
import { MoneyType } from './purchase.type.js';
import type { TopUpPolicy } from './top-up.js';

@ObjectType('SavedCard', { description: 'A card that Stripe stores for the account.' })
export class SavedCardType {
  @Field(() => String, { description: 'Brand of the card, such as "visa".' })
  readonly brand!: string;

  @Field(() => String, { description: 'Last four digits of the card number.' })
  readonly lastFour!: string;
}

@ObjectType('AutoTopUp', { description: 'Automatic top-up settings of an account.' })
export class AutoTopUpType {
  @Field(() => Boolean, { name: 'isEnabled', description: 'Whether automatic top-up is enabled.' })
  readonly enabled!: boolean;

  @Field(() => NanoUSD, { description: 'Balance below which credit is bought.' })
  readonly thresholdNanos!: bigint;

  @Field(() => MoneyType, { description: 'Amount charged per top-up.' })
  readonly amount!: MoneyType;

  @Field(() => MoneyType, { description: 'Maximum total of charges per calendar month (UTC).' })
  readonly monthlyCap!: MoneyType;

  @Field(() => MoneyType, {
    description: 'Total of charges this month, including those in progress.',
  })
  readonly spentThisMonth!: MoneyType;

  @Field(() => SavedCardType, {
    nullable: true,
    description: 'Card that is charged; null if none is saved.',
  })
  readonly card!: SavedCardType | null;

  @Field(() => String, { description: 'Full text of the consent given by the customer.' })
  readonly consent!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time at which `consent` was given.' })
  readonly consentedAt!: Date;

  @Field(() => Int, { description: 'Number of consecutive failed charges.' })
  readonly failures!: number;

  @Field(() => GraphQLISODateTime, { description: 'Earliest time of the next charge attempt.' })
  readonly nextAttemptAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Reason why automatic top-up was disabled; null if it was not.',
  })
  readonly offReason!: string | null;
}

/** @param spentMinor this month */
export function toAutoTopUp(
  policy: TopUpPolicy,
  card: Card | null,
  spentMinor: bigint,
): AutoTopUpType {
  const { currency, amountMinor, monthlyCapMinor } = policy;
  return {
    ...policy,
    amount: new MoneyType(amountMinor, currency),
    monthlyCap: new MoneyType(monthlyCapMinor, currency),
    spentThisMonth: new MoneyType(spentMinor, currency),
    card,
  };
}

@InputType('EnableAutoTopUpInput', { description: 'Automatic top-up settings of an account.' })
export class EnableAutoTopUpInput extends AccountInput {
  @Field(() => NanoUSD, { description: 'Balance below which credit is bought; above 0.' })
  thresholdNanos!: bigint;

  @Field(() => String, { description: 'Amount to charge per top-up, such as "20.00".' })
  amount!: string;

  @Field(() => String, {
    description: 'Maximum total of charges per calendar month (UTC), such as "100.00".',
  })
  monthlyCap!: string;

  @Field(() => String, {
    defaultValue: 'USD',
    description: 'ISO 4217 currency code of both amounts.',
  })
  currency!: string;

  @Field(() => Boolean, {
    description:
      'Whether the customer agrees to automatic charges, as worded in `AutoTopUp.consent`. Must be true.',
  })
  consent!: boolean;
}
