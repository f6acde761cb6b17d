import { Field, InputType } from 'type-graphql';

@InputType('RunBackgroundJobInput', { description: 'Input for `runBackgroundJob`.' })
export class RunBackgroundJobInput {
  @Field(() => String, { description: 'Name of the job, as listed by `backgroundJobs`.' })
  readonly name!: string;
}
