import type { CatalogService } from '../catalog/index.js';
import { AppError } from '../errors.js';

/**
 * Slug of the model that is meant where a dialect has no place for one: the only one that is live.
 * @throws AppError BAD_USER_INPUT when there are several, or none
 */
export async function onlyLiveModel(catalog: Pick<CatalogService, 'listModels'>): Promise<string> {
  const { models, hasNextPage } = await catalog.listModels({
    filter: { statuses: ['LIVE'] },
    order: { field: 'NAME', direction: 'ASC' },
    first: 1,
    after: undefined,
    parts: new Set(),
  });
  const [model] = models;
  if (model !== undefined && !hasNextPage) return model.slug;
  throw new AppError(
    'BAD_USER_INPUT',
    model === undefined
      ? 'No model is live.'
      : 'More than one model is live. Set "model" in the body or in the query.',
    { details: { argument: 'model' } },
  );
}
