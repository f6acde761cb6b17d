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

  @Query(() => ModelType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'A model by its slug or an alias of it; null when there is none.',
  })
  @Access(PUBLIC)
  model(
    @Arg('slug', () => String, { description: '"owner/name".' }) slug: string,
    @Ctx() context: object,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType | null> {
    return this.find(slug, context, info);
  }

  @Query(() => ModelConnectionType, {
    complexity: listCost(1),
    description:
      'The catalog, page by page. Proposed and retired models are shown only when the filter names the status.',
  })
  @Access(PUBLIC)
  async models(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => ModelFilterInput, { nullable: true, description: 'Left out: all models.' })
    filterInput: ModelFilterInput | undefined,
    @Arg('orderBy', () => ModelOrderInput, {
      nullable: true,
      description: 'Left out: RELEVANCE with a search, else DOWNLOADS.',
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
        parts: partsOf(info, ['edges', 'node']),
      }),
      selectedFields(info).has('totalCount') ? this.catalog.countModels(filter) : undefined,
    ]);
    const edges = page.models.map((model, row) => ({
      cursor: page.cursors[row] ?? '',
      node: new ModelType(model),
    }));
    return { ...connectionOf(edges, { hasNextPage: page.hasNextPage, after }), totalCount };
  }

  @Query(() => [TaskCountType], {
    complexity: LOOKUP_COST,
    description: 'The tasks that the catalog has models for, most models first.',
  })
  @Access(PUBLIC)
  async tasks(): Promise<TaskCountType[]> {
    return (await this.catalog.countByTask()).map(toTaskCount);
  }

  @Query(() => ModelComparisonType, {
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'Two to six models side by side, fact by fact.',
  })
  @Access(PUBLIC)
  async compareModels(
    @Arg('slugs', () => [String], {
      description: 'Two to six slugs or aliases of different models.',
    })
    slugs: string[],
  ): Promise<ModelComparisonType> {
    const { models, rows } = await this.catalog.compareModels(slugs);
    return { models: models.map((model) => new ModelType(model)), rows };
  }

  @FieldResolver(() => [ModelType], {
    complexity: listCost(1),
    description: 'Models worth comparing with this one, best first.',
  })
  async relatedModels(
    @Root() { id }: ModelType,
    @Arg('first', () => Int, { defaultValue: RELATED_DEFAULT, description: 'How many, 1 to 100.' })
    first: number,
    @Ctx() context: object,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ModelType[]> {
    const wanted = { id: id as ModelId, first: checkPageSize(first), parts: partsOf(info) };
    return (await this.loaders(context).related.load(wanted)).map((model) => new ModelType(model));
  }

  @FieldResolver(() => [PriceVersionType], {
    complexity: ({ childComplexity }) => 2 + childComplexity,
    description: 'Every price that was, is or will be in force, newest first.',
  })
  priceVersions(
    @Root() { id }: ModelType,
    @Ctx() context: object,
  ): Promise<readonly PriceVersion[]> {
    return this.loaders(context).priceVersions.load(id as ModelId);
  }

  @FieldResolver(() => [ModelChangeType], {
    complexity: listCost(1),
    description: 'What happened to it, newest first.',
  })
  changelog(
    @Root() { id }: ModelType,
    @Arg('first', () => Int, { defaultValue: CHANGES_DEFAULT, description: 'How many, 1 to 100.' })
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

/** A model that was just changed, with the parts that are asked for. */
export async function readModel(
  catalog: Pick<CatalogService, 'findModels'>,
  id: ModelId,
  info: GraphQLResolveInfo,
): Promise<ModelType> {
  const model = (await catalog.findModels([id], partsOf(info))).get(id);
  if (model === undefined) throw new Error(`${id} was there a moment ago.`);
  return new ModelType(model);
}
