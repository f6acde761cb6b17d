import { Field, GraphQLISODateTime, ID, InputType, registerEnumType } from 'type-graphql';
import type { ErrorCode } from '../errors.js';
import { DIRECTIONS } from '../graphql/order.js';
import { CODES } from '../graphql/payload.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import type { Direction } from '../platform/order.js';
import type { RunFilter } from './run-filter.js';
import { RUN_STATUSES, type RunStatus } from './run-status.js';

@InputType('RunFilter', {
  description:
    'Conditions that calls must all meet. Omitted fields are ignored; a list means any of its values, at most 100.',
})
export class RunFilterInput implements RunFilter {
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Earliest end of the calls, inclusive.',
  })
  readonly from?: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Latest end of the calls, exclusive.',
  })
  readonly to?: Date | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Slugs, aliases or IDs of models. Calls made under earlier slugs are included.',
  })
  readonly models?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'IDs of API keys, prefixed with `key_`.' })
  readonly keys?: string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of users who made the calls or created the API keys used.',
  })
  readonly members?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Operations, such as "classifyImage".' })
  readonly operations?: string[] | null;

  @Field(() => [RUN_STATUSES], { nullable: true, description: 'Statuses of the calls.' })
  readonly statuses?: RunStatus[] | null;

  @Field(() => [CODES], { nullable: true, description: 'Error codes of failed calls.' })
  readonly errorCodes?: ErrorCode[] | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Lowest amount charged for a call, inclusive.',
  })
  readonly costAtLeastNanos?: bigint | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Highest amount charged for a call, inclusive.',
  })
  readonly costAtMostNanos?: bigint | null;
}

export const RUN_ORDER_FIELDS = { ENDED_AT: 'ENDED_AT' } as const;
export type RunOrderField = keyof typeof RUN_ORDER_FIELDS;

registerEnumType(RUN_ORDER_FIELDS, {
  name: 'RunOrderField',
  description: 'Field by which runs are sorted.',
  valuesConfig: { ENDED_AT: { description: 'End of the call.' } },
});

@InputType('RunOrder', { description: 'Sort order of a list of runs.' })
export class RunOrderInput {
  @Field(() => RUN_ORDER_FIELDS, { description: 'Field to sort by; ties are sorted by ID.' })
  readonly field!: RunOrderField;

  @Field(() => DIRECTIONS, { description: 'Sort direction of the list.' })
  readonly direction!: Direction;
}
