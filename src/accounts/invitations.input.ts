import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';
import { type Role, ROLES } from './account.js';

@InputType('InviteMemberInput', { description: 'Input for `inviteMember`.' })
export class InviteMemberInput extends AccountInput {
  @Field(() => String, {
    description: 'Email address of the person to invite, who alone can accept.',
  })
  readonly email!: string;

  @Field(() => ROLES, { defaultValue: 'DEVELOPER', description: 'Role granted on acceptance.' })
  readonly role!: Role;
}

@InputType('RevokeInvitationInput', { description: 'Input for `revokeInvitation`.' })
export class RevokeInvitationInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the invitation, prefixed with `inv_`.' })
  readonly id!: string;
}

@InputType('AcceptInvitationInput', { description: 'Input for `acceptInvitation`.' })
export class AcceptInvitationInput {
  @Field(() => String, { description: 'Token from the invitation email; valid once.' })
  readonly token!: string;
}
