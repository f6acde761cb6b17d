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

/** Dispatches an id to the domain that made it. */
@Resolver()
export class NodeResolver {
  constructor(private readonly findByPrefix: ReadonlyMap<string, FindNode>) {}

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
    const find = this.findByPrefix.get(id.slice(0, id.indexOf('_')));
    return find === undefined ? null : find(id, context, info);
  }
}
