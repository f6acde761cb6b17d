import type { Queryable } from '../platform/database.js';
import type { SessionId, UserId } from '../platform/ids.js';
import type { ActiveSession } from './active-session.js';

/** Which of these stored tokens belong to a session. Whether it has expired is for the identity library to say. */
export async function findTokenHashes(
  db: Queryable,
  hashes: readonly string[],
): Promise<Set<string>> {
  const rows = await db.query<{ token: string }>(
    'SELECT token FROM session WHERE token = ANY ($1::text[])',
    [hashes],
  );
  return new Set(rows.map(({ token }) => token));
}

/** Newest first. */
export async function listSessions(db: Queryable, userId: UserId): Promise<ActiveSession[]> {
  return db.query<ActiveSession>(
    `SELECT id, created_at AS "createdAt", expires_at AS "expiresAt",
            nullif(ip_address, '') AS "ipAddress", nullif(user_agent, '') AS "userAgent"
       FROM session WHERE user_id = $1 AND expires_at > db_now() ORDER BY created_at DESC, id DESC`,
    [userId],
  );
}

/** @returns whether there was one */
export async function deleteSession(
  db: Queryable,
  userId: UserId,
  id: SessionId,
): Promise<boolean> {
  const rows = await db.query('DELETE FROM session WHERE user_id = $1 AND id = $2 RETURNING id', [
    userId,
    id,
  ]);
  return rows.length === 1;
}

/** All of a person's sessions but one. */
export async function deleteOtherSessions(
  db: Queryable,
  userId: UserId,
  kept: SessionId | undefined,
): Promise<void> {
  await db.query('DELETE FROM session WHERE user_id = $1 AND id IS DISTINCT FROM $2', [
    userId,
    kept ?? null,
  ]);
}

/**
 * Deletes what was mailed for a purpose to the same person or address.
 * @param purpose start of the stored identifier
 * @param value of the newer one: a person's id, or JSON with an `email`
 */
export async function deleteVerifications(
  db: Queryable,
  purpose: string,
  value: string,
): Promise<void> {
  await db.query(
    `DELETE FROM verification
      WHERE CASE WHEN NOT starts_with(identifier, $1::text) THEN false
                 WHEN $2::text LIKE '{%' THEN value::json ->> 'email' = $2::text::json ->> 'email'
                 ELSE value = $2::text END`,
    [purpose, value],
  );
}
