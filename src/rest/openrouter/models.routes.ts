import { z } from 'zod';
import { CALLABLE, type CatalogService, type Model, type ModelOrder } from '../../catalog/index.js';
import { AppError } from '../../errors.js';
import { addressOf } from '../address.js';
import { MODALITIES, ModelObject, PROVIDER, toModelObject } from '../model-object.js';
import { route, type Route } from '../route.js';
import { findModel, listWholeCatalog } from '../whole-catalog.js';
import { openrouter } from './openrouter.dialect.js';

const ORDERS = new Map<string, ModelOrder>([
  ['newest', { field: 'NEWEST', direction: 'DESC' }],
  ['most-popular', { field: 'DOWNLOADS', direction: 'DESC' }],
  ['pricing-low-to-high', { field: 'PRICE', direction: 'ASC' }],
  ['pricing-high-to-low', { field: 'PRICE', direction: 'DESC' }],
]);

const Modalities = z.string().optional().meta({
  description: 'Models that give at least one of these, as "text,embeddings"; "all" by default',
});

const Page = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

const List = Page.extend({
  q: z.string().optional().meta({ description: 'Words in name, slug or summary' }),
  output_modalities: Modalities,
  model_authors: z.string().optional().meta({ description: 'As "timm,google"' }),
  sort: z
    .string()
    .optional()
    .meta({
      description: `${[...ORDERS.keys()].join(', ')}; by anything else the newest come first`,
    }),
});

const ListAnswer = z.object({
  data: z.array(ModelObject),
  total_count: z.int(),
  links: z.object({ next: z.string().nullable() }),
});

const Author = z.object({ author: z.string(), slug: z.string() });

/** The catalog as OpenRouter lists it: models that can be called. */
export function openrouterModelsRoutes(
  catalog: Pick<CatalogService, 'listModels' | 'findModels'>,
): Route[] {
  const common = { tag: 'OpenRouter', dialect: openrouter, scope: 'public' } as const;
  return [
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/models',
      operationId: 'openrouterListModels',
      summary: 'The models that can be called, page by page where a limit is given',
      query: List,
      answer: ListAnswer,
      examples: [{ summary: 'The newest', query: { sort: 'newest', limit: '10' } }],
      handle: async (call, { query }) => {
        const { q, model_authors: authors, output_modalities: outputs, sort = '' } = query;
        const filter = { statuses: CALLABLE, search: q, owners: authors?.split(',') };
        const models = await listWholeCatalog(catalog, filter, ORDERS.get(sort));
        return pageOf(withOutputs(models, outputs), query, (next) =>
          addressOf(`${call.publicUrl}/api/v1/models`, { ...query, ...next }),
        );
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/models/count',
      operationId: 'openrouterCountModels',
      summary: 'How many models can be called',
      query: z.object({ output_modalities: Modalities }),
      answer: z.object({ data: z.object({ count: z.int() }) }),
      examples: [{ summary: 'All' }],
      handle: async (_call, { query }) => {
        const models = await listWholeCatalog(catalog, { statuses: CALLABLE });
        return { data: { count: withOutputs(models, query.output_modalities).length } };
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/model/:author/:slug',
      operationId: 'openrouterGetModel',
      summary: 'One model, whatever its status',
      params: Author,
      answer: z.object({ data: ModelObject }),
      examples: [{ summary: 'The demo', params: { author: 'gigarouter', slug: 'demo-shapes' } }],
      handle: async (_call, { params }) => ({
        data: toModelObject(await getModel(catalog, params)),
      }),
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/embeddings/models',
      operationId: 'openrouterListEmbeddingsModels',
      summary: 'The models that give vectors',
      query: Page,
      answer: ListAnswer,
      examples: [{ summary: 'All' }],
      handle: async (call, { query }) => {
        const models = await listWholeCatalog(catalog, { statuses: CALLABLE });
        return pageOf(withOutputs(models, 'embeddings'), query, (next) =>
          addressOf(`${call.publicUrl}/api/v1/embeddings/models`, next),
        );
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/api/v1/providers',
      operationId: 'openrouterListProviders',
      summary: 'Who runs the models: this server alone',
      answer: z.object({
        data: z.array(
          z.object({ name: z.string(), slug: z.string(), privacy_policy_url: z.null() }),
        ),
      }),
      examples: [{ summary: 'All' }],
      handle: () => ({ data: [{ name: PROVIDER, slug: PROVIDER, privacy_policy_url: null }] }),
    }),
  ];
}

/** @throws AppError NOT_FOUND */
export async function getModel(
  catalog: Pick<CatalogService, 'findModels'>,
  { author, slug }: { readonly author: string; readonly slug: string },
): Promise<Model> {
  const key = `${author}/${slug}`;
  const model = await findModel(catalog, key);
  if (model !== undefined) return model;
  throw new AppError('NOT_FOUND', `Model ${key.slice(0, 300)} not found.`);
}

/** @param outputs as "text,embeddings"; "all", or nothing, for every model */
function withOutputs(models: readonly Model[], outputs = 'all'): readonly Model[] {
  const wanted = outputs.split(',');
  if (wanted.includes('all')) return models;
  return models.filter(({ task }) =>
    MODALITIES[task].outputs.some((modality) => wanted.includes(modality)),
  );
}

function pageOf(
  models: readonly Model[],
  { offset, limit = models.length }: z.infer<typeof Page>,
  nextAddress: (next: { readonly offset: number; readonly limit: number }) => string,
): z.infer<typeof ListAnswer> {
  const end = offset + limit;
  return {
    data: models.slice(offset, end).map(toModelObject),
    total_count: models.length,
    links: { next: end < models.length ? nextAddress({ offset: end, limit }) : null },
  };
}
