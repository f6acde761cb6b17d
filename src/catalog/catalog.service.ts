import { AppError } from '../errors.js';
import type { Queryable } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import * as store from './catalog.store.js';
import { compareRows, type ComparisonRow } from './comparison.js';
import { type ModelFilter, type ModelOrder } from './model-order.js';
import {
  type Model,
  MODEL_PARTS,
  type ModelPart,
  type ModelStanding,
  type PriceVersion,
} from './model.js';

export interface Comparison {
  /** In the order that was asked for. */
  readonly models: readonly Model[];
  readonly rows: readonly ComparisonRow[];
}

const COMPARE_MIN = 2;
const COMPARE_MAX = 6;

/** Reads the catalog. Everything here is public; each method sends one statement unless it says otherwise. */
export class CatalogService {
  constructor(private readonly db: Queryable) {}

  /** @throws AppError BAD_USER_INPUT for what is no place in the list or RELEVANCE without a search. */
  listModels(list: {
    filter: ModelFilter;
    order: ModelOrder;
    first: number;
    after: string | undefined;
    parts: ReadonlySet<ModelPart>;
  }): Promise<store.ModelPage> {
    return store.listModels(this.db, list);
  }

  countModels(filter: ModelFilter): Promise<number> {
    return store.countModels(this.db, filter);
  }

  /** @param keys slugs, aliases or ids; those that nobody has are missing from the result. */
  async findModels(
    keys: readonly string[],
    parts: ReadonlySet<ModelPart>,
  ): Promise<ReadonlyMap<string, Model>> {
    const possible = keys.filter((key) => key.length <= 300 && !key.includes('\0'));
    return possible.length === 0 ? new Map() : store.findModels(this.db, possible, parts);
  }

  /** The present slugs of those models that there are, by what they were asked for: a slug, an alias or an id. */
  async findSlugs(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = await this.findModels([...new Set(keys)], new Set());
    return new Map([...found].map(([key, { slug }]) => [key, slug]));
  }

  listRelated(
    ids: readonly ModelId[],
    first: number,
    parts: ReadonlySet<ModelPart>,
  ): Promise<ReadonlyMap<ModelId, readonly Model[]>> {
    return store.listRelatedModels(this.db, ids, first, parts);
  }

  listPriceVersions(
    ids: readonly ModelId[],
  ): Promise<ReadonlyMap<ModelId, readonly PriceVersion[]>> {
    return store.listPriceVersions(this.db, ids);
  }

  /** Price versions by their ids. */
  findPriceVersions(ids: readonly string[]): Promise<ReadonlyMap<string, PriceVersion>> {
    return store.findPriceVersions(this.db, ids);
  }

  /** Where models stand, in no order; all of them without ids. */
  standings(ids?: readonly ModelId[]): Promise<readonly ModelStanding[]> {
    return store.listStandings(this.db, ids);
  }

  countByTask(): Promise<readonly store.TaskCount[]> {
    return store.countByTask(this.db);
  }

  /**
   * @param slugs 2 to 6 different models, by slug or alias.
   * @throws AppError BAD_USER_INPUT for another number or one model twice, NOT_FOUND naming the unknown slugs.
   */
  async compareModels(slugs: readonly string[]): Promise<Comparison> {
    if (slugs.length < COMPARE_MIN || slugs.length > COMPARE_MAX) {
      throw badSlugs(
        `\`slugs\` must list ${String(COMPARE_MIN)} to ${String(COMPARE_MAX)} models.`,
      );
    }
    const found = await this.findModels(slugs, new Set(MODEL_PARTS));
    const unknown = slugs.filter((slug) => !found.has(slug));
    if (unknown.length > 0) {
      throw new AppError('NOT_FOUND', `Models not found: ${unknown.join(', ')}.`, {
        details: { slugs: unknown },
      });
    }
    const models = slugs.flatMap((slug) => found.get(slug) ?? []);
    if (new Set(models.map(({ id }) => id)).size < models.length) {
      throw badSlugs('The slugs must name different models; an alias counts as its model.');
    }
    return { models, rows: compareRows(models) };
  }
}

function badSlugs(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'slugs' } });
}
