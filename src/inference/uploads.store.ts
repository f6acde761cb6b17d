import type { Database } from '../platform/database.js';
import type { AccountId, UploadId } from '../platform/ids.js';
import type { Upload } from './upload.js';

type Reader = Pick<Database, 'query'>;

const COLUMNS = `id, bytes, media_type AS "mediaType", created_at AS "createdAt", expires_at AS "expiresAt"`;

/** Bytes of an account's uploads that have not expired. */
export async function sumBytes(db: Reader, accountId: AccountId): Promise<number> {
  const [row] = await db.query<{ bytes: string }>(
    `SELECT coalesce(sum(bytes), 0) AS bytes FROM upload WHERE account_id = $1 AND expires_at > now()`,
    [accountId],
  );
  return Number(row?.bytes ?? 0);
}

export async function insertUpload(
  db: Reader,
  accountId: AccountId,
  upload: Pick<Upload, 'id' | 'bytes' | 'mediaType'> & { sha256: Buffer; ttlS: number },
): Promise<Upload> {
  const [row] = await db.query<Upload>(
    `INSERT INTO upload (id, account_id, bytes, media_type, sha256, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 s') RETURNING ${COLUMNS}`,
    [upload.id, accountId, upload.bytes, upload.mediaType, upload.sha256, upload.ttlS],
  );
  if (row === undefined) throw new Error('The upload was not written down.');
  return row;
}

export async function findUpload(
  db: Reader,
  accountId: AccountId,
  id: string,
): Promise<Upload | undefined> {
  const [row] = await db.query<Upload>(
    `SELECT ${COLUMNS} FROM upload WHERE account_id = $1 AND id = $2 AND expires_at > now()`,
    [accountId, id],
  );
  return row;
}

/** Takes the row away at once; its file is for the caller. @returns false when there is none */
export async function deleteUpload(db: Reader, accountId: AccountId, id: string): Promise<boolean> {
  const rows = await db.query('DELETE FROM upload WHERE account_id = $1 AND id = $2 RETURNING id', [
    accountId,
    id,
  ]);
  return rows.length === 1;
}

/** Takes expired rows away; several processes may do so at once. @returns their ids */
export async function deleteExpired(db: Reader, atMost: number): Promise<UploadId[]> {
  const rows = await db.query<{ id: UploadId }>(
    `DELETE FROM upload WHERE id IN (
       SELECT id FROM upload WHERE expires_at <= now() ORDER BY expires_at LIMIT $1
         FOR UPDATE SKIP LOCKED)
     RETURNING id`,
    [atMost],
  );
  return rows.map(({ id }) => id);
}
