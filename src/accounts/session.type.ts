import { Field, ObjectType } from 'type-graphql';

@ObjectType('Session', { description: 'A person who is signed in.' })
export class SessionType {
  @Field(() => String, { description: 'For "authorization: Bearer"; good for a week.' })
  readonly token!: string;
}

@ObjectType('Acknowledgement', { description: 'It was done; there is nothing to tell.' })
export class AcknowledgementType {
  @Field(() => Boolean, { description: 'true.' })
  readonly done!: boolean;
}

export const DONE: AcknowledgementType = { done: true };
