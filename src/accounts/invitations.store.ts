import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, InvitationId, UserId } from '../platform/ids.js';
import type { TimePlace } from '../platform/time-cursor.js';
import type { Role } from './account.js';
import type { Invitation, InvitationPreview } from './invitation.js';

const COLUMNS = `invitation.id, invitation.account_id AS "accountId", invitation.email,
  invitation.role::text AS role, invitation.invited_by AS "invitedBy",
  invitation.created_at AS "createdAt", invitation.expires_at AS "expiresAt"`;

/**
 * Of an invitation that can be accepted. However its sender's rights end, it ends with them: a member's with the
 * membership, a key's with the key, or the last one that it was rotated to.
 */
const OPEN = `accepted_at IS NULL AND revoked_at IS NULL AND expires_at > db_now()
  AND CASE
    WHEN starts_with(invited_by, 'usr_') THEN EXISTS (
      SELECT FROM membership m WHERE m.account_id = invitation.account_id AND m.user_id = invited_by)
    WHEN starts_with(invited_by, 'key_') THEN EXISTS (
      SELECT FROM api_key sender JOIN api_key live USING (lineage_id)
       WHERE sender.id = invited_by AND live.account_id = invitation.account_id
         AND coalesce(least(live.revoked_at, live.expires_at) > db_now(), true))
    ELSE true END`;

export async function insertInvitation(
  tx: Transaction,
  invitation: Omit<Invitation, 'createdAt' | 'expiresAt'>,
  tokenHash: Buffer,
  days: number,
): Promise<Invitation> {
  const { id, accountId, email, role, invitedBy } = invitation;
  const [row] = await tx.query<Invitation>(
    `INSERT INTO invitation (id, account_id, email, role, token_hash, invited_by, expires_at)
     VALUES ($1, $2, $3, $4::"Role", $5, $6, db_now() + make_interval(days => $7::int)) RETURNING ${COLUMNS}`,
    [id, accountId, email, role, tokenHash, invitedBy, days],
  );
  if (row === undefined) throw new Error('The invitation was not written.');
  return row;
}

/** Replaces what accepts an open invitation; does nothing to one that is not open. */
export async function replaceToken(db: Queryable, id: string, tokenHash: Buffer): Promise<void> {
  await db.query(`UPDATE invitation SET token_hash = $2 WHERE id = $1 AND ${OPEN}`, [
    id,
    tokenHash,
  ]);
}

/** Open ones, newest first. */
export async function listInvitations(
  db: Queryable,
  accountId: AccountId,
  { first, after }: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<Invitation[]> {
  return db.query<Invitation>(
    `SELECT ${COLUMNS} FROM invitation
      WHERE account_id = $1 AND ${OPEN}
        AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::text))
      ORDER BY created_at DESC, id DESC LIMIT $4`,
    [accountId, after?.at ?? null, after?.id ?? null, first],
  );
}

export async function findInvitation(
  db: Queryable,
  id: InvitationId,
): Promise<Invitation | undefined> {
  const [row] = await db.query<Invitation>(
    `SELECT ${COLUMNS} FROM invitation WHERE id = $1 AND ${OPEN}`,
    [id],
  );
  return row;
}

export async function findInvitationByToken(
  tx: Transaction,
  tokenHash: Buffer,
): Promise<Invitation | undefined> {
  const [row] = await tx.query<Invitation>(
    `SELECT ${COLUMNS} FROM invitation WHERE token_hash = $1 AND ${OPEN}`,
    [tokenHash],
  );
  return row;
}

/** An open invitation, and what its addressee may know of who sent it. */
export async function findPreview(
  db: Queryable,
  tokenHash: Buffer,
): Promise<InvitationPreview | undefined> {
  const [row] = await db.query<
    Invitation & { accountName: string; inviterName: string | null; inviterEmail: string | null }
  >(
    `SELECT ${COLUMNS}, a.name AS "accountName", u.name AS "inviterName", u.email AS "inviterEmail"
       FROM invitation JOIN account a ON a.id = account_id LEFT JOIN app_user u ON u.id = invited_by
      WHERE token_hash = $1 AND a.status <> 'CLOSED' AND ${OPEN}`,
    [tokenHash],
  );
  if (row === undefined) return undefined;
  const { accountName, inviterName: name, inviterEmail: email, ...invitation } = row;
  const inviter = name === null || email === null ? undefined : { name, email };
  return { invitation, accountName, inviter };
}

/** Takes the invitation, once. @returns false when somebody was faster */
export async function takeInvitation(tx: Transaction, id: InvitationId): Promise<boolean> {
  const count = await tx.execute(
    `UPDATE invitation SET accepted_at = db_now() WHERE id = $1 AND ${OPEN}`,
    [id],
  );
  return count === 1;
}

/** Withdraws open invitations: one, all to an address, or all with some roles that a member sent. @returns how many */
export async function revokeInvitations(
  tx: Transaction,
  accountId: AccountId,
  which: {
    readonly id?: InvitationId;
    readonly email?: string;
    readonly invitedBy?: UserId;
    readonly roles?: readonly Role[];
  },
): Promise<number> {
  const { id = null, email = null, invitedBy = null, roles = null } = which;
  return tx.execute(
    `UPDATE invitation SET revoked_at = db_now()
      WHERE account_id = $1 AND ${OPEN} AND ($2::text IS NULL OR id = $2) AND ($3::text IS NULL OR email = $3)
        AND ($4::text IS NULL OR invited_by = $4) AND ($5::text[] IS NULL OR role::text = ANY ($5))`,
    [accountId, id, email, invitedBy, roles],
  );
}
