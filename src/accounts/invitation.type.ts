import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { type Role, ROLES } from './account.js';
import type { Invitation } from './invitation.js';

@ObjectType('Invitation', {
  implements: NodeType,
  description: 'A pending invitation to an account.',
})
export class InvitationType extends NodeType {
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

  readonly invitedBy!: Invitation['invitedBy'];
}

@ObjectType('InvitationPreview', {
  description: 'An invitation as its recipient sees it before accepting.',
})
export class InvitationPreviewType {
  @Field(() => String, { description: 'Email address that was invited.' })
  readonly email!: string;

  @Field(() => ROLES, { description: 'Role granted on acceptance.' })
  readonly role!: Role;

  @Field(() => String, { description: 'Display name of the organization.' })
  readonly accountName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Name of the user who sent the invitation; null if an API key sent it.',
  })
  readonly inviterName!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Email address of the user who sent the invitation; null if an API key sent it.',
  })
  readonly inviterEmail!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the invitation expires.' })
  readonly expiresAt!: Date;
}

@ObjectType('InvitationEdge', { description: 'An edge in a list of invitations.' })
export class InvitationEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => InvitationType, { description: 'The invitation at the end of the edge.' })
  readonly node!: InvitationType;
}

@ObjectType('InvitationConnection', { description: 'A page of pending invitations.' })
export class InvitationConnectionType {
  @Field(() => [InvitationEdgeType], { description: 'Invitations on this page, newest first.' })
  readonly edges!: readonly InvitationEdgeType[];

  @Field(() => [InvitationType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly InvitationType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
