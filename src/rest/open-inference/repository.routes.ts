import { z } from 'zod';
import { type CatalogService, isCallable } from '../../catalog/index.js';
import { route, type Route } from '../route.js';
import { listWholeCatalog } from '../whole-catalog.js';
import { MODEL_VERSION } from './model-address.js';
import { openInference } from './open-inference.dialect.js';
import { decodeBinary } from './tensors.js';

const Index = z.array(
  z.object({
    name: z.string(),
    version: z.string().optional().meta({ description: 'Left out while it cannot be called' }),
    state: z.enum(['READY', 'UNAVAILABLE']),
    reason: z.string(),
  }),
);

/** The model repository extension, as far as it only tells: models are published over GraphQL. */
export function openInferenceRepositoryRoutes(
  catalog: Pick<CatalogService, 'listModels'>,
): Route[] {
  return [
    route({
      method: 'POST',
      url: '/v2/repository/index',
      operationId: 'openInferenceRepositoryIndex',
      tag: 'Open Inference Protocol',
      summary: 'Every model of the catalog, and whether it can be called',
      dialect: openInference,
      scope: 'public',
      body: z.object({
        ready: z.boolean().optional().meta({ description: 'true: only what can be called' }),
      }),
      fromBytes: (bytes) => decodeBinary(bytes, undefined),
      answer: Index,
      examples: [{ summary: 'What can be called', body: { ready: true } }],
      handle: async (_call, { body }): Promise<z.infer<typeof Index>> => {
        const models = await listWholeCatalog(catalog, {});
        return models
          .filter((model) => body.ready !== true || isCallable(model))
          .map((model) =>
            isCallable(model)
              ? { name: model.slug, version: MODEL_VERSION, state: 'READY', reason: '' }
              : { name: model.slug, state: 'UNAVAILABLE', reason: reasonOf(model.status) },
          );
      },
    }),
  ];
}

/** "coming soon" */
function reasonOf(status: string): string {
  return status.toLowerCase().replaceAll('_', ' ');
}
