import type { CatalogService, Model, ModelFilter, ModelOrder } from '../catalog/index.js';

const PRICES = new Set(['prices'] as const);
const NEWEST: ModelOrder = { field: 'NEWEST', direction: 'DESC' };
/** Of one statement; a catalog has some hundreds of models. */
const PAGE = 250;

/** Every model of a list, with its prices: for clients that read a catalog at once. Newest first by default. */
export async function listWholeCatalog(
  catalog: Pick<CatalogService, 'listModels'>,
  filter: ModelFilter,
  order = NEWEST,
): Promise<Model[]> {
  const models: Model[] = [];
  let after: string | undefined;
  do {
    const page = await catalog.listModels({ filter, order, first: PAGE, after, parts: PRICES });
    models.push(...page.models);
    after = page.hasNextPage ? page.places.at(-1) : undefined;
  } while (after !== undefined);
  return models;
}

/** A model by slug or alias, with its prices, whatever its status. */
export async function findModel(
  catalog: Pick<CatalogService, 'findModels'>,
  key: string,
): Promise<Model | undefined> {
  return (await catalog.findModels([key], PRICES)).get(key);
}
