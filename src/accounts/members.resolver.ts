import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { InvitationId, UserId } from '../platform/ids.js';
import { type Role, ROLES } from './account.js';
import { AccountType, toAccount } from './account.type.js';
import { InvitationType, MemberType } from './member.type.js';
import type { MembersService } from './members.service.js';
import type { OrganisationsService } from './organisations.service.js';
import { AcknowledgementType, DONE } from './session.type.js';

const LIST_COST = ({ childComplexity }: { childComplexity: number }) => 20 + childComplexity;

@Resolver()
export class MembersResolver {
  constructor(
    private readonly people: MembersService,
    private readonly organisations: OrganisationsService,
  ) {}

  @Query(() => [MemberType], {
    complexity: LIST_COST,
    description: 'Who belongs to the account, by time of joining.',
  })
  @Access({ scope: 'read' })
  members(@Ctx() context: GraphQLContext): Promise<readonly MemberType[]> {
    return this.people.list(accountOf(context));
  }

  @Query(() => [InvitationType], {
    complexity: LIST_COST,
    description: 'Invitations that wait, newest first.',
  })
  @Access({ scope: 'admin' })
  invitations(@Ctx() context: GraphQLContext): Promise<readonly InvitationType[]> {
    return this.people.invitations(accountOf(context));
  }

  @Mutation(() => AccountType, {
    complexity: LOOKUP_COST,
    description:
      'Opens an account for several people; you become its owner. Needs a confirmed e-mail address; a person may have some at a time.',
  })
  @Access({ scope: 'session' })
  async createOrganisation(
    @Arg('name', () => String, { description: '1 to 100 characters.' }) name: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountType> {
    return toAccount(await this.organisations.create(context.actor, userOf(context), name));
  }

  @Mutation(() => InvitationType, {
    complexity: LOOKUP_COST,
    description:
      'Mails an invitation; it replaces an earlier one to the same address. It ends with the rights of its sender.',
  })
  @Access({ scope: 'admin' })
  inviteMember(
    @Arg('email', () => String, { description: 'Who may accept it.' }) email: string,
    @Arg('role', () => ROLES, { defaultValue: 'DEVELOPER', description: 'What they will be.' })
    role: Role,
    @Ctx() context: GraphQLContext,
  ): Promise<InvitationType> {
    return this.people.invite(context.actor, accountOf(context), { email, role });
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Withdraws an invitation. May be repeated.',
  })
  @Access({ scope: 'admin' })
  async revokeInvitation(
    @Arg('id', () => ID, { description: '"inv_…".' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.revokeInvitation(context.actor, accountOf(context), id as InvitationId);
    return DONE;
  }

  @Mutation(() => AccountType, {
    complexity: LOOKUP_COST,
    description: 'Makes you a member, if the invitation was to your address.',
  })
  @Access({ scope: 'session' })
  async acceptInvitation(
    @Arg('token', () => String, { description: 'From the mail; works once.' }) token: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountType> {
    return toAccount(await this.people.accept(context.actor, userOf(context), token));
  }

  @Mutation(() => MemberType, {
    complexity: LOOKUP_COST,
    description:
      'Changes what a member may do. Owners are changed by owners. API keys that the member made end if they may do more.',
  })
  @Access({ scope: 'admin' })
  changeMemberRole(
    @Arg('userId', () => ID, { description: 'The member.' }) userId: string,
    @Arg('role', () => ROLES, { description: 'The new role.' }) role: Role,
    @Ctx() context: GraphQLContext,
  ): Promise<MemberType> {
    return this.people.changeRole(context.actor, accountOf(context), userId as UserId, role);
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Takes a member off the account. The API keys that the member made end: rotate those that are needed first.',
  })
  @Access({ scope: 'admin' })
  async removeMember(
    @Arg('userId', () => ID, { description: 'The member.' }) userId: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.remove(context.actor, accountOf(context), userId as UserId);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Takes you off the account. The API keys that you made there end.',
  })
  @Access({ scope: 'session' })
  async leaveAccount(@Ctx() context: GraphQLContext): Promise<AcknowledgementType> {
    await this.people.remove(context.actor, accountOf(context), userOf(context));
    return DONE;
  }
}
