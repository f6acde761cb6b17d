import { Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { RunBackgroundJobInput } from './background-jobs.input.js';
import { RunBackgroundJobPayload } from './background-jobs.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { BackgroundJobType, toBackgroundJob } from './background-job.type.js';
import type { BackgroundJobs } from './background-jobs.service.js';

/** Background work, for operators. */
@Resolver()
export class BackgroundJobsResolver {
  constructor(private readonly jobs: BackgroundJobs) {}

  @Query(() => [BackgroundJobType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      'Background jobs by name, with their state on each server, a few seconds old. For operators.',
  })
  @Access({ scope: 'operator' })
  async backgroundJobs(): Promise<readonly BackgroundJobType[]> {
    return (await this.jobs.list()).map(toBackgroundJob);
  }

  @Mutation(() => RunBackgroundJobPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Runs a background job soon instead of at its next scheduled time. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async runBackgroundJob(
    @InputArg(() => RunBackgroundJobInput) { name }: RunBackgroundJobInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RunBackgroundJobPayload> {
    return { backgroundJob: toBackgroundJob(await this.jobs.run(actor, name)) };
  }
}
