import { Field, GraphQLISODateTime, ObjectType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, type CapPeriod } from './api-key.js';

@ObjectType('SpendCap', {
  description:
    'Spend cap of an API key and its use in the current period, shared with the keys that it was rotated from or to.',
})
export class SpendCapType {
  @Field(() => NanoUSD, { description: 'Maximum spend per period.' })
  readonly nanos!: bigint;

  @Field(() => CAP_PERIODS, { description: 'Period after which the cap resets.' })
  readonly period!: CapPeriod;

  @Field(() => NanoUSD, { description: 'Amount spent in the current period.' })
  readonly spentNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Amount reserved for calls in progress.' })
  readonly heldNanos!: bigint;

  @Field(() => NanoUSD, {
    description: 'Amount that can still be spent in the current period, 0 or more.',
  })
  readonly remainingNanos!: bigint;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the next period starts; null if the cap never resets.',
  })
  readonly resetsAt!: Date | null;
}
