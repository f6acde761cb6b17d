import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import {
  AddProviderInput,
  EditProviderInput,
  toNewProvider,
  toProviderEdit,
} from './provider.input.js';
import { ProviderType, toProvider, RemovedProviderType } from './provider.type.js';
import type { ProvidersService } from './providers.service.js';

const OPERATOR = { scope: 'operator' } as const;

@Resolver()
export class ProvidersResolver {
  constructor(private readonly providersOf: ProvidersService) {}

  @Query(() => [ProviderType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'Who runs a model, by priority; none: the built-in predictor does. For operators.',
  })
  @Access(OPERATOR)
  async providers(
    @Arg('model', () => String, { description: 'The model: slug, alias or id.' }) model: string,
  ): Promise<ProviderType[]> {
    return (await this.providersOf.list(model)).map(toProvider);
  }

  @Mutation(() => ProviderType, {
    complexity: LOOKUP_COST,
    description:
      'Adds a provider to a model. It gets calls once it has shown the golden scores. For operators.',
  })
  @Access(OPERATOR)
  async addProvider(
    @Arg('input', () => AddProviderInput, { description: 'The provider.' }) input: AddProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ProviderType> {
    return toProvider(await this.providersOf.add(actor, input.model, toNewProvider(input)));
  }

  @Mutation(() => ProviderType, {
    complexity: LOOKUP_COST,
    description: 'Changes a provider. For operators.',
  })
  @Access(OPERATOR)
  async editProvider(
    @Arg('id', () => ID, { description: 'The provider, "prv_…".' }) id: string,
    @Arg('input', () => EditProviderInput, { description: 'What to change.' })
    input: EditProviderInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ProviderType> {
    return toProvider(await this.providersOf.edit(actor, id, toProviderEdit(input)));
  }

  @Mutation(() => RemovedProviderType, {
    complexity: LOOKUP_COST,
    description:
      'Removes a provider; a model without one is run by the built-in predictor. For operators.',
  })
  @Access(OPERATOR)
  async removeProvider(
    @Arg('id', () => ID, { description: 'The provider, "prv_…".' }) id: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RemovedProviderType> {
    return { id: await this.providersOf.remove(actor, id) };
  }
}
