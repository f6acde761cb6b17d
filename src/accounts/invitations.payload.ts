import { Field, ID, ObjectType } from 'type-graphql';
import { AccountType } from '../graphql/account.type.js';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { InvitationEdgeType, InvitationType } from './invitation.type.js';

@ObjectType('InviteMemberPayload', { description: 'Result of `inviteMember`.' })
export class InviteMemberPayload extends AccountPayloadType {
  @Field(() => InvitationType, { nullable: true, description: 'The new invitation.' })
  readonly invitation?: InvitationType;

  @Field(() => InvitationEdgeType, {
    nullable: true,
    description: 'Edge of the new invitation, to insert into `Account.invitations`.',
  })
  readonly invitationEdge?: InvitationEdgeType;
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
