import { Field, ID, ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { AccountType } from '../graphql/account.type.js';
import { MembershipType } from './membership.type.js';

@ObjectType('CreateOrganizationPayload', { description: 'Result of `createOrganization`.' })
export class CreateOrganizationPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The new organization account.' })
  readonly account?: AccountType;
}

@ObjectType('UpdateMemberRolePayload', { description: 'Result of `updateMemberRole`.' })
export class UpdateMemberRolePayload extends AccountPayloadType {
  @Field(() => MembershipType, {
    nullable: true,
    description: 'The membership with the new role.',
  })
  readonly membership?: MembershipType;
}

@ObjectType('RemoveMemberPayload', { description: 'Result of `removeMember`.' })
export class RemoveMemberPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the deleted membership.' })
  readonly deletedMembershipId?: string;
}

@ObjectType('LeaveAccountPayload', { description: 'Result of `leaveAccount`.' })
export class LeaveAccountPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the deleted membership.' })
  readonly deletedMembershipId?: string;

  @Field(() => ID, { nullable: true, description: 'ID of the account that you left.' })
  readonly leftAccountId?: string;
}
