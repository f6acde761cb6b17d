import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  FreezeAccountInput,
  UnfreezeAccountInput,
  RequireSecondFactorInput,
  UpdateAccountLimitsInput,
} from './account-admin.input.js';
import {
  FreezeAccountPayload,
  UnfreezeAccountPayload,
  RequireSecondFactorPayload,
  UpdateAccountLimitsPayload,
} from './account-admin.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { findAccount, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { AccountAdminService } from './account-admin.service.js';
import { ACCOUNT_STATUSES, type AccountStatus } from './account.js';
import { AccountConnectionType } from './account.type.js';

/** Accounts, for operators. */
@Resolver()
export class AccountAdminResolver {
  constructor(private readonly accountAdmin: AccountAdminService) {}

  @Query(() => AccountConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'All accounts, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async accounts(
    @Arg('search', () => String, {
      nullable: true,
      description:
        'Case-insensitive part of the account name or of a member’s email address; the ID of the account, of a member or of a key; or the first characters of a key. At most 200 characters.',
    })
    search: string | undefined,
    @Arg('status', () => ACCOUNT_STATUSES, {
      nullable: true,
      description: 'Status to filter by; omit for all statuses.',
    })
    status: AccountStatus | undefined,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountConnectionType> {
    const size = checkPageSize(first);
    const filter = { search: search ?? undefined, status: status ?? undefined };
    const page = { first: size + 1, after: after ?? undefined };
    const found = await this.accountAdmin.list(filter, page);
    const edges = found
      .slice(0, size)
      .map(({ id }) => ({ cursor: id, node: toAccount(context, id) }));
    return connectionOf(edges, { hasNextPage: found.length > size, after });
  }

  @Mutation(() => FreezeAccountPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Freezes an account: new calls and purchases are rejected on every server, calls in progress complete, and data stays readable. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async freezeAccount(
    @InputArg(() => FreezeAccountInput) { id, reason }: FreezeAccountInput,
    @Ctx() context: GraphQLContext,
  ): Promise<FreezeAccountPayload> {
    await this.accountAdmin.freeze(context.actor, id, reason);
    return { account: toAccount(context, id) };
  }

  @Mutation(() => UnfreezeAccountPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Unfreezes an account, which can call models and buy credit again on every server within 5 seconds. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async unfreezeAccount(
    @InputArg(() => UnfreezeAccountInput) { id }: UnfreezeAccountInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UnfreezeAccountPayload> {
    await this.accountAdmin.unfreeze(context.actor, id);
    return { account: toAccount(context, id) };
  }

  @Mutation(() => RequireSecondFactorPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Sets whether members of an organization must sign in with a second factor to act on it. Takes effect on their next request; API keys are not affected. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async requireSecondFactor(
    @InputArg(() => RequireSecondFactorInput) { id, isRequired }: RequireSecondFactorInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RequireSecondFactorPayload> {
    await this.accountAdmin.requireSecondFactor(context.actor, id, isRequired);
    return { account: toAccount(context, id) };
  }

  @Mutation(() => UpdateAccountLimitsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sets call limits of an account, on every server within 5 seconds. For operators.',
  })
  @Access({ scope: 'operator' })
  async updateAccountLimits(
    @InputArg(() => UpdateAccountLimitsInput)
    { id, ...limits }: UpdateAccountLimitsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateAccountLimitsPayload> {
    await this.accountAdmin.setLimits(context.actor, id, limits);
    return { account: toAccount(context, id) };
  }
}

/** An account as an operator sees it; it has been looked up. */
function toAccount(context: GraphQLContext, id: string): AccountType {
  const account = findAccount(context, id);
  if (account === undefined) throw new Error(`${id} cannot be shown.`);
  return account;
}
