import type { Author } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { CatalogChanges } from './catalog-changes.service.js';
import type { ModelChange } from './model-change.js';
import { listChanges } from './model-changes.store.js';

/** The changelogs of models: changes write them (`CatalogChanges.recordChange`), and operators. */
export class ModelChangesService {
  constructor(
    private readonly db: Queryable,
    private readonly catalogChanges: CatalogChanges,
  ) {}

  /** The newest changes of each model, at most `first` of each. One statement. */
  list(
    ids: readonly ModelId[],
    first: number,
  ): Promise<ReadonlyMap<ModelId, readonly ModelChange[]>> {
    return listChanges(this.db, ids, first);
  }

  /** Tells something of a model that no act tells. @throws AppError NOT_FOUND, BAD_USER_INPUT */
  add(author: Author, key: string, text: string): Promise<ModelId> {
    return this.catalogChanges.apply(author, key, () =>
      Promise.resolve({ action: 'model.noted', change: { kind: 'NOTE', text } }),
    );
  }
}
