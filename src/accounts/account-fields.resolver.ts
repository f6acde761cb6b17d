import { Ctx, FieldResolver, GraphQLISODateTime, Int, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import type { GraphQLContext } from '../graphql/context.js';
import type { AccountDetails } from './account-details.js';
import { type AccountLoaders, createAccountLoaders } from './account.loaders.js';
import {
  ACCOUNT_KINDS,
  ACCOUNT_STATUSES,
  type AccountKind,
  type AccountStatus,
  type Role,
  ROLES,
} from './account.js';
import { AccountLimitsType } from './account.type.js';
import type { AccountsService } from './accounts.service.js';

/** Read with the account; one statement for all accounts of a request. */
const DETAIL_COST = 0;

/** What an account is and how it stands. Its name, kind and role are for whoever may name it. */
@Resolver(() => AccountType)
export class AccountFieldsResolver {
  private readonly loaders: (context: object) => AccountLoaders;

  constructor(accounts: AccountsService) {
    this.loaders = createAccountLoaders(accounts);
  }

  @FieldResolver(() => ACCOUNT_KINDS, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Whether the account belongs to one person or to an organization.',
  })
  @Access({ scope: 'caller' })
  kind(@Root() account: AccountType, @Ctx() context: GraphQLContext): Promise<AccountKind | null> {
    return this.detail(account, context, ({ kind }) => kind);
  }

  @FieldResolver(() => String, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Display name of the account.',
  })
  @Access({ scope: 'caller' })
  name(@Root() account: AccountType, @Ctx() context: GraphQLContext): Promise<string | null> {
    return this.detail(account, context, ({ name }) => name);
  }

  @FieldResolver(() => ACCOUNT_STATUSES, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Whether the account is active, frozen or closed.',
  })
  @Access({ scope: 'read' })
  status(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountStatus | null> {
    return this.detail(account, context, ({ status }) => status);
  }

  @FieldResolver(() => String, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Reason given by the operator who froze the account; null if it is not frozen.',
  })
  @Access({ scope: 'read' })
  frozenReason(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<string | null> {
    return this.detail(account, context, ({ standing }) => standing.frozenReason);
  }

  @FieldResolver(() => GraphQLISODateTime, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Time at which the account was frozen; null if it is not frozen.',
  })
  @Access({ scope: 'read' })
  frozenAt(@Root() account: AccountType, @Ctx() context: GraphQLContext): Promise<Date | null> {
    return this.detail(account, context, ({ frozenAt }) => frozenAt);
  }

  @FieldResolver(() => GraphQLISODateTime, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Time at which the account was created.',
  })
  @Access({ scope: 'read' })
  createdAt(@Root() account: AccountType, @Ctx() context: GraphQLContext): Promise<Date | null> {
    return this.detail(account, context, ({ createdAt }) => createdAt);
  }

  @FieldResolver(() => GraphQLISODateTime, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Time at which the account was closed; null if it is open.',
  })
  @Access({ scope: 'read' })
  closedAt(@Root() account: AccountType, @Ctx() context: GraphQLContext): Promise<Date | null> {
    return this.detail(account, context, ({ closedAt }) => closedAt);
  }

  @FieldResolver(() => AccountLimitsType, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Call limits of the account.',
  })
  @Access({ scope: 'read' })
  limits(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountLimitsType | null> {
    return this.detail(account, context, ({ standing }) => standing);
  }

  @FieldResolver(() => Boolean, {
    nullable: true,
    complexity: DETAIL_COST,
    description:
      'Whether members can act on the account only in sessions verified with a second factor.',
  })
  @Access({ scope: 'caller' })
  isSecondFactorRequired(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<boolean | null> {
    return this.detail(account, context, ({ standing }) => standing.secondFactorRequired);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Number of members of the account.',
  })
  @Access({ scope: 'read' })
  memberCount(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<number | null> {
    return this.detail(account, context, ({ memberCount }) => memberCount);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    complexity: DETAIL_COST,
    description: 'Number of API keys that are not revoked.',
  })
  @Access({ scope: 'read' })
  apiKeyCount(
    @Root() account: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<number | null> {
    return this.detail(account, context, ({ keyCount }) => keyCount);
  }

  @FieldResolver(() => ROLES, {
    nullable: true,
    complexity: DETAIL_COST,
    description:
      'Role of the signed-in user; null for API keys, and for operators who are not members.',
  })
  @Access({ scope: 'caller' })
  async viewerRole(
    @Root() { id }: AccountType,
    @Ctx() context: GraphQLContext,
  ): Promise<Role | null> {
    const { userId } = context.actor;
    if (userId === undefined) return null;
    const accounts = await this.loaders(context).ofUser.load(userId);
    return accounts.find((account) => account.id === id)?.role ?? null;
  }

  private async detail<T>(
    { id }: AccountType,
    context: object,
    pick: (account: AccountDetails) => T,
  ): Promise<T | null> {
    const account = await this.loaders(context).details.load(id);
    return account === undefined ? null : pick(account);
  }
}
