import { Arg, Resolver, Root, Subscription } from 'type-graphql';
import type { ModelStanding } from '../catalog/index.js';
import { type Balance, BalanceType } from '../credits/index.js';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { Sources } from '../graphql/schema.js';
import type { AccountId } from '../platform/ids.js';
import { type Run, RunType, toRun, type UsageTick } from '../usage/index.js';
import type { LiveService } from './live.service.js';
import { ModelStatusChangeType, UsageTickType } from './live.type.js';

const topicId = ({ context }: { context: GraphQLContext }) => accountOf(context);

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
  @Subscription(() => BalanceType, {
    topics: 'balance',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'The account’s credit: as it is now, and whenever it has changed. Of several changes between two reads only the last is told.',
  })
  @Access({ scope: 'read' })
  balanceChanged(@Root() balance: Balance): BalanceType {
    return balance;
  }

  @Subscription(() => RunType, {
    topics: 'runs',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'Each call of the account that ends from now on, once. Who reads too slowly is ended with OVERLOADED: read `runs`, and subscribe again.',
  })
  @Access({ scope: 'read' })
  runFinished(@Root() run: Run): RunType {
    return toRun(run);
  }

  @Subscription(() => UsageTickType, {
    topics: 'usage',
    topicId,
    complexity: LOOKUP_COST,
    description:
      'What the account used in the last five seconds; told while it uses something, and once when it has stopped.',
  })
  @Access({ scope: 'read' })
  usageTick(@Root() tick: UsageTick): UsageTickType {
    return tick;
  }

  @Subscription(() => ModelStatusChangeType, {
    topics: 'models',
    topicId: ({ args }) => (args as { slugs?: readonly string[] | null }).slugs ?? undefined,
    complexity: LOOKUP_COST,
    description:
      'Models whose status changes. Those that are named are told as they stand now, too.',
  })
  @Access({ scope: 'public' })
  modelStatusChanged(
    // The source of the events is who reads it.
    @Arg('slugs', () => [String], {
      nullable: true,
      description: 'Slugs or aliases, 1–100; left out: all models.',
    })
    _slugs: readonly string[] | undefined,
    @Root() standing: ModelStanding,
  ): ModelStatusChangeType {
    return new ModelStatusChangeType(standing);
  }
}
