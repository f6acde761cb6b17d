import { z } from 'zod';
import {
  CALLABLE,
  type CatalogService,
  MODEL_STATUSES,
  type ModelStatus,
} from '../../catalog/index.js';
import { AppError } from '../../errors.js';
import { ModelObject, toModelObject } from '../model-object.js';
import { route, type Route } from '../route.js';
import { findModel, listWholeCatalog } from '../whole-catalog.js';
import { openai } from './openai.dialect.js';

const STATUSES: Readonly<Record<'callable' | 'all', readonly ModelStatus[]>> = {
  callable: CALLABLE,
  // What somebody only asked for is on nobody's list.
  all: Object.values(MODEL_STATUSES).filter((status) => status !== 'PROPOSED'),
};

/** The catalog as clients of OpenAI, and of Hugging Face's router, read it. */
export function modelsRoutes(catalog: Pick<CatalogService, 'listModels' | 'findModels'>): Route[] {
  return [
    route({
      method: 'GET',
      url: '/v1/models',
      operationId: 'listModels',
      tag: 'Models',
      summary: 'The models that can be called, with what they cost',
      dialect: openai,
      scope: 'public',
      query: z.object({
        status: z
          .enum(['callable', 'all'])
          .default('callable')
          .meta({ description: 'all: the whole catalog, `gigarouter.status` says what each is' }),
      }),
      answer: z.object({ object: z.literal('list'), data: z.array(ModelObject) }),
      examples: [
        { summary: 'What can be called' },
        { summary: 'The whole catalog', query: { status: 'all' } },
      ],
      handle: async (_call, { query }) => {
        const models = await listWholeCatalog(catalog, { statuses: STATUSES[query.status] });
        return { object: 'list', data: models.map(toModelObject) };
      },
    }),
    route({
      method: 'GET',
      // The openai package sends %2F for a slash, people type it: a wildcard takes both.
      url: '/v1/models/*',
      path: '/v1/models/{id}',
      operationId: 'getModel',
      tag: 'Models',
      summary: 'One model of the catalog, by slug or alias, whatever its status',
      dialect: openai,
      scope: 'public',
      params: z.object({ '*': z.string() }),
      answer: ModelObject,
      examples: [
        { summary: 'The model of the demo', params: { id: 'gigarouter/demo-shapes' } },
        { summary: 'One that is to come', params: { id: 'timm/ViT-SO400M-14-SigLIP-384' } },
      ],
      handle: async (_call, { params }) => {
        const slug = params['*'];
        const model = await findModel(catalog, slug);
        if (model !== undefined) return toModelObject(model);
        throw new AppError('NOT_FOUND', `Model ${slug.slice(0, 300)} not found.`, {
          details: { argument: 'model' },
        });
      },
    }),
  ];
}
