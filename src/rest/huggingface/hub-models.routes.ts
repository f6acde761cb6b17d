import { z } from 'zod';
import {
  CALLABLE,
  type CatalogService,
  isCallable,
  type Model,
  MODEL_TASKS,
  type ModelFilter,
  type ModelOrder,
} from '../../catalog/index.js';
import { addressOf } from '../address.js';
import { hubTask, PROVIDER, publishedAt } from '../model-object.js';
import { route, type Route } from '../route.js';
import { huggingface } from './huggingface.dialect.js';

const DOWNLOADS: ModelOrder = { field: 'DOWNLOADS', direction: 'DESC' };
const ORDERS = new Map<string, ModelOrder>([
  ['downloads', DOWNLOADS],
  ['createdAt', { field: 'NEWEST', direction: 'DESC' }],
  ['num_parameters', { field: 'PARAMETERS', direction: 'DESC' }],
]);

/** How the tag of a license begins. */
const LICENSE = 'license:';

/** Repeated, or separated by commas. */
const Texts = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((given) => [given].flat().flatMap((text) => text.split(',')));

const Query = z.object({
  pipeline_tag: z.string().optional().meta({ description: 'Task' }),
  search: z.string().optional().meta({ description: 'Words in name, slug or summary' }),
  author: z.string().optional(),
  filter: Texts.meta({ description: 'Tags that a model needs: a task, or `license:…`' }),
  inference: z.string().optional().meta({ description: 'warm: only what can be called' }),
  inference_provider: Texts.meta({ description: `${PROVIDER} or all: only what can be called` }),
  expand: Texts.meta({ description: 'inferenceProviderMapping; all else is there always' }),
  sort: z
    .string()
    .default('downloads')
    .meta({
      description: `${[...ORDERS.keys()].join(', ')}; by anything else as by downloads`,
    }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().optional().meta({ description: 'From the `Link` header of another answer' }),
});
type Query = z.infer<typeof Query>;

const HubModel = z.object({
  _id: z.string(),
  id: z.string(),
  modelId: z.string(),
  author: z.string(),
  pipeline_tag: z.string(),
  tags: z.array(z.string()),
  downloads: z.int().meta({ description: 'A month, on the Hugging Face Hub; 0: nobody knows' }),
  likes: z.int().meta({ description: 'On the Hugging Face Hub; 0: nobody knows' }),
  private: z.literal(false),
  gated: z.literal(false),
  createdAt: z.string(),
  lastModified: z.string(),
  inferenceProviderMapping: z
    .array(
      z.object({
        provider: z.string(),
        providerId: z.string(),
        status: z.literal('live'),
        task: z.string(),
      }),
    )
    .optional(),
});

/**
 * The catalog as clients of the Hugging Face Hub list one.
 * @param publicUrl where the server is reached; these clients follow absolute addresses only
 */
export function hubModelsRoutes(
  catalog: Pick<CatalogService, 'listModels'>,
  publicUrl: string,
): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/models',
      operationId: 'hubListModels',
      tag: 'Hugging Face',
      summary: 'The catalog, page by page: what can be called, and what is to come',
      dialect: huggingface,
      scope: 'public',
      query: Query,
      answer: z.array(HubModel),
      examples: [
        { summary: 'Of a task', query: { pipeline_tag: 'zero-shot-image-classification' } },
        { summary: 'What can be called', query: { inference_provider: PROVIDER } },
      ],
      handle: async (call, { query }) => {
        const { models, cursors, hasNextPage } = await catalog.listModels({
          filter: filterOf(query),
          order: ORDERS.get(query.sort) ?? DOWNLOADS,
          first: query.limit,
          after: query.cursor,
          parts: new Set(),
        });
        const last = cursors.at(-1);
        if (hasNextPage && last !== undefined) {
          const next = addressOf(`${publicUrl}/api/models`, { ...query, cursor: last });
          call.setHeader('link', `<${next}>; rel="next"`);
        }
        return models.map((model) => toHubModel(model, query.expand));
      },
    }),
  ];
}

function filterOf(query: Query): ModelFilter {
  const { search, author, pipeline_tag: task, inference, inference_provider: providers } = query;
  const tags = [...query.filter, ...(task === undefined ? [] : [task])];
  const licenses = tags.filter((tag) => tag.startsWith(LICENSE));
  const others = tags.filter((tag) => !tag.startsWith(LICENSE));
  return {
    search,
    owners: author === undefined ? undefined : [author],
    // A tag that is neither license nor task is one that no model has.
    tasks: Object.values(MODEL_TASKS).filter((one) => others.every((tag) => tag === hubTask(one))),
    licenses: licenses.length === 0 ? undefined : licenses.map((tag) => tag.slice(LICENSE.length)),
    ...(inference === 'warm' || providers.length > 0 ? { statuses: statusesOf(providers) } : {}),
  };
}

/** @param providers one of which has to run a model; none: any */
function statusesOf(providers: readonly string[]): ModelFilter['statuses'] {
  const isOurs =
    providers.length === 0 || providers.some((one) => one === PROVIDER || one === 'all');
  return isOurs ? CALLABLE : [];
}

function toHubModel(model: Model, expand: readonly string[]): z.infer<typeof HubModel> {
  const { id, slug, owner, license, downloadsPerMonth, likes, updatedOn } = model;
  const task = hubTask(model.task);
  const createdAt = publishedAt(model);
  const mapping = { provider: PROVIDER, providerId: slug, status: 'live', task } as const;
  return {
    _id: id,
    id: slug,
    modelId: slug,
    author: owner,
    pipeline_tag: task,
    tags: [task, ...(license === null ? [] : [`${LICENSE}${license}`])],
    downloads: downloadsPerMonth ?? 0,
    likes: likes ?? 0,
    private: false,
    gated: false,
    createdAt: createdAt.toISOString(),
    lastModified: (updatedOn === null ? createdAt : new Date(updatedOn)).toISOString(),
    ...(expand.includes('inferenceProviderMapping')
      ? { inferenceProviderMapping: isCallable(model) ? [mapping] : [] }
      : {}),
  };
}
