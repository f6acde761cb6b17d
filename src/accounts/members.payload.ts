import { Field, ID, ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { AccountType } from '../graphql/account.type.js';
import { InvitationType, MemberType } from './member.type.js';

@ObjectType('CreateOrganisationPayload', { description: 'Result of `createOrganisation`.' })
export class CreateOrganisationPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The new organization account.' })
  readonly account?: AccountType;
}

@ObjectType('InviteMemberPayload', { description: 'Result of `inviteMember`.' })
export class InviteMemberPayload extends AccountPayloadType {
  @Field(() => InvitationType, { nullable: true, description: 'The new invitation.' })
  readonly invitation?: InvitationType;
}

@ObjectType('RevokeInvitationPayload', { description: 'Result of `revokeInvitation`.' })
export class RevokeInvitationPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the revoked invitation.' })
  readonly deletedInvitationId?: string;
}

@ObjectType('AcceptInvitationPayload', { description: 'Result of `acceptInvitation`.' })
export class AcceptInvitationPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The account that you joined.' })
  readonly account?: AccountType;
}

@ObjectType('ChangeMemberRolePayload', { description: 'Result of `changeMemberRole`.' })
export class ChangeMemberRolePayload extends AccountPayloadType {
  @Field(() => MemberType, { nullable: true, description: 'The member with the new role.' })
  readonly member?: MemberType;
}

@ObjectType('RemoveMemberPayload', { description: 'Result of `removeMember`.' })
export class RemoveMemberPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the removed member.' })
  readonly removedUserId?: string;
}

@ObjectType('LeaveAccountPayload', { description: 'Result of `leaveAccount`.' })
export class LeaveAccountPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the account that you left.' })
  readonly leftAccountId?: string;
}
