import type { Transaction } from '../platform/database.js';
import { type ModelId, newId } from '../platform/ids.js';
import { catalogFile, type CatalogFile } from './catalog-file.js';

/** Any constant: the lock that lets one process seed at a time. */
const LOCK_KEY = 7_270_236_912n;

/** The fields of a file that are columns of the model, and may be edited there. */
export const MODEL_VALUE_NAMES = [
  'name',
  'task',
  'status',
  'summary',
  'publishedOn',
  'updatedOn',
  'downloadsPerMonth',
  'apiProviders',
  'license',
  'parameters',
  'imageSizePx',
  'patchSizePx',
  'about',
  'specs',
  'bestFor',
  'faq',
  'snippets',
  'relatedSlugs',
] as const satisfies readonly (keyof CatalogFile)[];

export type ModelValues = Pick<CatalogFile, (typeof MODEL_VALUE_NAMES)[number]>;

/** Waits for another process that seeds or names models; released with the transaction. */
export async function lockSlugs(tx: Transaction): Promise<void> {
  await tx.execute('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
}

/** What the file of this slug said last; undefined before its first seeding. */
export async function findSeed(tx: Transaction, slug: string): Promise<CatalogFile | undefined> {
  const row = await tx.catalogSeed.findUnique({ where: { slug } });
  return row === null ? undefined : catalogFile.parse(row.values);
}

export async function saveSeed(tx: Transaction, file: CatalogFile): Promise<void> {
  await tx.execute(
    `
    INSERT INTO catalog_seed (slug, "values") VALUES ($1, $2::jsonb)
    ON CONFLICT (slug) DO UPDATE SET "values" = EXCLUDED."values", seeded_at = db_now()`,
    [file.slug, JSON.stringify(file)],
  );
}

/** The model's columns in the shape of its file, so that the two compare; by its slug, whatever its case. */
export async function findModelValues(
  tx: Transaction,
  slug: string,
): Promise<{ id: ModelId; isProposed: boolean; values: ModelValues } | undefined> {
  const [found] = await tx.query<{ id: ModelId }>(
    'SELECT id FROM model WHERE lower(slug) = lower($1)',
    [slug],
  );
  if (found === undefined) return undefined;
  const row = await tx.model.findUniqueOrThrow({ where: found });
  const parameters = row.parameters === null ? null : Number(row.parameters);
  const values = Object.fromEntries(
    MODEL_VALUE_NAMES.map((name) => [name, name === 'parameters' ? parameters : row[name]]),
  );
  const isProposed = row.status === 'PROPOSED';
  return { id: found.id, isProposed, values: values as ModelValues };
}

export async function insertModel(tx: Transaction, file: CatalogFile): Promise<ModelId> {
  const id = newId('mdl');
  const { aliases, prices, slug } = file;
  const owner = slug.slice(0, slug.indexOf('/'));
  await tx.model.create({ data: { ...toColumns(file), id, slug, owner } });
  await insertAliases(tx, id, aliases);
  await insertPrices(tx, id, prices);
  return id;
}

/** A model that somebody asked for becomes what its file says; the requests stay. */
export async function acceptModel(tx: Transaction, id: ModelId, file: CatalogFile): Promise<void> {
  const { aliases, prices, slug } = file;
  const owner = slug.slice(0, slug.indexOf('/'));
  await tx.model.update({ where: { id }, data: { ...toColumns(file), slug, owner } });
  await insertAliases(tx, id, aliases);
  await insertPrices(tx, id, prices);
}

export async function updateModel(
  tx: Transaction,
  id: ModelId,
  changes: Partial<ModelValues>,
): Promise<void> {
  const { parameters, ...rest } = changes;
  await tx.model.update({
    where: { id },
    data: {
      ...rest,
      ...(parameters === undefined ? {} : { parameters: toBigInt(parameters) }),
    },
  });
}

/** Aliases that another model has are left to it. */
export async function insertAliases(
  tx: Transaction,
  modelId: ModelId,
  slugs: readonly string[],
): Promise<void> {
  await tx.modelAlias.createMany({
    data: slugs.map((slug) => ({ slug, modelId })),
    skipDuplicates: true,
  });
}

export async function insertPrices(
  tx: Transaction,
  modelId: ModelId,
  prices: CatalogFile['prices'],
): Promise<void> {
  await tx.priceVersion.createMany({
    data: prices.map(({ unit, nanosPerUnit, effectiveFrom }) => ({
      id: newId('prc'),
      modelId,
      unit,
      nanosPerUnit: BigInt(nanosPerUnit),
      effectiveFrom,
    })),
    skipDuplicates: true,
  });
}

function toColumns(file: CatalogFile) {
  const values = Object.fromEntries(
    MODEL_VALUE_NAMES.map((name) => [name, file[name]]),
  ) as ModelValues;
  return { ...values, parameters: toBigInt(file.parameters) };
}

function toBigInt(count: number | null): bigint | null {
  return count === null ? null : BigInt(count);
}
