import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
import { AppError } from '../errors.js';
import type { AccountId } from '../platform/ids.js';
import { Access } from './access.js';
import type { GraphQLContext } from './context.js';
import { LOOKUP_COST } from './cost.js';
import { NodeType } from './node.type.js';

/** Finds the objects of one id prefix; null for an id that nobody has. */
export type FindNode = (
  id: string,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
) => Promise<NodeType | null>;

/**
 * Finds many objects of one account, which the caller may read: what rows of a list link to. In no order; those that there
 * are.
 */
export type FindOwned = (
  accountId: AccountId,
  ids: readonly string[],
) => Promise<readonly NodeType[]>;

/** Objects whose ids have one prefix. */
export interface NodeSource {
  /** Name of their type. */
  readonly type: string;
  readonly find: FindNode;
  readonly findOwned?: FindOwned;
  /** Whether callers without credentials can see them. */
  readonly isPublic?: true;
}

/** By the prefix of the id, as "mdl". */
export type NodeSources = Readonly<Record<string, NodeSource>>;

/** What a domain adds to the schema. */
export interface DomainResolvers {
  readonly resolvers: readonly object[];
  readonly nodes?: NodeSources;
}

const NODES_MAX = 100;

/** Dispatches an id to the domain that made it. */
@Resolver()
export class NodeResolver {
  constructor(private readonly sources: NodeSources) {}

  @Query(() => NodeType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Object with the given ID; null if it does not exist or is not accessible.',
  })
  @Access({ scope: 'public', cacheMaxAgeS: 60 })
  async node(
    @Arg('id', () => ID, { description: 'ID of an object that implements Node.' }) id: string,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<NodeType | null> {
    const source = sourceOf(this.sources, id);
    if (source === undefined) return null;
    // Only the schema for operators has it.
    if (info.schema.getType(source.type) === undefined) return null;
    // Nobody but a caller can see what belongs to an account.
    if (source.isPublic !== true && context.actor.accountId === undefined) return null;
    return source.find(id, context, info);
  }

  @Query(() => [NodeType], {
    nullable: 'itemsAndList',
    complexity: ({ args, childComplexity }) =>
      Math.min((args as { ids: readonly unknown[] }).ids.length, NODES_MAX) * (2 + childComplexity),
    description:
      'Objects with the given IDs, in the same order; null for each ID that does not exist or is not accessible.',
  })
  @Access({ scope: 'public', cacheMaxAgeS: 60 })
  nodes(
    @Arg('ids', () => [ID], { description: 'IDs of objects that implement Node, at most 100.' })
    ids: string[],
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): readonly Promise<NodeType | null>[] {
    if (ids.length > NODES_MAX) {
      throw new AppError('BAD_USER_INPUT', `Pass at most ${String(NODES_MAX)} IDs.`, {
        details: { argument: 'ids' },
      });
    }
    // Each for itself: one that fails takes no other along. The same id is looked up once.
    const found = new Map<string, Promise<NodeType | null>>();
    return ids.map((id) => {
      const one = found.get(id) ?? this.node(id, context, info);
      found.set(id, one);
      return one;
    });
  }
}

/** undefined for an id that nobody makes. */
export function sourceOf(sources: NodeSources, id: string): NodeSource | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  return Object.hasOwn(sources, prefix) ? sources[prefix] : undefined;
}
