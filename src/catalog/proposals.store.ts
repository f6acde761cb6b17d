import type { Transaction } from '../platform/database.js';
import { type ModelId, newId } from '../platform/ids.js';
import type { ModelStatus } from './model.js';

export interface ModelState {
  readonly id: ModelId;
  readonly slug: string;
  readonly name: string;
  readonly status: ModelStatus;
}

/** By slug or alias, whatever its case. Locked against being merged away until `tx` ends. */
export async function findBySlug(tx: Transaction, slug: string): Promise<ModelState | undefined> {
  const [row] = await tx.query<ModelState>(
    `
    SELECT m.id, m.slug, m.name, m.status::text AS status FROM model m
     WHERE lower(m.slug) = lower($1)
        OR m.id IN (SELECT a.model_id FROM model_alias a WHERE lower(a.slug) = lower($2))
     ORDER BY lower(m.slug) = lower($3) DESC LIMIT 1 FOR KEY SHARE OF m`,
    [slug, slug, slug],
  );
  return row;
}

/** Locks some models, in the order of their ids. */
export async function lockModels(
  tx: Transaction,
  ids: readonly ModelId[],
): Promise<ReadonlyMap<string, ModelState>> {
  const rows = await tx.query<ModelState>(
    `
    SELECT id, slug, name, status::text AS status FROM model
     WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE`,
    [ids.filter((id) => !id.includes('\0'))],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** The caller holds the lock of slugs, and has seen that nobody has this one. */
export async function insertProposal(tx: Transaction, slug: string): Promise<void> {
  const [owner = '', name = ''] = slug.split('/');
  await tx.execute(
    `
    INSERT INTO model (id, slug, name, owner, task, status, summary)
    VALUES ($1, $2, $3, $4, 'ZERO_SHOT_IMAGE_CLASSIFICATION', 'PROPOSED',
            'Asked for by people who want to call it.')`,
    [newId('mdl'), slug, name, owner],
  );
}

/** Whether anything but requests hangs on a model: prices, or a file of the catalog. */
export async function isEstablished(tx: Transaction, { id, slug }: ModelState): Promise<boolean> {
  const [prices, files] = [
    await tx.priceVersion.count({ where: { modelId: id } }),
    await tx.catalogSeed.count({ where: { slug } }),
  ];
  return prices + files > 0;
}

/** The slugs of a model that is given up lead to another one from now on. */
export async function replaceModel(
  tx: Transaction,
  gone: ModelState,
  by: ModelState,
): Promise<void> {
  await tx.modelAlias.updateMany({ where: { modelId: gone.id }, data: { modelId: by.id } });
  await tx.model.delete({ where: { id: gone.id } });
  await tx.modelAlias.createMany({
    data: [{ slug: gone.slug, modelId: by.id }],
    skipDuplicates: true,
  });
}
