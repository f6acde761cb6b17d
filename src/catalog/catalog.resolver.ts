import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { selectedFields } from '../graphql/selection.js';
import type { ModelId } from '../platform/ids.js';
import { type CatalogLoaders, createCatalogLoaders } from './catalog.loaders.js';
import type { CatalogService } from './catalog.service.js';
import { ModelFilterInput, ModelOrderInput, toFilter, toOrder } from './list-models.input.js';
import {
  ModelComparisonType,
  ModelConnectionType,
  TaskCountType,
  toTaskCount,
} from './model-list.type.js';
import type { ModelChange } from './model-change.js';
import { ModelChangeType } from './model-change.type.js';
import type { PriceVersion } from './model.js';
import { ModelType, partsOf, PriceVersionType } from './model.type.js';
import type { ModelChangesService } from './model-changes.service.js';

const PUBLIC = { scope: 'public', cacheMaxAgeS: 60 } as const;
const RELATED_DEFAULT = 6;
const CHANGES_DEFAULT = 20;

@Resolver(() => ModelType)
export class CatalogResolver {
  private readonly loaders: (context: object) => CatalogLoaders;

  constructor(
    private readonly catalog: CatalogService,
    changes: ModelChangesService,
  ) {
    this.loaders = createCatalogLoaders(catalog, changes);
  }

  /** For `node(id)`: models by their ids. */
  readonly findNode: FindNode = (id, context, info) => this.find(id, context, info);

  /** For `node(id)`: price versions. */
  readonly findPriceVersion = (id: string, context: object): Promise<PriceVersion | null> =>
    id.includes('\0') ? Promise.resolve(null) : this.loaders(context).priceVersion.load(id);

  @Query(() => ModelType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Model with the given slug or alias; null if there is none.',
  })
  @Access(PUBLIC)
  model(
    @Arg('slug', () => String, {
      description: 'Slug or alias of the model, in the form "owner/name".',
    })
    slug: string,
    @Ctx() context: object,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType | null> {
    return this.find(slug, context, info);
  }

  @Query(() => ModelConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description:
      'Models in the catalog. PROPOSED and RETIRED models are included only if the filter names their status.',
  })
  @Access(PUBLIC)
  async models(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => ModelFilterInput, {
      nullable: true,
      description: 'Conditions that models must meet; omit for all models.',
    })
    filterInput: ModelFilterInput | undefined,
    @Arg('orderBy', () => ModelOrderInput, {
      nullable: true,
      description: 'Sort order; by default RELEVANCE with a search, else DOWNLOADS.',
    })
    orderInput: ModelOrderInput | undefined,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelConnectionType> {
    const filter = toFilter(filterInput);
    const [page, totalCount] = await Promise.all([
      this.catalog.listModels({
        filter,
        order: toOrder(orderInput, filter),
        first: checkPageSize(first),
        after: after ?? undefined,
        parts: new Set([...partsOf(info, ['edges', 'node']), ...partsOf(info, ['nodes'])]),
      }),
      selectedFields(info).has('totalCount') ? this.catalog.countModels(filter) : undefined,
    ]);
    const edges = page.models.map((model, row) => ({
      cursor: page.places[row] ?? '',
      node: new ModelType(model),
    }));
    return { ...connectionOf(edges, { hasNextPage: page.hasNextPage, after }), totalCount };
  }

  @Query(() => [TaskCountType], {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Tasks with models in the catalog, by number of models, highest first.',
  })
  @Access(PUBLIC)
  async tasks(): Promise<TaskCountType[]> {
    return (await this.catalog.countByTask()).map(toTaskCount);
  }

  @Query(() => ModelComparisonType, {
    nullable: true,
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'Side-by-side comparison of two to six models.',
  })
  @Access(PUBLIC)
  async compareModels(
    @Arg('slugs', () => [String], {
      description: 'Slugs or aliases of two to six different models.',
    })
    slugs: string[],
  ): Promise<ModelComparisonType> {
    const { models, rows } = await this.catalog.compareModels(slugs);
    return { models: models.map((model) => new ModelType(model)), rows };
  }

  @FieldResolver(() => [ModelType], {
    complexity: listCost(1),
    description: 'Models related to this one, best match first.',
  })
  async relatedModels(
    @Root() { id }: ModelType,
    @Arg('first', () => Int, {
      defaultValue: RELATED_DEFAULT,
      description: 'Number of models to return, 1 to 100.',
    })
    first: number,
    @Ctx() context: object,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType[]> {
    const wanted = { id: id as ModelId, first: checkPageSize(first), parts: partsOf(info) };
    return (await this.loaders(context).related.load(wanted)).map((model) => new ModelType(model));
  }

  @FieldResolver(() => [PriceVersionType], {
    complexity: ({ childComplexity }) => 2 + childComplexity,
    description: 'Past, current and future price versions, newest first.',
  })
  priceVersions(
    @Root() { id }: ModelType,
    @Ctx() context: object,
  ): Promise<readonly PriceVersion[]> {
    return this.loaders(context).priceVersions.load(id as ModelId);
  }

  @FieldResolver(() => [ModelChangeType], {
    complexity: listCost(1),
    description: 'Changelog of the model, newest first.',
  })
  changelog(
    @Root() { id }: ModelType,
    @Arg('first', () => Int, {
      defaultValue: CHANGES_DEFAULT,
      description: 'Number of entries to return, 1 to 100.',
    })
    first: number,
    @Ctx() context: object,
  ): Promise<readonly ModelChange[]> {
    const wanted = { id: id as ModelId, first: checkPageSize(first) };
    return this.loaders(context).changes.load(wanted);
  }

  private async find(
    key: string,
    context: object,
    info: GraphQLResolveInfo,
  ): Promise<ModelType | null> {
    const model = await this.loaders(context).model.load({ key, parts: partsOf(info) });
    return model === null ? null : new ModelType(model);
  }
}

/** A model that a mutation has changed, with the parts that are asked for in its payload's `model`. */
export async function readModel(
  catalog: Pick<CatalogService, 'findModels'>,
  id: ModelId,
  info: GraphQLResolveInfo,
): Promise<ModelType> {
  const model = (await catalog.findModels([id], partsOf(info, ['model']))).get(id);
  if (model === undefined) throw new Error(`${id} was there a moment ago.`);
  return new ModelType(model);
}
