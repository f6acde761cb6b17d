import type { Queryable } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';

/** Newest events of the audit log that are given out. */
const EVENTS_MAX = 10_000;

/** What this domain knows of a person: no secrets, and nothing of others. */
export async function readPersonalData(
  db: Queryable,
  userId: UserId,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const [row] = await db.query<{ data: Record<string, unknown> }>(
    `SELECT jsonb_build_object(
       'person', jsonb_build_object('id', u.id, 'email', u.email, 'emailVerified', u.email_verified, 'name', u.name,
         'image', u.image, 'operator', u.operator, 'securityMails', u.security_mails,
         'hasSecondFactor', u.two_factor_enabled, 'createdAt', u.created_at),
       'waysToSignIn', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.provider_id,
           'idThere', CASE WHEN i.provider_id <> 'credential' THEN i.provider_account_id END,
           'createdAt', i.created_at) ORDER BY i.created_at), '[]') FROM identity i WHERE i.user_id = u.id),
       'passkeys', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'deviceType', p.device_type,
           'createdAt', p.created_at) ORDER BY p.created_at), '[]') FROM passkey p WHERE p.user_id = u.id),
       'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'createdAt', s.created_at,
           'expiresAt', s.expires_at, 'ipAddress', s.ip_address, 'userAgent', s.user_agent)
           ORDER BY s.created_at), '[]') FROM session s WHERE s.user_id = u.id),
       'networks', (SELECT coalesce(jsonb_agg(jsonb_build_object('network', d.network, 'firstUsedAt', d.first_used_at,
           'lastUsedAt', d.last_used_at) ORDER BY d.first_used_at), '[]') FROM known_device d WHERE d.user_id = u.id),
       'accounts', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'kind', a.kind, 'name', a.name,
           'status', a.status, 'role', m.role, 'since', m.created_at) ORDER BY m.created_at), '[]')
           FROM membership m JOIN account a ON a.id = m.account_id WHERE m.user_id = u.id),
       'invitations', (SELECT coalesce(jsonb_agg(jsonb_build_object('accountId', v.account_id, 'role', v.role,
           'createdAt', v.created_at, 'expiresAt', v.expires_at) ORDER BY v.created_at), '[]')
           FROM invitation v WHERE v.email = u.email),
       'keysMade', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'accountId', k.account_id, 'name', k.name,
           'createdAt', k.created_at) ORDER BY k.created_at), '[]') FROM api_key k WHERE k.created_by = u.id),
       'auditEvents', (SELECT coalesce(jsonb_agg(jsonb_build_object('action', e.action, 'accountId', e.account_id,
           'target', e.target, 'ipAddress', e.ip_address, 'createdAt', e.created_at) ORDER BY e.created_at DESC), '[]')
           FROM (SELECT * FROM audit_event e WHERE e.user_id = u.id OR e.target = u.id
                  ORDER BY e.created_at DESC LIMIT $2) e)
     ) AS data FROM app_user u WHERE u.id = $1`,
    [userId, EVENTS_MAX],
  );
  return row?.data;
}
