import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { DeleteProviderInput } from './providers.input.js';
import {
  CreateProviderPayload,
  UpdateProviderPayload,
  DeleteProviderPayload,
} from './providers.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import {
  CreateProviderInput,
  UpdateProviderInput,
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

  @Mutation(() => CreateProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Adds a provider to a model. It receives calls once its golden scores have been verified. For operators.',
  })
  @Access(OPERATOR)
  async createProvider(
    @InputArg(() => CreateProviderInput) input: CreateProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<CreateProviderPayload> {
    return {
      provider: toProvider(await this.providersOf.add(actor, input.model, toNewProvider(input))),
    };
  }

  @Mutation(() => UpdateProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Updates a provider. For operators.',
  })
  @Access(OPERATOR)
  async updateProvider(
    @InputArg(() => UpdateProviderInput) { id, ...input }: UpdateProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<UpdateProviderPayload> {
    return { provider: toProvider(await this.providersOf.edit(actor, id, toProviderEdit(input))) };
  }

  @Mutation(() => DeleteProviderPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Removes a provider. A model without providers is served by the built-in predictor. For operators.',
  })
  @Access(OPERATOR)
  async deleteProvider(
    @InputArg(() => DeleteProviderInput) { id }: DeleteProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DeleteProviderPayload> {
    return { deletedProviderId: await this.providersOf.remove(actor, id) };
  }
}
