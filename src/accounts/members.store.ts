import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import type { TimePlace } from '../platform/time-cursor.js';
import type { Role } from './account.js';
import type { Membership } from './membership.js';

/** Locks the account until the transaction ends: its members change one after the other. undefined: it is closed. */
export async function lockAccount(
  tx: Transaction,
  accountId: AccountId,
): Promise<'PERSONAL' | 'ORGANIZATION' | undefined> {
  const rows = await tx.query<{ kind: 'PERSONAL' | 'ORGANIZATION' }>(
    `SELECT kind::text FROM account WHERE id = $1 AND status <> 'CLOSED' FOR UPDATE`,
    [accountId],
  );
  return rows[0]?.kind;
}

const MEMBERSHIP = `SELECT account_id AS "accountId", user_id AS "userId", role::text AS role,
    created_at AS "joinedAt" FROM membership`;

/** By time of joining. */
export async function listMemberships(
  db: Queryable,
  accountId: AccountId,
  query: {
    readonly roles: readonly Role[] | undefined;
    readonly first: number;
    readonly after: TimePlace | undefined;
  },
): Promise<Membership[]> {
  const { roles, first, after } = query;
  return db.query<Membership>(
    `${MEMBERSHIP} WHERE account_id = $1 AND ($2::text[] IS NULL OR role::text = ANY ($2))
        AND ($3::timestamptz IS NULL OR (created_at, user_id) > ($3, $4::text))
      ORDER BY created_at, user_id LIMIT $5`,
    [accountId, roles ?? null, after?.at ?? null, after?.id ?? null, first],
  );
}

export async function findMembership(
  db: Queryable,
  accountId: AccountId,
  userId: UserId,
): Promise<Membership | undefined> {
  const [row] = await db.query<Membership>(`${MEMBERSHIP} WHERE account_id = $1 AND user_id = $2`, [
    accountId,
    userId,
  ]);
  return row;
}

export function countMembers(tx: Transaction, accountId: AccountId): Promise<number> {
  return tx.membership.count({ where: { accountId } });
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
