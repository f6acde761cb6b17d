import { actorName, type Author } from '../platform/actor.js';
import type { Queryable, Transaction } from '../platform/database.js';
import { type ModelId, newId } from '../platform/ids.js';
import type { ModelChange, NewModelChange } from './model-change.js';

export async function insertChange(
  tx: Transaction,
  author: Author,
  change: NewModelChange,
): Promise<void> {
  await tx.modelChange.create({
    data: { id: newId('chg'), ...change, actor: actorName(author) },
  });
}

/** The newest changes of each model, at most `first` of each. One statement. */
export async function listChanges(
  db: Queryable,
  ids: readonly ModelId[],
  first: number,
): Promise<Map<ModelId, ModelChange[]>> {
  const rows = await db.query<ModelChange & { modelId: ModelId }>(
    `SELECT m.id AS "modelId", c.id, c.kind, c.text, c.at
       FROM unnest($1::text[]) AS m(id) CROSS JOIN LATERAL (
         SELECT * FROM model_change c WHERE c.model_id = m.id ORDER BY c.id DESC LIMIT $2) c
      ORDER BY c.id DESC`,
    [ids, first],
  );
  const byModel = new Map<ModelId, ModelChange[]>(ids.map((id) => [id, []]));
  for (const { modelId, ...change } of rows) byModel.get(modelId)?.push(change);
  return byModel;
}
