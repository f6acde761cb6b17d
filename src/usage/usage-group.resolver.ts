import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, FieldResolver, Info, Resolver, Root } from 'type-graphql';
import { ApiKeyType, UserType } from '../accounts/index.js';
import { ModelType } from '../catalog/index.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { isUserId } from '../platform/ids.js';
import type { RunLinks } from './run-links.resolver.js';
import { UsageGroupType } from './statistics.type.js';

/** What the calls of a group have in common, as objects. */
@Resolver(() => UsageGroupType)
export class UsageGroupResolver {
  constructor(private readonly links: Pick<RunLinks, 'findModel' | 'keys' | 'loadUser'>) {}

  @FieldResolver(() => ModelType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Model that was called; null if it no longer exists.',
  })
  async model(
    @Root() { modelSlug }: UsageGroupType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Awaited<ReturnType<FindNode>>> {
    return modelSlug === null ? null : this.links.findModel(modelSlug, context, info);
  }

  @FieldResolver(() => ApiKeyType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'API key that made the calls; null if a signed-in user did.',
  })
  async apiKey(
    @Root() { keyId }: UsageGroupType,
    @Ctx() context: GraphQLContext,
  ): Promise<ApiKeyType | null> {
    return keyId === null ? null : ((await this.links.keys(context).key.load(keyId)) ?? null);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'User who made the calls or created the API key used; null if they are gone or not visible to the caller.',
  })
  async member(
    @Root() { memberId }: UsageGroupType,
    @Ctx() context: GraphQLContext,
  ): Promise<UserType | null> {
    return memberId !== null && isUserId(memberId) ? this.links.loadUser(context, memberId) : null;
  }
}
