import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { BackgroundJobType } from './background-job.type.js';

@ObjectType('RunBackgroundJobPayload', { description: 'Result of `runBackgroundJob`.' })
export class RunBackgroundJobPayload extends PayloadType {
  @Field(() => BackgroundJobType, { nullable: true, description: 'The background job to be run.' })
  readonly backgroundJob?: BackgroundJobType;
}
