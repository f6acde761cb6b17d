import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Mutation, Query, Resolver } from 'type-graphql';
import { type CatalogService, ModelType, readModel } from '../catalog/index.js';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import type { PublishingService } from './publishing.service.js';
import { PublishingReadinessType } from './readiness.type.js';

const OPERATOR = { scope: 'operator' } as const;

const ModelArg = () => Arg('model', () => String, { description: 'The model: slug, alias or id.' });

@Resolver()
export class PublishingResolver {
  constructor(
    private readonly publishing: PublishingService,
    private readonly catalog: Pick<CatalogService, 'findModels'>,
  ) {}

  @Query(() => PublishingReadinessType, {
    // Its golden texts and images run for it.
    complexity: ({ childComplexity }) => 100 + childComplexity,
    description:
      'What a model has of what it needs to be live, found out now, which runs its golden texts and images. For operators.',
  })
  @Access(OPERATOR)
  async publishingReadiness(@ModelArg() model: string): Promise<PublishingReadinessType> {
    return new PublishingReadinessType(await this.publishing.readiness(model));
  }

  @Mutation(() => ModelType, {
    complexity: ({ childComplexity }) => 100 + childComplexity,
    description:
      'Takes a model live, when a provider is ready, prices are set and its golden scores match; the refusal names all that is missing. For operators.',
  })
  @Access(OPERATOR)
  async publishModel(
    @ModelArg() model: string,
    @Arg('unverified', () => Boolean, {
      defaultValue: false,
      description:
        'Publish although only this platform’s own reference agrees with its scores. Recorded in the audit log and the model’s changelog.',
    })
    unverified: boolean,
    @Ctx() { actor }: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType> {
    return readModel(
      this.catalog,
      await this.publishing.publish(actor, model, { unverified }),
      info,
    );
  }
}
