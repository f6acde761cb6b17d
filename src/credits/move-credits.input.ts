import { Field, GraphQLISODateTime, ID, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';

@InputType('GrantCreditsInput', { description: 'Credit to grant to an account.' })
export class GrantCreditsInput {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  accountId!: string;

  @Field(() => NanoUSD, { description: 'Amount to grant, above 0.' })
  nanos!: bigint;

  @Field(() => String, { description: 'Reason, shown in the account’s ledger.' })
  reason!: string;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which unspent credit expires; omit for no expiry.',
  })
  expiresAt?: Date;

  @Field(() => Int, { defaultValue: 50, description: 'Spending order, 0 to 100; lower first.' })
  priority!: number;

  @Field(() => String, {
    description:
      'Unique key that makes retries safe, 1 to 255 characters: requests with the same key grant credit once.',
  })
  idempotencyKey!: string;
}

@InputType('AdjustCreditsInput', { description: 'An adjustment of an account’s credit.' })
export class AdjustCreditsInput {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  accountId!: string;

  @Field(() => NanoUSD, {
    description:
      'Amount to add, or to deduct if negative. A deduction cannot exceed the available credit.',
  })
  nanos!: bigint;

  @Field(() => String, { description: 'Reason, shown in the account’s ledger.' })
  reason!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the transaction that this adjustment reverses.',
  })
  reverses?: string;

  @Field(() => String, {
    description:
      'Unique key that makes retries safe, 1 to 255 characters: requests with the same key adjust credit once.',
  })
  idempotencyKey!: string;
}
