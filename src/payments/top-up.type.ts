import { Field, GraphQLISODateTime, InputType, Int, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import type { Card } from './purchase.js';
import { MoneyType } from './purchase.type.js';
import type { TopUpPolicy } from './top-up.js';

@ObjectType('SavedCard', { description: 'A card that Stripe keeps for the account.' })
export class SavedCardType {
  @Field(() => String, { description: 'As "visa".' })
  readonly brand!: string;

  @Field(() => String, { description: 'Its last four digits.' })
  readonly lastFour!: string;
}

@ObjectType('AutoTopUp', { description: 'When the account buys credit by itself.' })
export class AutoTopUpType {
  @Field(() => Boolean, { description: 'Whether it does.' })
  readonly enabled!: boolean;

  @Field(() => NanoUSD, { description: 'Below this, credit is bought.' })
  readonly thresholdNanos!: bigint;

  @Field(() => MoneyType, { description: 'What is charged each time.' })
  readonly amount!: MoneyType;

  @Field(() => MoneyType, { description: 'The most in a calendar month (UTC).' })
  readonly monthlyCap!: MoneyType;

  @Field(() => MoneyType, { description: 'Charged, or being charged, this month.' })
  readonly spentThisMonth!: MoneyType;

  @Field(() => SavedCardType, { nullable: true, description: 'The card; null: none is saved.' })
  readonly card!: SavedCardType | null;

  @Field(() => String, { description: 'What was agreed to, word by word.' })
  readonly consent!: string;

  @Field(() => GraphQLISODateTime, { description: 'When.' })
  readonly consentedAt!: Date;

  @Field(() => Int, { description: 'Attempts that failed in a row.' })
  readonly failures!: number;

  @Field(() => GraphQLISODateTime, { description: 'No attempt is made before this.' })
  readonly nextAttemptAt!: Date;

  @Field(() => String, { nullable: true, description: 'Why it was switched off.' })
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

@InputType('SetAutoTopUpInput', { description: 'When to buy credit by itself.' })
export class SetAutoTopUpInput {
  @Field(() => NanoUSD, { description: 'Below this, credit is bought; above 0.' })
  thresholdNanos!: bigint;

  @Field(() => String, { description: 'What to charge each time, as "20.00".' })
  amount!: string;

  @Field(() => String, { description: 'The most in a calendar month (UTC), as "100.00".' })
  monthlyCap!: string;

  @Field(() => String, { defaultValue: 'USD', description: 'ISO 4217, of both amounts.' })
  currency!: string;

  @Field(() => Boolean, { description: 'The person agrees; what to, `AutoTopUp.consent` says.' })
  consent!: boolean;
}
