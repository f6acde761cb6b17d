import type { Check } from '../platform/checks.js';

/** Whether a key `k` works. */
const WORKS = `(k.revoked_at IS NULL OR k.revoked_at > db_now()) AND (k.expires_at IS NULL OR k.expires_at > db_now())`;

/** What accounts promise about who may act on them. */
export const ACCOUNT_CHECKS: readonly Check[] = [
  [
    'keys',
    'no key works whose maker does not belong to its account, or was made with a key that one of those made',
    `SELECT count(*) FROM api_key k WHERE ${WORKS}`,
    `WITH RECURSIVE gone AS (
       SELECT k.id FROM api_key k
        WHERE starts_with(k.created_by, 'usr_')
          AND NOT EXISTS (SELECT FROM membership m WHERE m.account_id = k.account_id AND m.user_id = k.created_by)
       UNION
       SELECT k.id FROM gone g JOIN api_key k ON k.created_by = g.id)
     SELECT k.id FROM api_key k JOIN gone g ON g.id = k.id WHERE ${WORKS}`,
  ],
];
