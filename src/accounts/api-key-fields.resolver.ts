import { createUnionType, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { KeyId, UserId } from '../platform/ids.js';
import { UserType } from './user.type.js';
import { ApiKeyType } from './api-key.type.js';
import type { KeyCap } from './key-cap.js';
import type { KeyLoaders } from './key.loaders.js';
import { SpendCapType } from './spend-cap.type.js';
import type { LoadUser } from './user.loaders.js';

const CreatorType = createUnionType({
  name: 'ApiKeyCreator',
  description: 'Creator of an API key: a user, or another API key of the account.',
  types: () => [UserType, ApiKeyType] as const,
});

/** What an API key refers to; one statement of each kind for all keys of a request. */
@Resolver(() => ApiKeyType)
export class ApiKeyFieldsResolver {
  constructor(
    private readonly loaders: (context: object) => KeyLoaders,
    private readonly loadUser: LoadUser,
  ) {}

  @FieldResolver(() => SpendCapType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Spend cap of the key and its use in the current period; null means no cap.',
  })
  async spendCap(@Root() { id }: ApiKeyType, @Ctx() context: object): Promise<KeyCap | null> {
    return (await this.loaders(context).cap.load(id as KeyId)) ?? null;
  }

  @FieldResolver(() => CreatorType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'User or API key that created the key; null if the server created it or the user is no longer visible. The key is revoked when that user leaves the account.',
  })
  async createdBy(
    @Root() { createdBy }: ApiKeyType,
    @Ctx() context: GraphQLContext,
  ): Promise<typeof CreatorType | null> {
    if (createdBy === null) return null;
    if (createdBy.startsWith('usr_')) return this.loadUser(context, createdBy as UserId);
    return (await this.loaders(context).key.load(createdBy as KeyId)) ?? null;
  }
}
