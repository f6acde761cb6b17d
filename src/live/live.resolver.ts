import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Resolver, Root, Subscription } from 'type-graphql';
import { ModelType, type ModelStanding } from '../catalog/index.js';
import type { Balance } from '../credits/index.js';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { getAccount, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import type { Sources } from '../graphql/schema.js';
import { requireScope } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { type Run, toRun, type UsageTick } from '../usage/index.js';
import type { LiveService } from './live.service.js';
import { RunFinishedPayloadType, UsageTickType } from './live.type.js';

interface OfAccount {
  readonly accountId?: string | null;
}

const AccountIdArg = () =>
  Arg('accountId', () => ID, {
    nullable: true,
    description:
      'ID of the account to watch; defaults to the API key’s account, else the personal account.',
  });

/** @throws AppError NOT_FOUND, FORBIDDEN */
function topicId({ context, args }: { context: GraphQLContext; args: OfAccount }): AccountId {
  const { id, actor } = getAccount(context, args.accountId);
  requireScope(actor, 'read');
  return id;
}

/** Where the events of each subscription come from, by its topic. */
export function liveSources(live: LiveService): Sources {
  return {
    balance: (accountId) => live.balances(accountId as AccountId),
    runs: (accountId) => live.runs(accountId as AccountId),
    usage: (accountId) => live.ticks(accountId as AccountId),
    models: (slugs) => live.modelStandings(slugs as readonly string[] | undefined),
  };
}

@Resolver()
export class LiveResolver {
  /** @param findModel finds a model by its id */
  constructor(private readonly findModel: FindNode) {}

  @Subscription(() => AccountType, {
    nullable: true,
    topics: 'balance',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'Emits the account once on subscription and after each balance change. Slow clients receive only the latest state.',
  })
  @Access({ scope: 'caller' })
  balanceChanged(
    @AccountIdArg() accountId: string | null,
    @Root() balance: Balance,
    @Ctx() context: GraphQLContext,
  ): AccountType & { readonly balance: Balance } {
    const { id, actor } = getAccount(context, accountId);
    return { id, actor, balance };
  }

  @Subscription(() => RunFinishedPayloadType, {
    nullable: true,
    topics: 'runs',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'Emits each call of the account that finishes after subscription, once. Clients that are too slow are disconnected with OVERLOADED: read `runs` and subscribe again.',
  })
  @Access({ scope: 'caller' })
  runFinished(
    @AccountIdArg() accountId: string | null,
    @Root() run: Run,
    @Ctx() context: GraphQLContext,
  ): RunFinishedPayloadType {
    return { run: toRun(run), account: getAccount(context, accountId) };
  }

  @Subscription(() => UsageTickType, {
    nullable: true,
    topics: 'usage',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'Emits the usage of the account every five seconds while there is any, and once when it stops.',
  })
  @Access({ scope: 'caller' })
  usageTick(@AccountIdArg() _accountId: string | null, @Root() tick: UsageTick): UsageTickType {
    return tick;
  }

  @Subscription(() => ModelType, {
    nullable: true,
    topics: 'models',
    topicId: ({ args }) => (args as { slugs?: readonly string[] | null }).slugs ?? undefined,
    complexity: LOOKUP_COST,
    description:
      'Emits models whose status changes. Models named in `slugs` are also emitted once on subscription.',
  })
  @Access({ scope: 'public' })
  modelStatusChanged(
    // The source of the events is who reads it.
    @Arg('slugs', () => [String], {
      nullable: true,
      description: 'Slugs or aliases of the models to watch, 1 to 100; omit for all models.',
    })
    _slugs: readonly string[] | undefined,
    @Root() { id }: ModelStanding,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findModel(id, context, info);
  }
}
