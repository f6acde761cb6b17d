import { Field, ID, InputType } from 'type-graphql';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from './dead-letter.js';

@InputType('ReplayDeadLetterInput', { description: 'Input for `replayDeadLetter`.' })
export class ReplayDeadLetterInput {
  @Field(() => ID, { description: 'ID of the dead letter, prefixed with `dead_`.' })
  readonly id!: string;
}

@InputType('ReplayDeadLettersInput', { description: 'Input for `replayDeadLetters`.' })
export class ReplayDeadLettersInput {
  @Field(() => DEAD_LETTER_KINDS, { description: 'Kind of dead letters to retry.' })
  readonly kind!: DeadLetterKind;
}

@InputType('DismissDeadLetterInput', { description: 'Input for `dismissDeadLetter`.' })
export class DismissDeadLetterInput {
  @Field(() => ID, { description: 'ID of the dead letter, prefixed with `dead_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Reason for the dismissal, 1 to 500 characters.' })
  readonly reason!: string;
}
