import { createUnionType, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { type GraphQLContext, mayOn } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { KeyId, UserId } from '../platform/ids.js';
import { UserType } from './user.type.js';
import type { ApiKey } from './api-key.js';
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
      'User or API key that created the key; null if the server created it, or if the creator is not visible to the caller. The key is revoked when that user leaves the account.',
  })
  async createdBy(
    @Root() { createdBy }: ApiKeyType,
    @Ctx() context: GraphQLContext,
  ): Promise<typeof CreatorType | null> {
    if (createdBy === null) return null;
    if (createdBy.startsWith('usr_')) return this.loadUser(context, createdBy as UserId);
    const key = await this.loaders(context).key.load(createdBy as KeyId);
    return key !== undefined && seesKey(context, key) ? key : null;
  }
}

/** Every key sees itself; others only whoever reads or administers their account. */
function seesKey(context: GraphQLContext, { id, accountId }: ApiKey): boolean {
  if (id === context.actor.keyId) return true;
  return mayOn(context, accountId, 'read') || mayOn(context, accountId, 'admin');
}
