import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import type { AccountKind, AccountOfUser, User } from './account.js';

export async function insertAccount(
  tx: Transaction,
  account: { id: AccountId; kind: AccountKind; name: string },
  ownerId: UserId | undefined,
): Promise<{ readonly createdAt: Date }> {
  const { createdAt } = await tx.account.create({ data: account });
  if (ownerId !== undefined) {
    await tx.membership.create({
      data: { accountId: account.id, userId: ownerId, role: 'OWNER' },
    });
  }
  return { createdAt };
}

/** How an account `a` stands, as a column. */
export const STANDING = `jsonb_build_object('frozenReason', a.frozen_reason,
  'ratePerMinute', a.rate_per_minute, 'concurrencyMax', a.concurrency_max) AS standing`;

/** Accounts that a person belongs to and that are not closed, the personal one first, then by name. */
export async function listAccounts(
  db: Pick<Database, 'query'>,
  userId: UserId,
): Promise<AccountOfUser[]> {
  return db.query<AccountOfUser>(
    `SELECT a.id, a.kind, a.name, a.created_at AS "createdAt", m.role, ${STANDING}
       FROM membership m JOIN account a ON a.id = m.account_id
      WHERE m.user_id = $1 AND a.status <> 'CLOSED'
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

/** What keeps an account from being closed. One statement. */
export async function findObstacles(
  db: Pick<Database, 'query'>,
  accountId: AccountId,
): Promise<
  { holds: number; postedNanos: bigint; unsent: number; frozenReason: string | null } | undefined
> {
  const [row] = await db.query<{
    holds: number;
    posted: string;
    unsent: number;
    frozenReason: string | null;
  }>(
    `SELECT b.posted, a.frozen_reason AS "frozenReason", (SELECT count(*)::int FROM hold h WHERE h.account_id = b.account_id) AS holds,
            (SELECT count(*)::int FROM outbox_message o
              WHERE o.account_id = b.account_id AND o.sent_at IS NULL AND o.dead_reason IS NULL AND o.kind <> 'usage') AS unsent
       FROM account_balance b JOIN account a ON a.id = b.account_id WHERE b.account_id = $1`,
    [accountId],
  );
  if (row === undefined) return undefined;
  const { posted, ...obstacles } = row;
  return { ...obstacles, postedNanos: BigInt(posted) };
}

/** @returns false when it was closed already, or is frozen */
export async function closeAccount(tx: Transaction, accountId: AccountId): Promise<boolean> {
  const count = await tx.$executeRaw`
    UPDATE account SET status = 'CLOSED', closed_at = db_now() WHERE id = ${accountId} AND status = 'ACTIVE'`;
  return count === 1;
}
