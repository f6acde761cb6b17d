import DataLoader from 'dataloader';
import type { ModelId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { CatalogService } from './catalog.service.js';
import type { ModelChange } from './model-change.js';
import type { ModelChangesService } from './model-changes.service.js';
import type { Model, ModelPart, PriceVersion } from './model.js';

type Parts = ReadonlySet<ModelPart>;

/** What one request reads by key, gathered into one statement each. */
export interface CatalogLoaders {
  /** By slug, alias or id. */
  readonly model: DataLoader<{ key: string; parts: Parts }, Model | null>;
  readonly related: DataLoader<{ id: ModelId; first: number; parts: Parts }, readonly Model[]>;
  readonly priceVersions: DataLoader<ModelId, readonly PriceVersion[]>;
  readonly priceVersion: DataLoader<string, PriceVersion | null>;
  readonly changes: DataLoader<{ id: ModelId; first: number }, readonly ModelChange[]>;
}

/** Makes the loaders of a request, once for each context object: nothing is shared between requests. */
export function createCatalogLoaders(
  catalog: CatalogService,
  changes: ModelChangesService,
): (context: object) => CatalogLoaders {
  return perContext(() => loadersOf(catalog, changes));
}

function loadersOf(catalog: CatalogService, changelogs: ModelChangesService): CatalogLoaders {
  // Without a cache: keys are objects, and what two fields ask for may differ in its parts.
  const options = { cache: false };
  return {
    model: new DataLoader(async (wanted) => {
      const found = await catalog.findModels(
        [...new Set(wanted.map(({ key }) => key))],
        union(wanted),
      );
      return wanted.map(({ key }) => found.get(key) ?? null);
    }, options),
    related: new DataLoader(async (wanted) => {
      const most = Math.max(...wanted.map(({ first }) => first));
      const found = await catalog.listRelated(
        [...new Set(wanted.map(({ id }) => id))],
        most,
        union(wanted),
      );
      return wanted.map(({ id, first }) => (found.get(id) ?? []).slice(0, first));
    }, options),
    priceVersions: new DataLoader(async (ids) => {
      const found = await catalog.listPriceVersions([...new Set(ids)]);
      return ids.map((id) => found.get(id) ?? []);
    }, options),
    priceVersion: new DataLoader(async (ids) => {
      const found = await catalog.findPriceVersions([...new Set(ids)]);
      return ids.map((id) => found.get(id) ?? null);
    }, options),
    changes: new DataLoader(async (wanted) => {
      const most = Math.max(...wanted.map(({ first }) => first));
      const found = await changelogs.list([...new Set(wanted.map(({ id }) => id))], most);
      return wanted.map(({ id, first }) => (found.get(id) ?? []).slice(0, first));
    }, options),
  };
}

function union(wanted: readonly { parts: Parts }[]): Parts {
  return new Set(wanted.flatMap(({ parts }) => [...parts]));
}
