import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';
import { ROLES, type Role } from './account.js';

@InputType('CreateOrganizationInput', { description: 'Input for `createOrganization`.' })
export class CreateOrganizationInput {
  @Field(() => String, { description: 'Display name of the organization, 1 to 100 characters.' })
  readonly name!: string;
}

@InputType('UpdateMemberRoleInput', { description: 'Input for `updateMemberRole`.' })
export class UpdateMemberRoleInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the member, prefixed with `usr_`.' })
  readonly userId!: string;

  @Field(() => ROLES, { description: 'New role of the member.' })
  readonly role!: Role;
}

@InputType('RemoveMemberInput', { description: 'Input for `removeMember`.' })
export class RemoveMemberInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the member, prefixed with `usr_`.' })
  readonly userId!: string;
}

@InputType('LeaveAccountInput', { description: 'Input for `leaveAccount`.' })
export class LeaveAccountInput {
  @Field(() => ID, { description: 'ID of the account to leave, prefixed with `acct_`.' })
  readonly accountId!: string;
}
