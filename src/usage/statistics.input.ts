import { Field, GraphQLISODateTime, ID, InputType, registerEnumType } from 'type-graphql';
import type { ErrorCode } from '../errors.js';
import { CODES } from '../graphql/payload.type.js';
import { wantedEnds } from './run-filter.js';
import { RUN_STATUSES, type RunStatus } from './run-status.js';
import type { UsageFilter } from './usage-question.js';

/** As `UsageOrder.by` of the store. */
export const TOP_BY = { COST: 'charged', CALLS: 'calls' } as const;
export type TopBy = (typeof TOP_BY)[keyof typeof TOP_BY];

registerEnumType(TOP_BY, {
  name: 'TopUsageBy',
  description: 'Metric by which usage is ranked.',
  valuesConfig: {
    COST: { description: 'Total amount charged.' },
    CALLS: { description: 'Total number of calls.' },
  },
});

@InputType('UsageRangeInput', {
  description: 'A half-open time range of at most two years: `from` inclusive, `to` exclusive.',
})
export class UsageRangeInput {
  @Field(() => GraphQLISODateTime, { description: 'Start of the range, inclusive.' })
  readonly from!: Date;

  @Field(() => GraphQLISODateTime, { description: 'End of the range, exclusive.' })
  readonly to!: Date;
}

@InputType('UsageFilterInput', {
  description: 'Conditions that calls must all meet. At most 100 values per list.',
})
export class UsageFilterInput {
  @Field(() => [String], {
    nullable: true,
    description: 'Slugs or aliases of models. Calls made under earlier slugs are included.',
  })
  readonly models?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'IDs of API keys, prefixed with `key_`.' })
  readonly keys?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Operations, such as "classifyImage".' })
  readonly operations?: string[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of users who made the calls or created the API keys used.',
  })
  readonly members?: string[] | null;

  @Field(() => [RUN_STATUSES], { nullable: true, description: 'Statuses of the calls.' })
  readonly statuses?: RunStatus[] | null;

  @Field(() => [CODES], { nullable: true, description: 'Error codes of failed calls.' })
  readonly errorCodes?: ErrorCode[] | null;
}

/** What is left out, or null, lets everything through. @throws AppError BAD_USER_INPUT */
export function toUsageFilter(input: UsageFilterInput | null | undefined): UsageFilter {
  const { models, keys, operations, members } = input ?? {};
  const ends = wantedEnds(input ?? {});
  return {
    ...(models && { MODEL: models }),
    ...(keys && { KEY: keys }),
    ...(operations && { OPERATION: operations }),
    ...(members && { MEMBER: members }),
    ...(ends && { STATUS: ends }),
  };
}
