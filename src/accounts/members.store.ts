import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, InvitationId, UserId } from '../platform/ids.js';
import type { Role } from './account.js';
import type { Invitation, Member } from './member.js';

/** Locks the account until the transaction ends: its members change one after the other. undefined: it is closed. */
export async function lockAccount(
  tx: Transaction,
  accountId: AccountId,
): Promise<'PERSONAL' | 'ORGANISATION' | undefined> {
  const rows = await tx.query<{ kind: 'PERSONAL' | 'ORGANISATION' }>(
    `SELECT kind::text FROM account WHERE id = $1 AND status <> 'CLOSED' FOR UPDATE`,
    [accountId],
  );
  return rows[0]?.kind;
}

/** By time of joining. */
export async function listMembers(db: Queryable, accountId: AccountId): Promise<Member[]> {
  return db.query<Member>(
    `SELECT m.user_id AS "userId", u.name, u.email, m.role, m.created_at AS "joinedAt"
       FROM membership m JOIN app_user u ON u.id = m.user_id
      WHERE m.account_id = $1 ORDER BY m.created_at, m.user_id`,
    [accountId],
  );
}

export async function findRole(
  tx: Transaction,
  accountId: AccountId,
  userId: UserId,
): Promise<Role | undefined> {
  const row = await tx.membership.findUnique({
    where: { accountId_userId: { accountId, userId } },
    select: { role: true },
  });
  return row?.role;
}

export function countOwners(tx: Transaction, accountId: AccountId): Promise<number> {
  return tx.membership.count({ where: { accountId, role: 'OWNER' } });
}

/** Adds the member, or changes what it is. */
export async function setRole(
  tx: Transaction,
  accountId: AccountId,
  userId: UserId,
  role: Role,
): Promise<void> {
  await tx.membership.upsert({
    where: { accountId_userId: { accountId, userId } },
    create: { accountId, userId, role },
    update: { role },
  });
}

export async function deleteMember(
  tx: Transaction,
  accountId: AccountId,
  userId: UserId,
): Promise<void> {
  await tx.membership.delete({ where: { accountId_userId: { accountId, userId } } });
}

const COLUMNS = `id, account_id AS "accountId", email, role::text AS role, created_at AS "createdAt",
  expires_at AS "expiresAt"`;

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
  { tokenHash, invitedBy }: { readonly tokenHash: Buffer; readonly invitedBy: string },
  days: number,
): Promise<Invitation> {
  const { id, accountId, email, role } = invitation;
  const [row] = await tx.query<Invitation>(
    `INSERT INTO invitation (id, account_id, email, role, token_hash, invited_by, expires_at)
     VALUES ($1, $2, $3, $4::"Role", $5, $6, db_now() + make_interval(days => $7::int)) RETURNING ${COLUMNS}`,
    [id, accountId, email, role, tokenHash, invitedBy, days],
  );
  if (row === undefined) throw new Error('The invitation was not written.');
  return row;
}

/** Open ones, newest first. */
export async function listInvitations(db: Queryable, accountId: AccountId): Promise<Invitation[]> {
  return db.query<Invitation>(
    `SELECT ${COLUMNS} FROM invitation WHERE account_id = $1 AND ${OPEN} ORDER BY created_at DESC, id DESC`,
    [accountId],
  );
}

export async function findInvitation(
  tx: Transaction,
  tokenHash: Buffer,
): Promise<Invitation | undefined> {
  const [row] = await tx.query<Invitation>(
    `SELECT ${COLUMNS} FROM invitation WHERE token_hash = $1 AND ${OPEN}`,
    [tokenHash],
  );
  return row;
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
