import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { RemoveProviderInput } from './providers.input.js';
import {
  AddProviderPayload,
  EditProviderPayload,
  RemoveProviderPayload,
} from './providers.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import {
  AddProviderInput,
  EditProviderInput,
  toNewProvider,
  toProviderEdit,
} from './provider.input.js';
import { ProviderType, toProvider } from './provider.type.js';
import type { ProvidersService } from './providers.service.js';

const OPERATOR = { scope: 'operator' } as const;

@Resolver()
export class ProvidersResolver {
  constructor(private readonly providersOf: ProvidersService) {}

  @Query(() => [ProviderType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      'Providers of a model, by priority; empty if the built-in predictor serves it. For operators.',
  })
  @Access(OPERATOR)
  async providers(
    @Arg('model', () => String, { description: 'Slug, alias or ID of the model.' }) model: string,
  ): Promise<ProviderType[]> {
    return (await this.providersOf.list(model)).map(toProvider);
  }

  @Mutation(() => AddProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Adds a provider to a model. It receives calls once its golden scores have been verified. For operators.',
  })
  @Access(OPERATOR)
  async addProvider(
    @InputArg(() => AddProviderInput) input: AddProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AddProviderPayload> {
    return {
      provider: toProvider(await this.providersOf.add(actor, input.model, toNewProvider(input))),
    };
  }

  @Mutation(() => EditProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Updates a provider. For operators.',
  })
  @Access(OPERATOR)
  async editProvider(
    @InputArg(() => EditProviderInput) { id, ...input }: EditProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<EditProviderPayload> {
    return { provider: toProvider(await this.providersOf.edit(actor, id, toProviderEdit(input))) };
  }

  @Mutation(() => RemoveProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Removes a provider. A model without providers is served by the built-in predictor. For operators.',
  })
  @Access(OPERATOR)
  async removeProvider(
    @InputArg(() => RemoveProviderInput) { id }: RemoveProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RemoveProviderPayload> {
    return { deletedProviderId: await this.providersOf.remove(actor, id) };
  }
}
