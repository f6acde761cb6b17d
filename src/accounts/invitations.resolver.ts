import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn, userOf } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { InputArg } from '../graphql/input.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { type InvitationId, isUserId } from '../platform/ids.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import type { Invitation } from './invitation.js';
import {
  InvitationConnectionType,
  InvitationPreviewType,
  InvitationType,
} from './invitation.type.js';
import {
  AcceptInvitationInput,
  InviteMemberInput,
  RevokeInvitationInput,
} from './invitations.input.js';
import {
  AcceptInvitationPayload,
  InviteMemberPayload,
  RevokeInvitationPayload,
} from './invitations.payload.js';
import type { InvitationsService } from './invitations.service.js';
import { toJoinedAccount } from './joined-account.js';
import type { LoadUser } from './user.loaders.js';
import { UserType } from './user.type.js';

/** How people come to an account. */
@Resolver(() => AccountType)
export class InvitationsResolver {
  constructor(private readonly service: InvitationsService) {}

  /** For `node(id)`: pending invitations to accounts that the caller administers. */
  readonly findNode: FindNode = async (id, context) => {
    const invitation = await this.service.find(id);
    const isTheirs = invitation !== undefined && mayOn(context, invitation.accountId, 'admin');
    return isTheirs ? invitation : null;
  };

  @Query(() => InvitationPreviewType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'The invitation with the given token, for the page that its link opens; null if it was accepted, revoked or has expired.',
  })
  @Access({ scope: 'public' })
  async invitation(
    @Arg('token', () => String, { description: 'Token from the invitation email.' })
    token: string,
  ): Promise<InvitationPreviewType | null> {
    const found = await this.service.preview(token);
    if (found === undefined) return null;
    const { invitation, accountName, inviter } = found;
    const { email, role, expiresAt } = invitation;
    const inviterName = inviter?.name ?? null;
    return {
      email,
      role,
      accountName,
      inviterName,
      inviterEmail: inviter?.email ?? null,
      expiresAt,
    };
  }

  @FieldResolver(() => InvitationConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Pending invitations, newest first.',
  })
  @Access({ scope: 'admin' })
  async invitations(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<InvitationConnectionType> {
    const size = checkPageSize(first);
    const found = await this.service.list(id, { first: size + 1, after: after ?? undefined });
    const edges = found.slice(0, size).map(toEdge);
    return connectionOf(edges, { hasNextPage: found.length > size, after });
  }

  @Mutation(() => InviteMemberPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Sends an invitation by email, replacing any earlier one to the same address. It is revoked if the sender can no longer grant the role.',
  })
  @Access({ scope: 'admin' })
  async inviteMember(
    @InputArg(() => InviteMemberInput) { email, role }: InviteMemberInput,
    @Ctx() context: GraphQLContext,
  ): Promise<InviteMemberPayload> {
    const invited = { email, role };
    const invitation = await this.service.invite(context.actor, accountOf(context), invited);
    return { invitation, invitationEdge: toEdge(invitation) };
  }

  @Mutation(() => RevokeInvitationPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Revokes an invitation. Safe to repeat.',
  })
  @Access({ scope: 'admin' })
  async revokeInvitation(
    @InputArg(() => RevokeInvitationInput) { id }: RevokeInvitationInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RevokeInvitationPayload> {
    await this.service.revoke(context.actor, accountOf(context), id as InvitationId);
    return { deletedInvitationId: id };
  }

  @Mutation(() => AcceptInvitationPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Accepts an invitation that was sent to your email address and makes you a member of the account.',
  })
  @Access({ scope: 'session' })
  async acceptInvitation(
    @InputArg(() => AcceptInvitationInput) { token }: AcceptInvitationInput,
    @Ctx() context: GraphQLContext,
  ): Promise<AcceptInvitationPayload> {
    const account = await this.service.accept(context.actor, userOf(context), token);
    return { account: toJoinedAccount(context.actor, account) };
  }
}

/** Who sent an invitation. */
@Resolver(() => InvitationType)
export class InvitationFieldsResolver {
  constructor(private readonly loadUser: LoadUser) {}

  @FieldResolver(() => UserType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'User who sent the invitation; null if an API key sent it.',
  })
  inviter(
    @Root() { invitedBy }: InvitationType,
    @Ctx() context: GraphQLContext,
  ): Promise<UserType | null> {
    return isUserId(invitedBy) ? this.loadUser(context, invitedBy) : Promise.resolve(null);
  }
}

function toEdge(invitation: Invitation) {
  const { createdAt: at, id } = invitation;
  return { cursor: encodeTimeCursor({ at, id }), node: invitation };
}
