import { lockAccountRow } from '../platform/account-row.store.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, LabelSetId, RunId } from '../platform/ids.js';
import type { LabelSet } from './label-set.js';

const COLUMNS = `id, name, labels, template, created_at AS "createdAt"`;

/**
 * Locks the account's row, so that its sets are made one after the other and the limit holds.
 * @returns undefined when the account has a set of that name, or `most` sets
 */
export async function insertLabelSet(
  tx: Transaction,
  accountId: AccountId,
  set: Omit<LabelSet, 'createdAt'>,
  most: number,
): Promise<LabelSet | undefined> {
  await lockAccountRow(tx, accountId);
  const [row] = await tx.query<LabelSet>(
    `INSERT INTO label_set (id, account_id, name, labels, template)
     SELECT $1, $2, $3, $4::text[], $5 WHERE (SELECT count(*) FROM label_set WHERE account_id = $2) < $6
     ON CONFLICT (account_id, name) DO NOTHING RETURNING ${COLUMNS}`,
    [set.id, accountId, set.name, set.labels, set.template, most],
  );
  return row;
}

/** By name, from the first after a name. */
export async function listLabelSets(
  db: Queryable,
  accountId: AccountId,
  { first, after }: { first: number; after: string | undefined },
): Promise<LabelSet[]> {
  return db.query<LabelSet>(
    `SELECT ${COLUMNS} FROM label_set
      WHERE account_id = $1 AND ($2::text IS NULL OR name > $2) ORDER BY name LIMIT $3`,
    [accountId, after ?? null, first],
  );
}

/** Whosever it is. */
export async function findAnyLabelSet(
  db: Queryable,
  id: string,
): Promise<(LabelSet & { readonly accountId: AccountId }) | undefined> {
  const [row] = await db.query<LabelSet & { readonly accountId: AccountId }>(
    `SELECT ${COLUMNS}, account_id AS "accountId" FROM label_set WHERE id = $1`,
    [id],
  );
  return row;
}

/** @returns `taken` when another set of the account has the name; undefined when the account has no such set */
export async function renameLabelSet(
  tx: Transaction,
  accountId: AccountId,
  id: string,
  name: string,
): Promise<LabelSet | 'taken' | undefined> {
  await lockAccountRow(tx, accountId);
  const others = await tx.query(
    'SELECT FROM label_set WHERE account_id = $1 AND name = $2 AND id <> $3',
    [accountId, name, id],
  );
  if (others.length > 0) return 'taken';
  const [row] = await tx.query<LabelSet>(
    `UPDATE label_set SET name = $3 WHERE account_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [accountId, id, name],
  );
  return row;
}

export async function findLabelSet(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<LabelSet | undefined> {
  const [row] = await db.query<LabelSet>(
    `SELECT ${COLUMNS} FROM label_set WHERE account_id = $1 AND id = $2`,
    [accountId, id],
  );
  return row;
}

/** @returns false when the account has no such set */
export async function deleteLabelSet(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<boolean> {
  const rows = await db.query(
    'DELETE FROM label_set WHERE account_id = $1 AND id = $2 RETURNING id',
    [accountId, id],
  );
  return rows.length === 1;
}

/** What identifies the vectors of a set: they are the same for ever. */
export interface VectorsOf {
  readonly labelSetId: LabelSetId;
  readonly modelHash: string;
  readonly variant: string;
}

/** What a model made of a set, and what it was paid by. */
export interface KeptVectors {
  /** float32, little-endian, one row a label. */
  readonly vectors: Buffer;
  readonly paidBy: RunId;
}

export async function findVectors(
  db: Queryable,
  { labelSetId, modelHash, variant }: VectorsOf,
): Promise<KeptVectors | undefined> {
  const [row] = await db.query<KeptVectors>(
    `SELECT vectors, paid_by AS "paidBy" FROM label_set_embedding
      WHERE label_set_id = $1 AND model_hash = $2 AND variant = $3`,
    [labelSetId, modelHash, variant],
  );
  return row;
}

/** Keeps them once; may be repeated. A set that was deleted in between keeps nothing. */
export async function insertVectors(
  db: Queryable,
  { labelSetId, modelHash, variant }: VectorsOf,
  { vectors, paidBy }: KeptVectors,
): Promise<void> {
  await db.query(
    `INSERT INTO label_set_embedding (label_set_id, model_hash, variant, vectors, paid_by)
     SELECT id, $2, $3, $4, $5 FROM label_set WHERE id = $1 ON CONFLICT DO NOTHING`,
    [labelSetId, modelHash, variant, vectors, paidBy],
  );
}
