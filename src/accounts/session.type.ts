import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';

@ObjectType('ActiveSession', {
  description: 'An active sign-in session of the user.',
})
export class ActiveSessionType {
  @Field(() => ID, { description: 'ID of the session, prefixed with `idn_`.' })
  readonly id!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the session started.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, {
    description: 'Time at which the session expires, 7 days after sign-in.',
  })
  readonly expiresAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'IP address of the sign-in; null if unknown.',
  })
  readonly ipAddress!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'User agent of the sign-in; null if none was sent.',
  })
  readonly userAgent!: string | null;

  @Field(() => Boolean, { description: 'Whether the current request uses this session.' })
  readonly isCurrent!: boolean;
}
