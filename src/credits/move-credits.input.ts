import { Field, GraphQLISODateTime, ID, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';

@InputType('GrantCreditsInput', { description: 'Credit to give to an account.' })
export class GrantCreditsInput {
  @Field(() => ID, { description: 'The account that gets it.' })
  accountId!: string;

  @Field(() => NanoUSD, { description: 'How much, above 0.' })
  nanos!: bigint;

  @Field(() => String, { description: 'Why; shown in the account’s ledger.' })
  reason!: string;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When what is left is lost; left out: never.',
  })
  expiresAt?: Date;

  @Field(() => Int, { defaultValue: 50, description: '0 to 100; the lowest is spent first.' })
  priority!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Makes it one grant, however often it is sent.',
  })
  idempotencyKey?: string;
}

@InputType('AdjustCreditsInput', { description: 'A correction of an account’s credit.' })
export class AdjustCreditsInput {
  @Field(() => ID, { description: 'The account.' })
  accountId!: string;

  @Field(() => NanoUSD, {
    description: 'What to add, or below zero to take; never below what is there.',
  })
  nanos!: bigint;

  @Field(() => String, { description: 'Why; shown in the account’s ledger.' })
  reason!: string;

  @Field(() => ID, { nullable: true, description: 'The transaction that it corrects.' })
  reverses?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Makes it one correction, however often it is sent.',
  })
  idempotencyKey?: string;
}
