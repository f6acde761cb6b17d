import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';

@ObjectType('PromoCode', { description: 'A promo code, which grants credit once per account.' })
export class PromoCodeType {
  @Field(() => String, { description: 'The code, in uppercase.' })
  readonly code!: string;

  @Field(() => NanoUSD, { description: 'Credit granted per redemption.' })
  readonly nanos!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of days after which the credit expires; null if it does not.',
  })
  readonly creditDays!: number | null;
}

@InputType('CreatePromoCodeInput', { description: 'Settings of a new promo code.' })
export class CreatePromoCodeInput {
  @Field(() => String, { description: 'The code: 4 to 40 letters, digits and hyphens.' })
  code!: string;

  @Field(() => NanoUSD, { description: 'Credit granted per redemption, above 0.' })
  nanos!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of days after which the credit expires; omit for no expiry.',
  })
  creditDays?: number;

  @Field(() => Int, { description: 'Maximum number of accounts that can redeem the code.' })
  redemptionsMax!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time after which the code can no longer be redeemed; omit for no expiry.',
  })
  expiresAt?: Date;
}

@ObjectType('PromoRedemption', { description: 'A redemption of a promo code.' })
export class PromoRedemptionType {
  @Field(() => ID, {
    description: 'ID of the account that redeemed the code, prefixed with `acct_`.',
  })
  readonly accountId!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time of the redemption.' })
  readonly redeemedAt!: Date;
}

@ObjectType('ManagedPromoCode', { description: 'A promo code with its usage, for operators.' })
export class ManagedPromoCodeType {
  @Field(() => String, { description: 'The code, in uppercase.' })
  readonly code!: string;

  @Field(() => NanoUSD, { description: 'Credit granted per redemption.' })
  readonly nanos!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of days after which the credit expires; null if it does not.',
  })
  readonly creditDays!: number | null;

  @Field(() => Int, { description: 'Maximum number of accounts that can redeem the code.' })
  readonly redemptionsMax!: number;

  @Field(() => Int, { description: 'Number of accounts that redeemed the code.' })
  readonly redemptionCount!: number;

  @Field(() => [PromoRedemptionType], { description: 'The most recent redemptions, at most 10.' })
  readonly redemptions!: readonly PromoRedemptionType[];

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time after which the code can no longer be redeemed; null if it does not expire.',
  })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which an operator disabled the code; null if it is not disabled.',
  })
  readonly disabledAt!: Date | null;

  @Field(() => String, { description: 'Creator of the code: "user:usr_…" or "system".' })
  readonly createdBy!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the code was created.' })
  readonly createdAt!: Date;
}
