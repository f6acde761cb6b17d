import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, InvitationId, UserId } from '../platform/ids.js';
import type { Role } from './account.js';
import type { Invitation, Member } from './member.js';

/** Locks the account until the transaction ends: its members change one after the other. undefined: it is closed. */
export async function lockAccount(
  tx: Transaction,
  accountId: AccountId,
): Promise<'PERSONAL' | 'ORGANISATION' | undefined> {
  const rows = await tx.$queryRaw<
    { kind: 'PERSONAL' | 'ORGANISATION' }[]
  >`SELECT kind::text FROM account WHERE id = ${accountId} AND status <> 'CLOSED' FOR UPDATE`;
  return rows[0]?.kind;
}

/** By time of joining. */
export async function listMembers(
  db: Pick<Database, 'query'>,
  accountId: AccountId,
): Promise<Member[]> {
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

const OPEN = (now: Date) => ({ acceptedAt: null, revokedAt: null, expiresAt: { gt: now } });

const FIELDS = {
  id: true,
  accountId: true,
  email: true,
  role: true,
  createdAt: true,
  expiresAt: true,
} as const;

const toInvitation = (
  row: Omit<Invitation, 'id' | 'accountId'> & Record<'id' | 'accountId', string>,
) => row as Invitation;

export async function insertInvitation(
  tx: Transaction,
  invitation: Omit<Invitation, 'createdAt'>,
  tokenHash: Buffer,
  invitedBy: string,
): Promise<Invitation> {
  const data = { ...invitation, tokenHash: Uint8Array.from(tokenHash), invitedBy };
  return toInvitation(await tx.invitation.create({ data, select: FIELDS }));
}

/** Open ones, newest first. */
export async function listInvitations(
  tx: Transaction,
  accountId: AccountId,
  now: Date,
): Promise<Invitation[]> {
  const rows = await tx.invitation.findMany({
    where: { accountId, ...OPEN(now) },
    select: FIELDS,
    orderBy: { id: 'desc' },
  });
  return rows.map(toInvitation);
}

export async function findInvitation(
  tx: Transaction,
  tokenHash: Buffer,
  now: Date,
): Promise<Invitation | undefined> {
  const row = await tx.invitation.findFirst({
    where: { tokenHash: Uint8Array.from(tokenHash), ...OPEN(now) },
    select: FIELDS,
  });
  return row === null ? undefined : toInvitation(row);
}

/** Takes the invitation, once. @returns false when somebody was faster */
export async function takeInvitation(
  tx: Transaction,
  id: InvitationId,
  now: Date,
): Promise<boolean> {
  const { count } = await tx.invitation.updateMany({
    where: { id, ...OPEN(now) },
    data: { acceptedAt: now },
  });
  return count === 1;
}

/** Withdraws open invitations: one, or all to an address. @returns how many */
export async function revokeInvitations(
  tx: Transaction,
  accountId: AccountId,
  which: { id: InvitationId } | { email: string } | { invitedBy: UserId; role: { in: Role[] } },
  now: Date,
): Promise<number> {
  const { count } = await tx.invitation.updateMany({
    where: { accountId, ...which, ...OPEN(now) },
    data: { revokedAt: now },
  });
  return count;
}
