import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';
import { type Role, ROLES } from './account.js';

@ObjectType('Member', { description: 'Somebody who belongs to an account.' })
export class MemberType {
  @Field(() => ID, { description: 'Of the person, "usr_…".' })
  readonly userId!: string;

  @Field(() => String, { description: 'As given at sign-up.' })
  readonly name!: string;

  @Field(() => String, { description: 'Address to sign in with.' })
  readonly email!: string;

  @Field(() => ROLES, { description: 'What it may do.' })
  readonly role!: Role;

  @Field(() => GraphQLISODateTime, { description: 'Since when.' })
  readonly joinedAt!: Date;
}

@ObjectType('Invitation', { description: 'A place on an account that waits for somebody.' })
export class InvitationType {
  @Field(() => ID, { description: '"inv_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'Who may accept it.' })
  readonly email!: string;

  @Field(() => ROLES, { description: 'What they will be.' })
  readonly role!: Role;

  @Field(() => GraphQLISODateTime, { description: 'When it was sent.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'A week later.' })
  readonly expiresAt!: Date;
}
