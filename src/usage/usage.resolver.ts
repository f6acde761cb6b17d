import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { mayOn } from '../graphql/context.js';
import { listCost } from '../graphql/cost.js';
import type { FindNode, FindOwned } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { RunId } from '../platform/ids.js';
import { RunConnectionType, toRun } from './run.type.js';
import { RunFilterInput, RunOrderInput } from './runs.input.js';
import type { UsageService } from './usage.service.js';

@Resolver(() => AccountType)
export class UsageResolver {
  constructor(private readonly usage: UsageService) {}

  /** For `node(id)`: runs of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const run = await this.usage.findAny(id);
    return run !== undefined && mayOn(context, run.accountId, 'read') ? toRun(run) : null;
  };

  /** What ledger entries refer to: runs of an account that the caller may read. */
  readonly findOwned: FindOwned = async (accountId, ids) =>
    (await this.usage.findMany(accountId, ids as readonly RunId[])).map(toRun);

  @FieldResolver(() => RunConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Finished calls of the account, newest first by default.',
  })
  @Access({ scope: 'read' })
  async runs(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => RunFilterInput, {
      nullable: true,
      description: 'Conditions that calls must meet; omit for all calls.',
    })
    filter: RunFilterInput | undefined,
    @Arg('orderBy', () => RunOrderInput, {
      nullable: true,
      description: 'Sort order; newest first by default.',
    })
    orderBy: RunOrderInput | undefined,
    @Root() { id }: AccountType,
  ): Promise<RunConnectionType> {
    const page = await this.usage.list(id, {
      first: checkPageSize(first),
      after: after ?? undefined,
      ...(filter && { filter }),
      ...(orderBy && { direction: orderBy.direction }),
    });
    const edges = page.runs.map((run, row) => ({
      cursor: page.places[row] ?? '',
      node: toRun(run),
    }));
    return connectionOf(edges, { hasNextPage: page.hasNextPage, after });
  }
}
