import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';
import { type Role, ROLES } from './account.js';

@ObjectType('Member', { description: 'A member of an account.' })
export class MemberType {
  @Field(() => ID, { description: 'ID of the user, prefixed with `usr_`.' })
  readonly userId!: string;

  @Field(() => String, { description: 'Name given at sign-up.' })
  readonly name!: string;

  @Field(() => String, { description: 'Email address used to sign in.' })
  readonly email!: string;

  @Field(() => ROLES, { description: 'Role of the member in the account.' })
  readonly role!: Role;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the member joined.' })
  readonly joinedAt!: Date;
}

@ObjectType('Invitation', { description: 'A pending invitation to an account.' })
export class InvitationType {
  @Field(() => ID, { description: 'ID of the invitation, prefixed with `inv_`.' })
  readonly id!: string;

  @Field(() => String, {
    description: 'Email address of the invited person, who alone can accept.',
  })
  readonly email!: string;

  @Field(() => ROLES, { description: 'Role granted on acceptance.' })
  readonly role!: Role;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the invitation was sent.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, {
    description: 'Time at which the invitation expires, 7 days after it was sent.',
  })
  readonly expiresAt!: Date;
}
