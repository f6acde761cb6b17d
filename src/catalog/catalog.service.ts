import { AppError } from '../errors.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import { SharedReads } from '../platform/shared-reads.js';
import * as store from './catalog.store.js';
import { compareRows, type ComparisonRow } from './comparison.js';
import { type ModelFilter, type ModelOrder } from './model-order.js';
import { type Model, MODEL_PARTS, type ModelPart, type PriceVersion } from './model.js';

export interface Comparison {
  /** In the order that was asked for. */
  readonly models: readonly Model[];
  readonly rows: readonly ComparisonRow[];
}

const COMPARE_MIN = 2;
const COMPARE_MAX = 6;

/**
 * Reads the catalog. Everything here is public, so equal reads that come together share one statement,
 * and what is returned belongs to several callers. Prices are those of the current second.
 */
export class CatalogService {
  private readonly shared = new SharedReads();

  constructor(
    private readonly db: Pick<Database, 'query'>,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError BAD_USER_INPUT for a cursor of another list or RELEVANCE without a search. */
  listModels(list: {
    filter: ModelFilter;
    order: ModelOrder;
    first: number;
    after: string | undefined;
    parts: ReadonlySet<ModelPart>;
  }): Promise<store.ModelPage> {
    return this.share('list', { ...list, parts: [...list.parts] }, (now) =>
      store.listModels(this.db, { ...list, now }),
    );
  }

  countModels(filter: ModelFilter): Promise<number> {
    return this.share('count', filter, (now) => store.countModels(this.db, filter, now));
  }

  /** @param keys slugs, aliases or ids; those that nobody has are missing from the result. */
  async findModels(
    keys: readonly string[],
    parts: ReadonlySet<ModelPart>,
  ): Promise<ReadonlyMap<string, Model>> {
    const possible = keys.filter((key) => key.length <= 300 && !key.includes('\0'));
    return possible.length === 0
      ? new Map()
      : this.share('find', { possible, parts: [...parts] }, (now) =>
          store.findModels(this.db, possible, parts, now),
        );
  }

  listRelated(
    ids: readonly ModelId[],
    first: number,
    parts: ReadonlySet<ModelPart>,
  ): Promise<ReadonlyMap<ModelId, readonly Model[]>> {
    return this.share('related', { ids, first, parts: [...parts] }, (now) =>
      store.listRelatedModels(this.db, ids, first, parts, now),
    );
  }

  listPriceVersions(ids: readonly ModelId[]): Promise<ReadonlyMap<ModelId, readonly PriceVersion[]>> {
    return this.share('prices', ids, () => store.listPriceVersions(this.db, ids));
  }

  countByTask(): Promise<readonly store.TaskCount[]> {
    return this.share('tasks', null, () => store.countByTask(this.db));
  }

  /**
   * @param slugs 2 to 6 different models, by slug or alias.
   * @throws AppError BAD_USER_INPUT for another number or one model twice, NOT_FOUND naming the unknown slugs.
   */
  async compareModels(slugs: readonly string[]): Promise<Comparison> {
    if (slugs.length < COMPARE_MIN || slugs.length > COMPARE_MAX) {
      throw badSlugs(`Give ${String(COMPARE_MIN)} to ${String(COMPARE_MAX)} slugs to compare.`);
    }
    const found = await this.findModels(slugs, new Set(MODEL_PARTS));
    const unknown = slugs.filter((slug) => !found.has(slug));
    if (unknown.length > 0) {
      throw new AppError('NOT_FOUND', `No model has the slug ${unknown.join(', ')}.`, {
        details: { slugs: unknown },
      });
    }
    const models = slugs.flatMap((slug) => found.get(slug) ?? []);
    if (new Set(models.map(({ id }) => id)).size < models.length) {
      throw badSlugs('The slugs must name different models; an alias counts as its model.');
    }
    return { models, rows: compareRows(models) };
  }

  private share<T>(what: string, args: unknown, read: (now: Date) => Promise<T>): Promise<T> {
    const now = new Date(Math.floor(this.clock.now().getTime() / 1000) * 1000);
    return this.shared.run(JSON.stringify([what, args, now]), () => read(now));
  }
}

function badSlugs(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'slugs' } });
}
