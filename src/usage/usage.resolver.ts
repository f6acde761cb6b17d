import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { AccountId } from '../platform/ids.js';
import { RunConnectionType, RunType, toRun } from './run.type.js';
import type { CreditSource } from './statistics.service.js';
import type { UsageService } from './usage.service.js';

@Resolver()
export class UsageResolver {
  /** @param credits knows which accounts there are */
  constructor(
    private readonly usage: UsageService,
    private readonly credits: Pick<CreditSource, 'balance'>,
  ) {}

  /** For `node(id)`: the caller's own runs. */
  readonly findNode: FindNode = async (id, { actor: { accountId, scopes } }) => {
    if (accountId === undefined || !scopes.has('read')) return null;
    const run = await this.usage.find(accountId, id);
    return run === undefined ? null : toRun(run);
  };

  @Query(() => RunType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'One of the account’s calls; null when it has no such one.',
  })
  @Access({ scope: 'read' })
  async run(
    @Arg('id', () => ID, { description: '"run_…".' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<RunType | null> {
    const run = await this.usage.find(accountOf(context), id);
    return run === undefined ? null : toRun(run);
  }

  @Query(() => RunConnectionType, {
    complexity: listCost(1),
    description: 'The account’s calls that have ended, newest first.',
  })
  @Access({ scope: 'read' })
  async runs(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<RunConnectionType> {
    return this.page(accountOf(context), first, after);
  }

  @Query(() => RunConnectionType, {
    complexity: listCost(1),
    description: 'An account’s calls that have ended, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async accountRuns(
    @Arg('accountId', () => ID, { description: 'Any account.' })
    accountId: string,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<RunConnectionType> {
    await this.credits.balance(accountId as AccountId);
    return this.page(accountId as AccountId, first, after);
  }

  private async page(
    accountId: AccountId,
    first: number,
    after: string | undefined,
  ): Promise<RunConnectionType> {
    const page = await this.usage.list(accountId, {
      first: checkPageSize(first),
      after: after ?? undefined,
    });
    const edges = page.runs.map((run, row) => ({
      cursor: page.cursors[row] ?? '',
      node: toRun(run),
    }));
    return connectionOf(edges, { hasNextPage: page.hasNextPage, after });
  }
}
