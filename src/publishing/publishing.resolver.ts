import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Mutation, Query, Resolver } from 'type-graphql';
import { type CatalogService, readModel } from '../catalog/index.js';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { PublishModelInput } from './publishing.input.js';
import { PublishModelPayload } from './publishing.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import type { PublishingService } from './publishing.service.js';
import { PublishingReadinessType } from './readiness.type.js';

const OPERATOR = { scope: 'operator' } as const;

const ModelArg = () =>
  Arg('model', () => String, { description: 'Slug, alias or ID of the model.' });

@Resolver()
export class PublishingResolver {
  constructor(
    private readonly publishing: PublishingService,
    private readonly catalog: Pick<CatalogService, 'findModels'>,
  ) {}

  @Query(() => PublishingReadinessType, {
    nullable: true,
    // Its golden texts and images run for it.
    complexity: ({ childComplexity }) => 100 + childComplexity,
    description:
      'Requirements that a model meets for going live. Each query runs the golden texts and images of the model. For operators.',
  })
  @Access(OPERATOR)
  async publishingReadiness(@ModelArg() model: string): Promise<PublishingReadinessType> {
    return new PublishingReadinessType(await this.publishing.readiness(model));
  }

  @Mutation(() => PublishModelPayload, {
    nullable: true,
    complexity: ({ childComplexity }) => 100 + childComplexity,
    description:
      'Makes a model live if a provider is ready, prices are set and golden scores match. The error lists the missing requirements. For operators.',
  })
  @Access(OPERATOR)
  async publishModel(
    @InputArg(() => PublishModelInput) { model, allowUnverified }: PublishModelInput,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<PublishModelPayload> {
    const id = await this.publishing.publish(actor, model, { unverified: allowUnverified });
    return { model: await readModel(this.catalog, id, info) };
  }
}
