import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType('Operator', { description: 'An operator of the platform.' })
export class OperatorType {
  @Field(() => ID, { description: 'ID of the user, prefixed with `usr_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Email address used to sign in.' })
  readonly email!: string;

  @Field(() => String, { description: 'Name given at sign-up.' })
  readonly name!: string;

  @Field(() => Boolean, { description: 'Whether the email address has been verified.' })
  readonly emailVerified!: boolean;
}
