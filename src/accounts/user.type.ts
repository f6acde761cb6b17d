import { Field, ID, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';

@ObjectType('User', {
  implements: NodeType,
  description:
    'A person who can sign in. Visible to themselves, to people and API keys that can read or administer an account they belong to, and to operators.',
})
export class UserType extends NodeType {
  @Field(() => ID, { description: 'ID of the user, prefixed with `usr_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Display name of the user.' })
  readonly name!: string;

  @Field(() => String, { description: 'Email address used to sign in.' })
  readonly email!: string;

  @Field(() => Boolean, {
    name: 'isEmailVerified',
    nullable: true,
    description:
      'Whether the email address has been verified; null unless the caller is the user or an operator.',
  })
  readonly emailVerified!: boolean | null;
}
