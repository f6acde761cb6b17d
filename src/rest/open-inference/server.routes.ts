import { z } from 'zod';
import type { CatalogService } from '../../catalog/index.js';
import { VERSION } from '../../platform/version.js';
import { route, type Route } from '../route.js';
import { openInference } from './open-inference.dialect.js';

/** Triton's names of what is served besides the protocol itself. */
const EXTENSIONS = ['binary_tensor_data', 'model_configuration', 'model_repository'];

/** The part of the Open Inference Protocol that is about the server. */
export function openInferenceServerRoutes(catalog: Pick<CatalogService, 'countModels'>): Route[] {
  const common = {
    method: 'GET',
    tag: 'Open Inference Protocol',
    dialect: openInference,
    scope: 'public',
  } as const;
  return [
    route({
      ...common,
      url: '/v2',
      operationId: 'openInferenceServer',
      summary: 'Name and version of the server',
      answer: z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) }),
      examples: [{ summary: 'The server' }],
      handle: () => ({ name: 'gigarouter', version: VERSION, extensions: EXTENSIONS }),
    }),
    route({
      ...common,
      url: '/v2/health/live',
      operationId: 'openInferenceLive',
      summary: 'Whether the server runs',
      answer: z.object({ live: z.literal(true) }),
      examples: [{ summary: 'It does' }],
      handle: () => ({ live: true }),
    }),
    route({
      ...common,
      url: '/v2/health/ready',
      operationId: 'openInferenceReady',
      summary: 'Whether the server can serve',
      description: 'It needs its database. Whether a model can be run is told by the model.',
      answer: z.object({ ready: z.literal(true) }),
      examples: [{ summary: 'It can' }],
      handle: async () => {
        // Nothing is served without it; an outage is answered 503.
        await catalog.countModels({ statuses: ['LIVE'] });
        return { ready: true };
      },
    }),
  ];
}
