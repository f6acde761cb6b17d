import { Field, GraphQLISODateTime, ID, InputType, registerEnumType } from 'type-graphql';
import type { UsageFilter } from './usage-question.js';

/** As `UsageOrder.by` of the store. */
export const TOP_BY = { COST: 'charged', CALLS: 'calls' } as const;
export type TopBy = (typeof TOP_BY)[keyof typeof TOP_BY];

registerEnumType(TOP_BY, {
  name: 'TopUsageBy',
  description: 'What makes one come before another.',
  valuesConfig: {
    COST: { description: 'What was charged.' },
    CALLS: { description: 'How many calls there were.' },
  },
});

@InputType('UsageRangeInput', { description: 'A time of two years at most, half-open.' })
export class UsageRangeInput {
  @Field(() => GraphQLISODateTime, { description: 'The first instant of it.' })
  readonly from!: Date;

  @Field(() => GraphQLISODateTime, { description: 'The first instant after it.' })
  readonly to!: Date;
}

@InputType('UsageFilterInput', {
  description: 'Which calls count: those that are in each list. 100 values at most in each.',
})
export class UsageFilterInput {
  @Field(() => [String], {
    nullable: true,
    description: 'Models, each by its slug or an alias of it: all of its calls count.',
  })
  readonly models?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Ids of keys.' })
  readonly keys?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'As "classifyImage".' })
  readonly operations?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Ids of people, who called or made the key.' })
  readonly members?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'OK, or codes of errors.' })
  readonly statuses?: string[] | null;
}

/** What is left out, or null, lets everything through. */
export function toUsageFilter(input: UsageFilterInput | null | undefined): UsageFilter {
  const { models, keys, operations, members, statuses } = input ?? {};
  return {
    ...(models && { MODEL: models }),
    ...(keys && { KEY: keys }),
    ...(operations && { OPERATION: operations }),
    ...(members && { MEMBER: members }),
    ...(statuses && { STATUS: statuses }),
  };
}
