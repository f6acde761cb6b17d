import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors.js';
import type { Database, Transaction } from '../platform/database.js';
import type { CatalogFile } from './catalog-file.js';
import * as store from './catalog-seed.store.js';

export interface SeedSummary {
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  /** `slug: field`, where the file changed but an operator's value was kept. */
  readonly kept: readonly string[];
}

/** Long enough for a few thousand files on a slow disk. */
const SEED_TIMEOUT_MS = 120_000;

/**
 * Brings the catalog to what its files say, and leaves what an operator edited. Remembers what each
 * file said last: a field follows its file while the database still holds that value, and is the
 * operator's once it differs. A model that an operator removed stays away. Safe to repeat and to run
 * in several processes (advisory lock); all or nothing.
 * @throws AppError CONFLICT when a file changes a price that was published before.
 */
export async function seedCatalog(
  db: Pick<Database, 'transaction'>,
  files: readonly CatalogFile[],
): Promise<SeedSummary> {
  return db.transaction(
    async (tx) => {
      await store.lockSlugs(tx);
      let [added, updated, unchanged] = [0, 0, 0];
      const kept: string[] = [];
      for (const file of files) {
        const result = await seedModel(tx, file);
        if (result.outcome === 'added') added += 1;
        else if (result.outcome === 'updated') updated += 1;
        else unchanged += 1;
        kept.push(...result.kept.map((field) => `${file.slug}: ${field}`));
      }
      return { added, updated, unchanged, kept };
    },
    { timeout: SEED_TIMEOUT_MS, maxWait: SEED_TIMEOUT_MS },
  );
}

async function seedModel(
  tx: Transaction,
  file: CatalogFile,
): Promise<{ outcome: 'added' | 'updated' | 'unchanged'; kept: string[] }> {
  const before = await store.findSeed(tx, file.slug);
  const current = await store.findModelValues(tx, file.slug);

  if (before === undefined) {
    // A model that an operator made by hand is the operator's as a whole.
    if (current?.isProposed === false) return { outcome: 'unchanged', kept: [] };
    if (current === undefined) await store.insertModel(tx, file);
    else await store.acceptModel(tx, current.id, file);
    await store.saveSeed(tx, file);
    return { outcome: 'added', kept: [] };
  }
  if (current === undefined || isDeepStrictEqual(before, file))
    return { outcome: 'unchanged', kept: [] };

  const { changes, kept } = mergeFields(before, current.values, file);
  if (Object.keys(changes).length > 0) await store.updateModel(tx, current.id, changes);
  await store.insertAliases(tx, current.id, missingFrom(before.aliases, file.aliases));
  refuseChangedPrices(before, file);
  await store.insertPrices(tx, current.id, missingFrom(before.prices, file.prices));
  await store.saveSeed(tx, file);
  return { outcome: 'updated', kept };
}

/** Three-way: what the file said, what the database holds, what the file says now. */
function mergeFields(
  before: CatalogFile,
  current: store.ModelValues,
  file: CatalogFile,
): { changes: Partial<store.ModelValues>; kept: string[] } {
  const changed = store.MODEL_VALUE_NAMES.filter(
    (name) => !isDeepStrictEqual(before[name], file[name]),
  );
  const edited = changed.filter((name) => !isDeepStrictEqual(before[name], current[name]));
  const followed = changed.filter((name) => !edited.includes(name));
  return {
    changes: Object.fromEntries(followed.map((name) => [name, file[name]])),
    kept: edited.filter((name) => !isDeepStrictEqual(current[name], file[name])),
  };
}

function missingFrom<T>(known: readonly T[], wanted: readonly T[]): T[] {
  return wanted.filter((one) => !known.some((other) => isDeepStrictEqual(one, other)));
}

function refuseChangedPrices(before: CatalogFile, file: CatalogFile): void {
  for (const price of missingFrom(before.prices, file.prices)) {
    const published = before.prices.find(
      ({ unit, effectiveFrom }) => unit === price.unit && effectiveFrom === price.effectiveFrom,
    );
    if (published !== undefined) {
      throw new AppError(
        'CONFLICT',
        `${file.slug}: prices: ${price.unit} from ${price.effectiveFrom} was published as ${published.nanosPerUnit} and cannot change. Add a version with a later effectiveFrom.`,
      );
    }
  }
}
