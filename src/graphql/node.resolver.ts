import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
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

/** Objects whose ids have one prefix. */
export interface NodeSource {
  /** Name of their type. */
  readonly type: string;
  readonly find: FindNode;
}

/** By the prefix of the id, as "mdl". */
export type NodeSources = Readonly<Record<string, NodeSource>>;

/** What a domain adds to the schema. */
export interface DomainResolvers {
  readonly resolvers: readonly object[];
  readonly nodes?: NodeSources;
}

/** Dispatches an id to the domain that made it. */
@Resolver()
export class NodeResolver {
  constructor(private readonly sources: NodeSources) {}

  @Query(() => NodeType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Any object by its id; null when there is none that the caller may see.',
  })
  @Access({ scope: 'public', cacheMaxAgeS: 60 })
  async node(
    @Arg('id', () => ID, { description: 'The id of a Node, as "mdl_…".' }) id: string,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<NodeType | null> {
    const source = sourceOf(this.sources, id);
    return source === undefined ? null : source.find(id, context, info);
  }
}

/** undefined for an id that nobody makes. */
export function sourceOf(sources: NodeSources, id: string): NodeSource | undefined {
  const prefix = id.slice(0, id.indexOf('_'));
  return Object.hasOwn(sources, prefix) ? sources[prefix] : undefined;
}
