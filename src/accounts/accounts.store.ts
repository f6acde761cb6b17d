import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import type { AccountKind, AccountOfUser, User } from './account.js';

export async function insertAccount(
  tx: Transaction,
  account: { id: AccountId; kind: AccountKind; name: string },
  ownerId: UserId | undefined,
): Promise<void> {
  await tx.account.create({ data: account });
  if (ownerId !== undefined) {
    await tx.membership.create({
      data: { accountId: account.id, userId: ownerId, role: 'OWNER' },
    });
  }
}

/** Accounts that a person belongs to and that are open, the personal one first, then by name. */
export async function listAccounts(
  db: Pick<Database, 'query'>,
  userId: UserId,
): Promise<AccountOfUser[]> {
  return db.query<AccountOfUser>(
    `SELECT a.id, a.kind, a.name, a.created_at AS "createdAt", m.role
       FROM membership m JOIN account a ON a.id = m.account_id
      WHERE m.user_id = $1 AND a.status = 'ACTIVE'
      ORDER BY a.kind <> 'PERSONAL', a.name, a.id`,
    [userId],
  );
}

export async function findUser(
  db: Pick<Database, 'query'>,
  userId: UserId,
): Promise<User | undefined> {
  const [user] = await db.query<User>(
    `SELECT id, email, email_verified AS "emailVerified", name, operator FROM app_user WHERE id = $1`,
    [userId],
  );
  return user;
}

/** Its name and kind, and the address of the person who has owned it longest. */
export async function findContact(
  db: Pick<Database, 'query'>,
  accountId: AccountId,
): Promise<{ name: string; kind: AccountKind; email: string | undefined } | undefined> {
  const [row] = await db.query<{ name: string; kind: AccountKind; email: string | null }>(
    `SELECT a.name, a.kind, (SELECT u.email FROM membership m JOIN app_user u ON u.id = m.user_id
              WHERE m.account_id = a.id AND m.role = 'OWNER' ORDER BY m.created_at, u.id LIMIT 1) AS email
       FROM account a WHERE a.id = $1`,
    [accountId],
  );
  return row && { ...row, email: row.email ?? undefined };
}

/** Addresses of those who look after an account: its owners, admins and billing members, by time of joining. */
export async function listContacts(tx: Transaction, accountId: AccountId): Promise<string[]> {
  const rows = await tx.membership.findMany({
    where: { accountId, role: { in: ['OWNER', 'ADMIN', 'BILLING'] } },
    select: { user: { select: { email: true } } },
    orderBy: [{ createdAt: 'asc' }, { userId: 'asc' }],
  });
  return rows.map(({ user }) => user.email);
}

/** Makes a person an operator, or no longer one. @returns false when nobody has the address */
export async function setOperator(
  db: Pick<Database, 'query'>,
  email: string,
  operator: boolean,
): Promise<boolean> {
  const rows = await db.query(
    'UPDATE app_user SET operator = $2, updated_at = now() WHERE email = $1 RETURNING id',
    [email, operator],
  );
  return rows.length === 1;
}

/** What keeps an account from being closed. One statement. */
export async function findObstacles(
  db: Pick<Database, 'query'>,
  accountId: AccountId,
): Promise<{ holds: number; postedNanos: bigint; unsent: number } | undefined> {
  const [row] = await db.query<{ holds: number; posted: string; unsent: number }>(
    `SELECT b.posted, (SELECT count(*)::int FROM hold h WHERE h.account_id = b.account_id) AS holds,
            (SELECT count(*)::int FROM outbox_message o
              WHERE o.account_id = b.account_id AND o.sent_at IS NULL AND o.dead_reason IS NULL AND o.kind <> 'usage') AS unsent
       FROM account_balance b WHERE b.account_id = $1`,
    [accountId],
  );
  return row && { holds: row.holds, postedNanos: BigInt(row.posted), unsent: row.unsent };
}

/** @returns false when it was closed already */
export async function closeAccount(tx: Transaction, accountId: AccountId): Promise<boolean> {
  const { count } = await tx.account.updateMany({
    where: { id: accountId, status: 'ACTIVE' },
    data: { status: 'CLOSED', closedAt: new Date() },
  });
  return count === 1;
}
