import { Field, GraphQLISODateTime, Int, ObjectType } from 'type-graphql';
import { AccountType } from '../graphql/account.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import { RunType } from '../usage/index.js';

@ObjectType('UsageTick', {
  description: 'Usage of an account in a short interval, including `from` and excluding `to`.',
})
export class UsageTickType {
  @Field(() => GraphQLISODateTime, {
    description: 'Start of the interval by the database clock, inclusive.',
  })
  readonly from!: Date;

  @Field(() => GraphQLISODateTime, {
    description: 'End of the interval by the database clock, exclusive.',
  })
  readonly to!: Date;

  @Field(() => Int, { description: 'Number of calls that finished, successful or not.' })
  readonly calls!: number;

  @Field(() => Int, { description: 'Number of failed calls; these are not charged.' })
  readonly errors!: number;

  @Field(() => NanoUSD, { description: 'Total amount charged for the calls.' })
  readonly costNanos!: bigint;
}

@ObjectType('RunFinishedPayload', { description: 'A finished call and its account.' })
export class RunFinishedPayloadType {
  @Field(() => RunType, { description: 'The run of the finished call.' })
  readonly run!: RunType;

  @Field(() => AccountType, { description: 'Account that made the call.' })
  readonly account!: AccountType;
}
