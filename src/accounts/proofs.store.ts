import type { Queryable } from '../platform/database.js';
import type { SessionId, UserId } from '../platform/ids.js';

/** Minutes for which a proof is recent. */
export const RECENT_MINUTES = 10;

/** How the person of a session can prove who they are, and whether they have done so lately. */
export interface Proof {
  readonly isRecent: boolean;
  readonly hasPassword: boolean;
  readonly hasSecondFactor: boolean;
}

/** Signing in is a proof. For somebody with a second factor only that one counts. */
export async function findProof(db: Queryable, id: SessionId): Promise<Proof | undefined> {
  const [proof] = await db.query<Proof>(
    `SELECT coalesce(CASE WHEN u.two_factor_enabled THEN s.second_factor_at
                          ELSE greatest(s.confirmed_at, s.second_factor_at) END
                       > db_now() - make_interval(mins => $2), false) AS "isRecent",
            u.two_factor_enabled AS "hasSecondFactor",
            EXISTS (SELECT FROM identity i WHERE i.user_id = u.id AND i.provider_id = 'credential'
                       AND i.password IS NOT NULL) AS "hasPassword"
       FROM session s JOIN app_user u ON u.id = s.user_id WHERE s.id = $1`,
    [id, RECENT_MINUTES],
  );
  return proof;
}

export async function markConfirmed(db: Queryable, id: SessionId): Promise<void> {
  await db.query('UPDATE session SET confirmed_at = db_now() WHERE id = $1', [id]);
}

export async function markSecondFactor(db: Queryable, id: SessionId): Promise<void> {
  await db.query('UPDATE session SET second_factor_at = db_now() WHERE id = $1', [id]);
}

/** Sessions have shown nothing any more once their person has no second factor. May be repeated. */
export async function forgetSecondFactor(db: Queryable, userId: UserId): Promise<void> {
  await db.query(
    `UPDATE session s SET second_factor_at = NULL FROM app_user u
      WHERE u.id = $1 AND s.user_id = u.id AND NOT u.two_factor_enabled
        AND NOT EXISTS (SELECT FROM passkey p WHERE p.user_id = u.id)`,
    [userId],
  );
}
