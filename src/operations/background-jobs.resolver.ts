import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { BackgroundJobType, toBackgroundJob } from './background-job.type.js';
import type { BackgroundJobs } from './background-jobs.service.js';

/** Background work, for operators. */
@Resolver()
export class BackgroundJobsResolver {
  constructor(private readonly jobs: BackgroundJobs) {}

  @Query(() => [BackgroundJobType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      'What servers do by themselves, by name, and how it goes on each; as it was some seconds ago. For operators.',
  })
  @Access({ scope: 'operator' })
  async backgroundJobs(): Promise<readonly BackgroundJobType[]> {
    return (await this.jobs.list()).map(toBackgroundJob);
  }

  @Mutation(() => BackgroundJobType, {
    complexity: LOOKUP_COST,
    description:
      'Begins a turn of some work soon, instead of waiting for its time. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async runBackgroundJob(
    @Arg('name', () => String, { description: 'As `backgroundJobs` has it.' }) name: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<BackgroundJobType> {
    return toBackgroundJob(await this.jobs.run(actor, name));
  }
}
