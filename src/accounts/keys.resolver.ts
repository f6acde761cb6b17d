import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { RotateApiKeyInput, RevokeApiKeyInput, UpdateApiKeyInput } from './keys.input.js';
import {
  CreateApiKeyPayload,
  RotateApiKeyPayload,
  RevokeApiKeyPayload,
  UpdateApiKeyPayload,
} from './keys.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { present } from '../graphql/input.js';
import type { KeyId } from '../platform/ids.js';
import { ApiKeyType } from './api-key.type.js';
import { CreateApiKeyInput } from './create-api-key.input.js';
import type { KeyLoaders } from './key.loaders.js';
import type { KeysService } from './keys.service.js';

@Resolver(() => AccountType)
export class KeysResolver {
  constructor(
    private readonly keys: KeysService,
    private readonly loaders: (context: object) => KeyLoaders,
  ) {}

  /** For `node(id)`: keys of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const key = await this.loaders(context).key.load(id as KeyId);
    return key !== undefined && mayOn(context, key.accountId, 'read') ? key : null;
  };

  @FieldResolver(() => [ApiKeyType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'API keys of the account, including revoked ones, newest first.',
  })
  @Access({ scope: 'read' })
  apiKeys(@Root() { id }: AccountType): Promise<readonly ApiKeyType[]> {
    return this.keys.list(id);
  }

  @Mutation(() => CreateApiKeyPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates an API key and returns its secret, which cannot be retrieved later. A key cannot create keys with looser limits than its own.',
  })
  @Access({ scope: 'admin' })
  async createApiKey(
    @InputArg(() => CreateApiKeyInput) input: CreateApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateApiKeyPayload> {
    const { key, secret } = await this.keys.create(
      context.actor,
      accountOf(context),
      present(input),
    );
    return { apiKey: key, secret };
  }

  @Mutation(() => RotateApiKeyPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Replaces an API key with a new one that has the same settings; the old key works for another `graceHours`. Both share one spend cap and the spend counted towards it.',
  })
  @Access({ scope: 'admin' })
  async rotateApiKey(
    @InputArg(() => RotateApiKeyInput) { id, graceHours }: RotateApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RotateApiKeyPayload> {
    const { actor } = context;
    const rotated = await this.keys.rotate(actor, accountOf(context), id as KeyId, graceHours);
    return { apiKey: rotated.key, replacedApiKey: rotated.replaced, secret: rotated.secret };
  }

  @Mutation(() => RevokeApiKeyPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Revokes an API key, on every server within 5 seconds. Safe to repeat.',
  })
  @Access({ scope: 'admin' })
  async revokeApiKey(
    @InputArg(() => RevokeApiKeyInput) { id }: RevokeApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RevokeApiKeyPayload> {
    return { apiKey: await this.keys.revoke(context.actor, accountOf(context), id as KeyId) };
  }

  @Mutation(() => UpdateApiKeyPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Updates an API key, on every server within 5 seconds. The spend cap is shared with the keys that it was rotated from or to, whose spend in the period counts. A key cannot loosen its own limits.',
  })
  @Access({ scope: 'admin' })
  async updateApiKey(
    @InputArg(() => UpdateApiKeyInput) { id, spendCap, name, scopes, ...limits }: UpdateApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateApiKeyPayload> {
    const changes = {
      name: name ?? undefined,
      scopes: scopes ?? undefined,
      cap:
        spendCap === undefined
          ? undefined
          : { nanos: spendCap?.nanos ?? null, period: spendCap?.period ?? undefined },
      ...limits,
    };
    const accountId = accountOf(context);
    return { apiKey: await this.keys.change(context.actor, accountId, id as KeyId, changes) };
  }
}
