import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  CreateOrganisationInput,
  InviteMemberInput,
  RevokeInvitationInput,
  AcceptInvitationInput,
  ChangeMemberRoleInput,
  RemoveMemberInput,
  LeaveAccountInput,
} from './members.input.js';
import {
  CreateOrganisationPayload,
  InviteMemberPayload,
  RevokeInvitationPayload,
  AcceptInvitationPayload,
  ChangeMemberRolePayload,
  RemoveMemberPayload,
  LeaveAccountPayload,
} from './members.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { InvitationId, UserId } from '../platform/ids.js';
import { type AccountOfUser } from './account.js';
import { memberActor, withoutRights } from './member-actor.js';
import { InvitationType, MemberType } from './member.type.js';
import type { MembersService } from './members.service.js';
import type { OrganisationsService } from './organisations.service.js';

const LIST_COST = ({ childComplexity }: { childComplexity: number }) => 20 + childComplexity;

@Resolver(() => AccountType)
export class MembersResolver {
  constructor(
    private readonly people: MembersService,
    private readonly organisations: OrganisationsService,
  ) {}

  @FieldResolver(() => [MemberType], {
    nullable: true,
    complexity: LIST_COST,
    description: 'Members of the account, in order of joining.',
  })
  @Access({ scope: 'read' })
  members(@Root() { id }: AccountType): Promise<readonly MemberType[]> {
    return this.people.list(id);
  }

  @FieldResolver(() => [InvitationType], {
    nullable: true,
    complexity: LIST_COST,
    description: 'Pending invitations, newest first.',
  })
  @Access({ scope: 'admin' })
  invitations(@Root() { id }: AccountType): Promise<readonly InvitationType[]> {
    return this.people.invitations(id);
  }

  @Mutation(() => CreateOrganisationPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates an organization account with you as its owner. Requires a verified email address; the number of organizations per person is limited.',
  })
  @Access({ scope: 'session' })
  async createOrganisation(
    @InputArg(() => CreateOrganisationInput) { name }: CreateOrganisationInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateOrganisationPayload> {
    return {
      account: toAccount(
        context,
        await this.organisations.create(context.actor, userOf(context), name),
      ),
    };
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
    return {
      invitation: await this.people.invite(context.actor, accountOf(context), { email, role }),
    };
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
    await this.people.revokeInvitation(context.actor, accountOf(context), id as InvitationId);
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
    return {
      account: toAccount(context, await this.people.accept(context.actor, userOf(context), token)),
    };
  }

  @Mutation(() => ChangeMemberRolePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Changes the role of a member. Only owners can change owners. Revokes API keys of the member that exceed the new role.',
  })
  @Access({ scope: 'admin' })
  async changeMemberRole(
    @InputArg(() => ChangeMemberRoleInput) { userId, role }: ChangeMemberRoleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ChangeMemberRolePayload> {
    return {
      member: await this.people.changeRole(
        context.actor,
        accountOf(context),
        userId as UserId,
        role,
      ),
    };
  }

  @Mutation(() => RemoveMemberPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Removes a member from the account and revokes the API keys that the member created. Rotate keys that are still needed first.',
  })
  @Access({ scope: 'admin' })
  async removeMember(
    @InputArg(() => RemoveMemberInput) { userId }: RemoveMemberInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RemoveMemberPayload> {
    await this.people.remove(context.actor, accountOf(context), userId as UserId);
    return { removedUserId: userId };
  }

  @Mutation(() => LeaveAccountPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Removes you from an account and revokes the API keys that you created there.',
  })
  @Access({ scope: 'session' })
  async leaveAccount(
    @InputArg(() => LeaveAccountInput) _input: LeaveAccountInput,
    @Ctx() context: GraphQLContext,
  ): Promise<LeaveAccountPayload> {
    await this.people.remove(context.actor, accountOf(context), userOf(context));
    return { leftAccountId: accountOf(context) };
  }
}

/** An account that the person has just come to; the request's rights are older. */
function toAccount({ actor }: GraphQLContext, account: AccountOfUser): AccountType {
  const { secondFactorRequired } = account.standing;
  // Whether the session has shown one is found out with the next request.
  const there = secondFactorRequired
    ? withoutRights(actor, account.id)
    : memberActor(actor, account);
  return { id: account.id, actor: there };
}
