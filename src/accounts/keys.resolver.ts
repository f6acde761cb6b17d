import { Arg, Ctx, Float, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { present } from '../graphql/input.js';
import { NanoUSD } from '../graphql/scalars.js';
import type { KeyId } from '../platform/ids.js';
import { CAP_PERIODS, type CapPeriod } from './api-key.js';
import { ApiKeyType, CreatedApiKeyType } from './api-key.type.js';
import { CreateApiKeyInput } from './create-api-key.input.js';
import type { KeysService } from './keys.service.js';

@Resolver()
export class KeysResolver {
  constructor(private readonly keys: KeysService) {}

  @Query(() => [ApiKeyType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'The account’s keys, newest first; revoked ones too.',
  })
  @Access({ scope: 'read' })
  apiKeys(@Ctx() context: GraphQLContext): Promise<readonly ApiKeyType[]> {
    return this.keys.list(accountOf(context));
  }

  @Mutation(() => CreatedApiKeyType, {
    complexity: LOOKUP_COST,
    description:
      'Creates a key. Its secret is in the answer, and nowhere else. A key creates none with fewer limits than its own.',
  })
  @Access({ scope: 'admin' })
  async createApiKey(
    @Arg('input', () => CreateApiKeyInput, { description: 'The key.' }) input: CreateApiKeyInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreatedApiKeyType> {
    const { key, secret } = await this.keys.create(
      context.actor,
      accountOf(context),
      present(input),
    );
    return { key, secret };
  }

  @Mutation(() => CreatedApiKeyType, {
    complexity: LOOKUP_COST,
    description:
      'Replaces a key by one of the same kind; the old one works for a while longer. Both share one spend cap, and what was spent of it.',
  })
  @Access({ scope: 'admin' })
  async rotateApiKey(
    @Arg('id', () => ID, { description: 'The key to replace.' }) id: string,
    @Arg('graceHours', () => Float, {
      defaultValue: 24,
      description: 'How long the old one works, 0 to 720 hours.',
    })
    graceHours: number,
    @Ctx() context: GraphQLContext,
  ): Promise<CreatedApiKeyType> {
    const { actor } = context;
    const rotated = await this.keys.rotate(actor, accountOf(context), id as KeyId, graceHours);
    return { key: rotated.key, secret: rotated.secret };
  }

  @Mutation(() => ApiKeyType, {
    complexity: LOOKUP_COST,
    description: 'Ends a key at once, on every server within 5 seconds. May be repeated.',
  })
  @Access({ scope: 'admin' })
  async revokeApiKey(
    @Arg('id', () => ID, { description: 'The key to end.' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<ApiKeyType> {
    return await this.keys.revoke(context.actor, accountOf(context), id as KeyId);
  }

  @Mutation(() => ApiKeyType, {
    complexity: LOOKUP_COST,
    description:
      'Sets or lifts the spend cap of a key, which it shares with the keys that it was rotated from and to. What they spent in the period counts. A key can only lower its own.',
  })
  @Access({ scope: 'admin' })
  async setApiKeyCap(
    @Arg('id', () => ID, { description: 'The key.' }) id: string,
    @Arg('spendCapNanos', () => NanoUSD, { nullable: true, description: 'Left out: no cap.' })
    spendCapNanos: bigint | null,
    @Arg('capPeriod', () => CAP_PERIODS, {
      defaultValue: 'MONTH',
      description: 'The period of the cap.',
    })
    capPeriod: CapPeriod,
    @Ctx() context: GraphQLContext,
  ): Promise<ApiKeyType> {
    const cap = { nanos: spendCapNanos ?? null, period: capPeriod };
    return await this.keys.change(context.actor, accountOf(context), id as KeyId, { cap });
  }
}
