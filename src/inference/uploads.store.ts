import type { Queryable } from '../platform/database.js';
import type { AccountId, UploadId } from '../platform/ids.js';
import type { OwnedUpload, Upload, UploadQuery } from './upload.js';

const COLUMNS = `id, bytes::float8 AS bytes, media_type AS "mediaType", purpose, filename,
  created_at AS "createdAt", expires_at AS "expiresAt"`;

/** Bytes of an account's uploads that have not expired. */
export async function sumBytes(db: Queryable, accountId: AccountId): Promise<number> {
  const [row] = await db.query<{ bytes: string }>(
    `SELECT coalesce(sum(bytes), 0) AS bytes FROM upload WHERE account_id = $1 AND expires_at > db_now()`,
    [accountId],
  );
  return Number(row?.bytes ?? 0);
}

/** One that is there already stays as it is. */
export async function insertUpload(
  db: Queryable,
  accountId: AccountId,
  upload: Omit<Upload, 'createdAt' | 'expiresAt'> & { sha256: Buffer; ttlS: number },
): Promise<Upload> {
  const [row] = await db.query<Upload>(
    `INSERT INTO upload (id, account_id, bytes, media_type, purpose, filename, sha256, expires_at)
     VALUES ($1, $2, $3::bigint, $4, $5, $6, $7, db_now() + $8::float8 * interval '1 s')
     ON CONFLICT (id) DO UPDATE SET id = upload.id RETURNING ${COLUMNS}`,
    [
      upload.id,
      accountId,
      upload.bytes,
      upload.mediaType,
      upload.purpose,
      upload.filename,
      upload.sha256,
      upload.ttlS,
    ],
  );
  if (row === undefined) throw new Error('The upload was not written down.');
  return row;
}

export async function findUpload(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<Upload | undefined> {
  const [row] = await db.query<Upload>(
    `SELECT ${COLUMNS} FROM upload WHERE account_id = $1 AND id = $2 AND expires_at > db_now()`,
    [accountId, id],
  );
  return row;
}

/** Of any account, in no order; those that there are. */
export function findAnyUploads(db: Queryable, ids: readonly string[]): Promise<OwnedUpload[]> {
  return db.query<OwnedUpload>(
    `SELECT ${COLUMNS}, account_id AS "accountId" FROM upload
      WHERE id = ANY ($1::text[]) AND expires_at > db_now()`,
    [ids],
  );
}

/** By id, which sorts by age. */
export function listUploads(
  db: Queryable,
  accountId: AccountId,
  { first, after, purpose, order }: UploadQuery,
): Promise<Upload[]> {
  const [sign, direction] = order === 'asc' ? ['>', 'ASC'] : ['<', 'DESC'];
  return db.query<Upload>(
    `SELECT ${COLUMNS} FROM upload
      WHERE account_id = $1 AND expires_at > db_now() AND ($2::text IS NULL OR purpose = $2)
        AND ($3::text IS NULL OR id ${sign} $3)
      ORDER BY id ${direction} LIMIT $4`,
    [accountId, purpose ?? null, after ?? null, first],
  );
}

/** @returns false when there is none */
export async function postponeExpiry(
  db: Queryable,
  accountId: AccountId,
  id: UploadId,
  forMs: number,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE upload SET expires_at = greatest(expires_at, db_now() + $3 * interval '1 ms')
      WHERE account_id = $1 AND id = $2 AND expires_at > db_now() RETURNING id`,
    [accountId, id, forMs],
  );
  return rows.length === 1;
}

/** Takes the row away at once; its file is for the caller. @returns false when there is none */
export async function deleteUpload(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<boolean> {
  const rows = await db.query('DELETE FROM upload WHERE account_id = $1 AND id = $2 RETURNING id', [
    accountId,
    id,
  ]);
  return rows.length === 1;
}

/** Takes expired rows away; several processes may do so at once. @returns their ids */
export async function deleteExpired(db: Queryable, atMost: number): Promise<UploadId[]> {
  const rows = await db.query<{ id: UploadId }>(
    `DELETE FROM upload WHERE id IN (
       SELECT id FROM upload WHERE expires_at <= db_now() ORDER BY expires_at LIMIT $1
         FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [atMost],
  );
  return rows.map(({ id }) => id);
}

/** Which of some have a row. */
export async function findKnown(
  db: Queryable,
  ids: readonly UploadId[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>('SELECT id FROM upload WHERE id = ANY($1)', [ids]);
  return new Set(rows.map(({ id }) => id));
}
