import { z } from 'zod';
import type { CatalogService, Model } from '../../catalog/index.js';
import { AppError } from '../../errors.js';
import type { MeteredClassificationService } from '../../inference/index.js';
import { bindCursor, listFingerprint, placeOf } from '../../platform/cursor.js';
import type { Call } from '../call.js';
import { PROVIDER } from '../model-object.js';
import { route, type Route } from '../route.js';
import { findModel } from '../whole-catalog.js';
import { HubModel, HubModelInfo, toHubModel, toSiblings } from './hub-model.js';
import { filterOf, HubModelsQuery, orderOf, Texts } from './hub-models.query.js';
import { huggingface } from './huggingface.dialect.js';

type Catalog = Pick<CatalogService, 'listModels' | 'findModels'>;

/** The catalog as clients of the Hugging Face Hub list one, and ask for a model of it. */
export function hubModelsRoutes(
  catalog: Catalog,
  inference: Pick<MeteredClassificationService, 'filesOf'>,
): Route[] {
  return [listRoute(catalog), infoRoute(catalog, inference)];
}

function listRoute(catalog: Catalog): Route {
  return route({
    method: 'GET',
    url: '/api/models',
    operationId: 'hubListModels',
    tag: 'Hugging Face',
    summary: 'The catalog, page by page: what can be called, and what is to come',
    description: 'A filter or an order that is not known here is refused.',
    dialect: huggingface,
    scope: 'public',
    query: HubModelsQuery,
    answer: z.array(HubModel),
    examples: [
      { summary: 'Of a task', query: { pipeline_tag: 'zero-shot-image-classification' } },
      { summary: 'What can be called', query: { inference_provider: PROVIDER } },
    ],
    handle: async (call, { query }) => {
      const list = { filter: filterOf(query), order: orderOf(query) };
      const fingerprint = listFingerprint(list);
      const { models, places, hasNextPage } = await catalog.listModels({
        ...list,
        first: query.limit,
        after: query.cursor === undefined ? undefined : placeOf(fingerprint, query.cursor),
        parts: new Set(),
      });
      const last = places.at(-1);
      if (hasNextPage && last !== undefined) {
        const next = call.searchParams;
        next.set('cursor', bindCursor(fingerprint, last));
        // These clients follow absolute addresses only.
        const address = `${call.publicUrl}/api/models?${next.toString()}`;
        call.setHeader('link', `<${address}>; rel="next"`);
      }
      return models.map((model) => toHubModel(model, query.expand));
    },
  });
}

/** An id with its slash, and the revision that some clients name. */
const Address = z.object({ '*': z.string() }).transform(({ '*': rest }) => {
  const [, id = '', revision = 'main'] = /^(.*?)(?:\/revision\/([^/]+))?\/?$/.exec(rest) ?? [];
  return { id, revision };
});

/** What is published is the one revision that there is. */
const REVISIONS = ['main', 'HEAD'];

function infoRoute(
  catalog: Catalog,
  inference: Pick<MeteredClassificationService, 'filesOf'>,
): Route {
  return route({
    method: 'GET',
    url: '/api/models/*',
    path: '/api/models/{id}',
    operationId: 'hubModelInfo',
    tag: 'Hugging Face',
    summary: 'One model, with the files that it was published with',
    description: 'The only revision is `main`: `/api/models/{id}/revision/main`.',
    dialect: huggingface,
    scope: 'public',
    params: Address,
    query: z.object({
      expand: Texts.meta({ description: 'inferenceProviderMapping; all else is there always' }),
      blobs: z.string().optional().meta({ description: 'true: with the sizes of the files' }),
    }),
    answer: HubModelInfo,
    examples: [{ summary: 'The demo model', params: { id: 'gigarouter/demo-shapes' } }],
    handle: async (call, { params: { id, revision }, query }) => {
      const model = await getModel(catalog, call, id);
      if (!REVISIONS.includes(revision)) {
        throw notFound(call, 'RevisionNotFound', `${id} has only the revision "main".`);
      }
      const files = await inference.filesOf(model);
      const withSizes = /^(?:true|1)$/i.test(query.blobs ?? '');
      return { ...toHubModel(model, query.expand), siblings: toSiblings(files, withSizes) };
    },
  });
}

async function getModel(catalog: Catalog, call: Call, id: string): Promise<Model> {
  const model = await findModel(catalog, id);
  if (model !== undefined && model.status !== 'PROPOSED') return model;
  throw notFound(call, 'RepoNotFound', `Model ${id.slice(0, 300)} not found.`);
}

/** With the header by which clients of the Hub tell what was not found. */
function notFound(call: Call, hubCode: string, message: string): AppError {
  call.setHeader('x-error-code', hubCode);
  call.setHeader('x-error-message', message);
  return new AppError('NOT_FOUND', message);
}
