import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { AccountAdminService } from './account-admin.service.js';
import { ACCOUNT_STATUSES, type AccountStatus } from './account.js';
import {
  ManagedAccountConnectionType,
  ManagedAccountType,
  toManagedAccount,
} from './managed-account.type.js';

/** Accounts, for operators. */
@Resolver()
export class AccountAdminResolver {
  constructor(private readonly accountAdmin: AccountAdminService) {}

  /** For `node(id)`: any account, for operators alone. */
  readonly findNode: FindNode = async (id, { actor: { scopes } }) => {
    if (!scopes.has('operator')) return null;
    const account = await this.accountAdmin.find(id);
    return account === undefined ? null : toManagedAccount(account);
  };

  @Query(() => ManagedAccountConnectionType, {
    complexity: listCost(1),
    description: 'All accounts, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async accounts(
    @Arg('search', () => String, {
      nullable: true,
      description:
        'A part of the name or of a member’s address, in any case; the id of the account, of a member or of a key; or the beginning of a key. At most 200 characters.',
    })
    search: string | undefined,
    @Arg('status', () => ACCOUNT_STATUSES, {
      nullable: true,
      description: 'Left out: whatever it is.',
    })
    status: AccountStatus | undefined,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<ManagedAccountConnectionType> {
    const size = checkPageSize(first);
    const filter = { search: search ?? undefined, status: status ?? undefined };
    const page = { first: size + 1, after: after ?? undefined };
    const found = await this.accountAdmin.list(filter, page);
    const edges = found
      .slice(0, size)
      .map((account) => ({ cursor: account.id, node: toManagedAccount(account) }));
    return connectionOf(edges, { hasNextPage: found.length > size, after });
  }

  @Query(() => ManagedAccountType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'An account by its id; null when there is none. For operators.',
  })
  @Access({ scope: 'operator' })
  async account(
    @Arg('id', () => ID, { description: '"acct_…".' }) id: string,
  ): Promise<ManagedAccountType | null> {
    const account = await this.accountAdmin.find(id);
    return account === undefined ? null : toManagedAccount(account);
  }

  @Mutation(() => ManagedAccountType, {
    complexity: LOOKUP_COST,
    description:
      'From now on no call of the account begins, and it buys nothing, on any server; what runs ends. It can read. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async freezeAccount(
    @Arg('id', () => ID, { description: 'The account.' }) id: string,
    @Arg('reason', () => String, {
      description: 'Why, in 1 to 500 characters; shown to whoever is refused.',
    })
    reason: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ManagedAccountType> {
    return toManagedAccount(await this.accountAdmin.freeze(actor, id, reason));
  }

  @Mutation(() => ManagedAccountType, {
    complexity: LOOKUP_COST,
    description:
      'Lets a frozen account call and buy again, on every server within 5 seconds. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async unfreezeAccount(
    @Arg('id', () => ID, { description: 'The account.' }) id: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ManagedAccountType> {
    return toManagedAccount(await this.accountAdmin.unfreeze(actor, id));
  }

  @Mutation(() => ManagedAccountType, {
    complexity: LOOKUP_COST,
    description:
      'Sets whether members act on an organisation only in a session in which they have shown a second factor. Takes effect with their next request; its keys go on. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async requireSecondFactor(
    @Arg('id', () => ID, { description: 'The account.' }) id: string,
    @Arg('required', () => Boolean, { description: 'Whether it is required from now on.' })
    required: boolean,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ManagedAccountType> {
    return toManagedAccount(await this.accountAdmin.requireSecondFactor(actor, id, required));
  }

  @Mutation(() => ManagedAccountType, {
    complexity: LOOKUP_COST,
    description: 'Sets both limits of an account, on every server within 5 seconds. For operators.',
  })
  @Access({ scope: 'operator' })
  async setAccountLimits(
    @Arg('id', () => ID, { description: 'The account.' }) id: string,
    @Arg('ratePerMinute', () => Int, {
      nullable: true,
      description: 'Calls in a minute, 1 to 1,000,000; null or left out: what everybody has.',
    })
    ratePerMinute: number | undefined,
    @Arg('concurrencyMax', () => Int, {
      nullable: true,
      description:
        'Calls at the same time in each process, 1 to 10,000; null or left out: what everybody has.',
    })
    concurrencyMax: number | undefined,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ManagedAccountType> {
    const limits = {
      ratePerMinute: ratePerMinute ?? null,
      concurrencyMax: concurrencyMax ?? null,
    };
    return toManagedAccount(await this.accountAdmin.setLimits(actor, id, limits));
  }
}
