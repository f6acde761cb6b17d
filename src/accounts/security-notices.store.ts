import type { Queryable } from '../platform/database.js';
import { NOTICED_ACTIONS, type SecurityNotice } from './security-notice.js';

/** Begins the id of the notification about an event of the audit log. */
export const NOTICE_ID = 'security:';

/**
 * Events of the last day that nobody was told of, oldest first. A sign-in counts where it came from a new place, a changed key
 * where it was given more scopes. Whoever switched these mails off gets none, except about that.
 */
export async function listUntold(db: Queryable, atMost: number): Promise<SecurityNotice[]> {
  return db.query<SecurityNotice>(
    `SELECT e.id, e.action, e.created_at AS "createdAt", e.ip_address AS "ipAddress", a.name AS account,
            k.name AS key, e.details ->> 'addedScopes' AS "addedScopes", array(
              SELECT u.email FROM app_user u
               WHERE CASE WHEN k.id IS NULL THEN u.id = e.target
                          ELSE u.id IN (SELECT m.user_id FROM membership m
                                         WHERE m.account_id = e.account_id AND m.role IN ('OWNER', 'ADMIN')) END
                 AND u.email_verified AND (u.security_mails OR e.action = 'user.security-mails-off')
               ORDER BY u.id) AS recipients
       FROM audit_event e
       LEFT JOIN api_key k ON k.id = coalesce(e.details ->> 'replacedBy', e.target) AND k.account_id = e.account_id
       LEFT JOIN account a ON a.id = k.account_id
      WHERE e.action = ANY ($1::text[]) AND e.created_at > db_now() - interval '1 day'
        AND (e.action <> 'user.signed-in' OR e.details ->> 'place' = 'new')
        AND (e.action <> 'key.changed' OR e.details ->> 'addedScopes' IS NOT NULL)
        AND NOT EXISTS (SELECT FROM notification n WHERE n.id = $2 || e.id)
      ORDER BY e.created_at, e.id LIMIT $3`,
    [NOTICED_ACTIONS, NOTICE_ID, atMost],
  );
}
