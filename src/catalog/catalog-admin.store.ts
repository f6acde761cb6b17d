import type { Transaction } from '../platform/database.js';
import { type ModelId, newId, type PriceVersionId } from '../platform/ids.js';
import type { ModelStatus, PriceUnit } from './model.js';

/** What an act on a model has to know of it. */
export interface LockedModel {
  readonly id: ModelId;
  readonly slug: string;
  readonly status: ModelStatus;
}

/** By slug, alias or id. Locks its row until the transaction ends: acts on one model come one by one. */
export async function lockModel(tx: Transaction, key: string): Promise<LockedModel | undefined> {
  const [row] = await tx.query<LockedModel>(
    `
    SELECT m.id, m.slug, m.status::text AS status FROM model m
     WHERE m.slug = $1 OR m.id = $2
        OR m.id = (SELECT a.model_id FROM model_alias a WHERE a.slug = $3)
       FOR UPDATE OF m`,
    [key, key, key],
  );
  return row;
}

/** Whose slug or alias it is. Read under the lock of `lockSlugs`. */
export async function findSlugOwner(
  tx: Transaction,
  slug: string,
): Promise<{ modelId: ModelId; isAlias: boolean } | undefined> {
  const [row] = await tx.query<{ modelId: ModelId; isAlias: boolean }>(
    `
    SELECT id AS "modelId", false AS "isAlias" FROM model WHERE slug = $1
     UNION ALL
    SELECT model_id, true FROM model_alias WHERE slug = $2
     LIMIT 1`,
    [slug, slug],
  );
  return row;
}

export async function setStatus(tx: Transaction, id: ModelId, status: ModelStatus): Promise<void> {
  await tx.model.update({ where: { id }, data: { status } });
}

/**
 * Gives a model another slug; the old one leads to it from now on. Its files keep their name, and keys
 * that may run it by its old slug may go on.
 */
export async function renameModel(
  tx: Transaction,
  { id, slug: from }: Pick<LockedModel, 'id' | 'slug'>,
  to: string,
): Promise<void> {
  await tx.modelAlias.deleteMany({ where: { slug: to, modelId: id } });
  const { servedAs } = await tx.model.findUniqueOrThrow({ where: { id } });
  const owner = to.slice(0, to.indexOf('/'));
  await tx.model.update({ where: { id }, data: { slug: to, owner, servedAs: servedAs ?? from } });
  await tx.modelAlias.create({ data: { slug: from, modelId: id } });
  await tx.execute(
    `
    UPDATE api_key SET models = array_replace(models, $1, $2) WHERE $3 = ANY(models)`,
    [from, to, from],
  );
}

export function countAliases(tx: Transaction, modelId: ModelId): Promise<number> {
  return tx.modelAlias.count({ where: { modelId } });
}

/** @returns false when the model has no such alias */
export async function deleteAlias(
  tx: Transaction,
  modelId: ModelId,
  slug: string,
): Promise<boolean> {
  const { count } = await tx.modelAlias.deleteMany({ where: { slug, modelId } });
  return count === 1;
}

/** The database's clock: it decides what is past. */
export async function readNow(tx: Transaction): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>('SELECT ledger_now() AS now', []);
  if (row === undefined) throw new Error('The database told no time.');
  return row.now;
}

/** Adds a version; of those that begin at the same moment, it is the one that counts. The model is locked. */
export async function insertPriceVersion(
  tx: Transaction,
  version: {
    readonly modelId: ModelId;
    readonly unit: PriceUnit;
    readonly nanosPerUnit: bigint;
    readonly effectiveFrom: Date;
  },
): Promise<PriceVersionId> {
  const { modelId, unit, effectiveFrom } = version;
  const { _max: last } = await tx.priceVersion.aggregate({
    where: { modelId, unit, effectiveFrom },
    _max: { revision: true },
  });
  const id = newId('prc');
  await tx.priceVersion.create({ data: { id, ...version, revision: (last.revision ?? 0) + 1 } });
  return id;
}
