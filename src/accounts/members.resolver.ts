import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn, userOf } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { InputArg, present } from '../graphql/input.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { UserId } from '../platform/ids.js';
import { encodeTimeCursor } from '../platform/time-cursor.js';
import { toJoinedAccount } from './joined-account.js';
import {
  UpdateMemberRoleInput,
  CreateOrganizationInput,
  LeaveAccountInput,
  RemoveMemberInput,
} from './members.input.js';
import {
  UpdateMemberRolePayload,
  CreateOrganizationPayload,
  LeaveAccountPayload,
  RemoveMemberPayload,
} from './members.payload.js';
import type { MembersService } from './members.service.js';
import { membershipId, parseMembershipId } from './membership.js';
import {
  MembershipConnectionType,
  MembershipFilterInput,
  MembershipType,
  toMembership,
} from './membership.type.js';
import type { OrganizationsService } from './organizations.service.js';
import type { LoadUser } from './user.loaders.js';
import { UserType } from './user.type.js';

/** Who belongs to an account. */
@Resolver(() => AccountType)
export class MembersResolver {
  constructor(
    private readonly people: MembersService,
    private readonly organizations: OrganizationsService,
  ) {}

  /** For `node(id)`: memberships of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const key = parseMembershipId(id);
    if (key === undefined || !mayOn(context, key.accountId, 'read')) return null;
    const membership = await this.people.find(key);
    return membership === undefined ? null : toMembership(membership);
  };

  @FieldResolver(() => MembershipConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Members of the account, in order of joining.',
  })
  @Access({ scope: 'read' })
  async members(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => MembershipFilterInput, {
      nullable: true,
      description: 'Conditions that memberships must meet; omit for all members.',
    })
    filter: MembershipFilterInput | undefined,
    @Root() { id }: AccountType,
  ): Promise<MembershipConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const found = await this.people.list(id, present(filter ?? {}), page);
    const edges = found.slice(0, size).map((membership) => ({
      cursor: encodeTimeCursor({ at: membership.joinedAt, id: membership.userId }),
      node: toMembership(membership),
    }));
    return connectionOf(edges, { hasNextPage: found.length > size, after });
  }

  @Mutation(() => CreateOrganizationPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates an organization account with you as its owner. Requires a verified email address; the number of organizations per person is limited.',
  })
  @Access({ scope: 'session' })
  async createOrganization(
    @InputArg(() => CreateOrganizationInput) { name }: CreateOrganizationInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateOrganizationPayload> {
    return {
      account: toJoinedAccount(
        context.actor,
        await this.organizations.create(context.actor, userOf(context), name),
      ),
    };
  }

  @Mutation(() => UpdateMemberRolePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Changes the role of a member. Only owners can change owners. Revokes API keys of the member that exceed the new role.',
  })
  @Access({ scope: 'admin' })
  async updateMemberRole(
    @InputArg(() => UpdateMemberRoleInput) { userId, role }: UpdateMemberRoleInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateMemberRolePayload> {
    return {
      membership: toMembership(
        await this.people.changeRole(context.actor, accountOf(context), userId as UserId, role),
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
    const key = { accountId: accountOf(context), userId: userId as UserId };
    await this.people.remove(context.actor, key.accountId, key.userId);
    return { deletedMembershipId: membershipId(key) };
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
    const key = { accountId: accountOf(context), userId: userOf(context) };
    await this.people.remove(context.actor, key.accountId, key.userId);
    return { deletedMembershipId: membershipId(key), leftAccountId: key.accountId };
  }
}

/** The person of a membership. */
@Resolver(() => MembershipType)
export class MembershipFieldsResolver {
  constructor(private readonly loadUser: LoadUser) {}

  @FieldResolver(() => UserType, {
    complexity: LOOKUP_COST,
    description: 'The user who is a member of the account.',
  })
  async user(
    @Root() { userId }: MembershipType,
    @Ctx() context: GraphQLContext,
  ): Promise<UserType> {
    const user = await this.loadUser(context, userId);
    if (user === null) throw new AppError('NOT_FOUND', 'The member has left the account.');
    return user;
  }
}
