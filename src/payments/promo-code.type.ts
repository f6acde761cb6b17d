import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';

@ObjectType('PromoCode', { description: 'A code that gives credit, once for each account.' })
export class PromoCodeType {
  @Field(() => String, { description: 'In capitals.' })
  readonly code!: string;

  @Field(() => NanoUSD, { description: 'What it gives.' })
  readonly nanos!: bigint;

  @Field(() => Int, { nullable: true, description: 'Days that its credit lasts; null: it stays.' })
  readonly creditDays!: number | null;
}

@InputType('CreatePromoCodeInput', { description: 'A code to give out.' })
export class CreatePromoCodeInput {
  @Field(() => String, { description: '4 to 40 letters, digits and hyphens.' })
  code!: string;

  @Field(() => NanoUSD, { description: 'What each account gets for it, above 0.' })
  nanos!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'Days that its credit lasts; left out: for ever.',
  })
  creditDays?: number;

  @Field(() => Int, { description: 'How many accounts may use it.' })
  redemptionsMax!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When it is over; left out: never.',
  })
  expiresAt?: Date;
}

@ObjectType('PromoRedemption', { description: 'An account that has used a code.' })
export class PromoRedemptionType {
  @Field(() => ID, { description: '"acct_…".' })
  readonly accountId!: string;

  @Field(() => GraphQLISODateTime, { description: 'When.' })
  readonly redeemedAt!: Date;
}

@ObjectType('ManagedPromoCode', { description: 'A code as operators see it.' })
export class ManagedPromoCodeType {
  @Field(() => String, { description: 'In capitals.' })
  readonly code!: string;

  @Field(() => NanoUSD, { description: 'What it gives.' })
  readonly nanos!: bigint;

  @Field(() => Int, { nullable: true, description: 'Days that its credit lasts; null: it stays.' })
  readonly creditDays!: number | null;

  @Field(() => Int, { description: 'How many accounts may use it.' })
  readonly redemptionsMax!: number;

  @Field(() => Int, { description: 'How many have.' })
  readonly redemptionCount!: number;

  @Field(() => [PromoRedemptionType], { description: 'The latest of them, at most 10.' })
  readonly redemptions!: readonly PromoRedemptionType[];

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it is over; null: never.' })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When an operator has ended it; null: nobody has.',
  })
  readonly disabledAt!: Date | null;

  @Field(() => String, { description: 'Who made it: "user:usr_…" or "system".' })
  readonly createdBy!: string;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;
}
