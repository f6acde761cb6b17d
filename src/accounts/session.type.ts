import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';

@ObjectType('Session', { description: 'A person who is signed in.' })
export class SessionType {
  @Field(() => String, {
    description: 'For "authorization: Bearer". Valid for 7 days, however often it is used.',
  })
  readonly token!: string;
}

@ObjectType('ActiveSession', {
  description: 'A browser or program in which you are signed in.',
})
export class ActiveSessionType {
  @Field(() => ID, { description: '"idn_…".' })
  readonly id!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time of the sign-in.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When it ends: 7 days after the sign-in.' })
  readonly expiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Network address of the sign-in; null when it is not known.',
  })
  readonly ipAddress!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'User agent of the sign-in; null when it sent none.',
  })
  readonly userAgent!: string | null;

  @Field(() => Boolean, { description: 'Whether this request came with it.' })
  readonly isCurrent!: boolean;
}

@ObjectType('Acknowledgement', { description: 'It was done; there is nothing to tell.' })
export class AcknowledgementType {
  @Field(() => Boolean, { description: 'true.' })
  readonly done!: boolean;
}

export const DONE: AcknowledgementType = { done: true };
