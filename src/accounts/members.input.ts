import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';
import { ROLES, type Role } from './account.js';

@InputType('CreateOrganisationInput', { description: 'Input for `createOrganisation`.' })
export class CreateOrganisationInput {
  @Field(() => String, { description: 'Display name of the organization, 1 to 100 characters.' })
  readonly name!: string;
}

@InputType('ChangeMemberRoleInput', { description: 'Input for `changeMemberRole`.' })
export class ChangeMemberRoleInput extends AccountInput {
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
