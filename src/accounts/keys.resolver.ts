import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
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
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { present } from '../graphql/input.js';
import type { KeyId } from '../platform/ids.js';
import type { ApiKey } from './api-key.js';
import { ApiKeyConnectionType, type ApiKeyEdgeType } from './api-key.type.js';
import { CreateApiKeyInput } from './create-api-key.input.js';
import { ApiKeyFilterInput, ApiKeyOrderInput } from './key-list.input.js';
import { decodePlace, encodePlace, placeOf, placeOfNew } from './key-list.js';
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

  @FieldResolver(() => ApiKeyConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description:
      'API keys of the account. Keys that are not revoked come first, newest first, unless `orderBy` is given; then those that were revoked last.',
  })
  @Access({ scope: 'read' })
  async apiKeys(
    @FirstArg() first: number,
    @AfterArg() after: string | null | undefined,
    @Arg('filter', () => ApiKeyFilterInput, {
      nullable: true,
      description: 'Conditions that keys must meet; omit for all keys.',
    })
    filter: ApiKeyFilterInput | null | undefined,
    @Arg('orderBy', () => ApiKeyOrderInput, {
      nullable: true,
      description: 'Sort order; omit for keys that are not revoked first.',
    })
    order: ApiKeyOrderInput | null | undefined,
    @Root() { id }: AccountType,
  ): Promise<ApiKeyConnectionType> {
    const size = checkPageSize(first);
    const orderBy = order ?? undefined;
    const listed = await this.keys.list(id, {
      filter: present(filter ?? {}),
      orderBy,
      first: size + 1,
      after: typeof after === 'string' ? decodePlace(after, orderBy) : undefined,
    });
    const edges = listed
      .slice(0, size)
      .map((node) => ({ cursor: encodePlace(placeOf(node, orderBy)), node }));
    return connectionOf(edges, { hasNextPage: listed.length > size, after });
  }

  @Mutation(() => CreateApiKeyPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Creates an API key and returns its secret, which cannot be retrieved later. A key cannot create keys with looser limits than its own.',
  })
  @Access({ scope: 'admin' })
  async createApiKey(
    @InputArg(() => CreateApiKeyInput) { spendCap, ...rest }: CreateApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreateApiKeyPayload> {
    const { key, secret } = await this.keys.create(context.actor, accountOf(context), {
      ...present(rest),
      spendCapNanos: spendCap?.nanos,
      capPeriod: spendCap?.period ?? 'MONTH',
    });
    return { apiKey: key, apiKeyEdge: edgeOf(key), secret };
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
    const { key, replaced, secret } = rotated;
    return { apiKey: key, apiKeyEdge: edgeOf(key), replacedApiKey: replaced, secret };
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

/** Of a new key, in the list without filter and order. */
function edgeOf(key: ApiKey): ApiKeyEdgeType {
  return { cursor: placeOfNew(key), node: key };
}
