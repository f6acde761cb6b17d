import { Field, Int, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('ReplayDeadLetterPayload', { description: 'Result of `replayDeadLetter`.' })
export class ReplayDeadLetterPayload extends PayloadType {
  @Field(() => Int, { nullable: true, description: 'Number of dead letters to be retried.' })
  readonly count?: number;
}

@ObjectType('ReplayDeadLettersPayload', { description: 'Result of `replayDeadLetters`.' })
export class ReplayDeadLettersPayload extends PayloadType {
  @Field(() => Int, { nullable: true, description: 'Number of dead letters to be retried.' })
  readonly count?: number;
}

@ObjectType('DismissDeadLetterPayload', { description: 'Result of `dismissDeadLetter`.' })
export class DismissDeadLetterPayload extends PayloadType {
  @Field(() => Int, { nullable: true, description: 'Number of dismissed dead letters.' })
  readonly count?: number;
}
