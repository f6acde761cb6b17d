import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import type { AccountKind, AccountOfUser, User } from './account.js';

export async function insertAccount(
  tx: Transaction,
  account: { id: AccountId; kind: AccountKind; name: string; openedBy?: string },
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
  'ratePerMinute', a.rate_per_minute, 'concurrencyMax', a.concurrency_max,
  'secondFactorRequired', a.second_factor_required) AS standing`;

/** Accounts that a person belongs to and that are not closed, the personal one first, then by name. */
export async function listAccounts(db: Queryable, userId: UserId): Promise<AccountOfUser[]> {
  return db.query<AccountOfUser>(
    `SELECT a.id, a.kind, a.name, a.created_at AS "createdAt", m.role, ${STANDING}
       FROM membership m JOIN account a ON a.id = m.account_id
      WHERE m.user_id = $1 AND a.status <> 'CLOSED'
      ORDER BY a.kind <> 'PERSONAL', a.name, a.id`,
    [userId],
  );
}

/** The personal account of a person, when it is closed. */
export async function findClosedAccount(
  db: Queryable,
  userId: UserId,
): Promise<AccountId | undefined> {
  const [account] = await db.query<{ id: AccountId }>(
    `SELECT a.id FROM membership m JOIN account a ON a.id = m.account_id
      WHERE m.user_id = $1 AND a.kind = 'PERSONAL' AND a.status = 'CLOSED' LIMIT 1`,
    [userId],
  );
  return account?.id;
}

export async function findUser(db: Queryable, userId: UserId): Promise<User | undefined> {
  const [user] = await db.query<User>(
    `SELECT id, email, email_verified AS "emailVerified", name, operator, security_mails AS "securityMails",
            two_factor_enabled AS "hasSecondFactor"
       FROM app_user WHERE id = $1`,
    [userId],
  );
  return user;
}

/** @param email in lower case */
export async function findUserId(db: Queryable, email: string): Promise<UserId | undefined> {
  const [user] = await db.query<{ id: UserId }>('SELECT id FROM app_user WHERE email = $1', [
    email,
  ]);
  return user?.id;
}

/** @returns its kind, and what it was called before; undefined when it is closed */
export async function setAccountName(
  tx: Transaction,
  accountId: AccountId,
  name: string,
): Promise<{ readonly name: string; readonly kind: AccountKind } | undefined> {
  const [row] = await tx.query<{ name: string; kind: AccountKind }>(
    `SELECT name, kind::text AS kind FROM account WHERE id = $1 AND status <> 'CLOSED' FOR UPDATE`,
    [accountId],
  );
  if (row !== undefined) {
    await tx.execute('UPDATE account SET name = $1 WHERE id = $2', [name, accountId]);
  }
  return row;
}

/** @returns false when it was so already */
export async function setUserName(db: Queryable, userId: UserId, name: string): Promise<boolean> {
  const rows = await db.query(
    'UPDATE app_user SET name = $2, updated_at = db_now() WHERE id = $1 AND name <> $2 RETURNING id',
    [userId, name],
  );
  return rows.length === 1;
}

/** @returns false when it was so already */
export async function updateSecurityMails(
  db: Queryable,
  userId: UserId,
  enabled: boolean,
): Promise<boolean> {
  const rows = await db.query(
    'UPDATE app_user SET security_mails = $2 WHERE id = $1 AND security_mails <> $2 RETURNING id',
    [userId, enabled],
  );
  return rows.length === 1;
}

/** Its name and kind, and the address of the person who has owned it longest. */
export async function findContact(
  db: Queryable,
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

/** What keeps an account from being closed, and the credit that is left. */
export interface Obstacles {
  readonly holds: number;
  readonly postedNanos: bigint;
  /** What of it has not expired, and is not held. */
  readonly availableNanos: bigint;
  /** Messages that wait to be sent. */
  readonly unsent: number;
  /** Purchases whose money may still come. */
  readonly unpaid: number;
  readonly frozenReason: string | null;
}

/** One statement. */
export async function findObstacles(
  db: Queryable,
  accountId: AccountId,
): Promise<Obstacles | undefined> {
  const [row] = await db.query<
    Pick<Obstacles, 'holds' | 'unsent' | 'unpaid' | 'frozenReason'> & {
      posted: string | bigint;
      available: string | bigint;
    }
  >(
    `SELECT b.posted, b.posted - b.held - (SELECT coalesce(sum(lost), 0) FROM ledger_lost_credit($1, ledger_now()))::bigint AS available,
            a.frozen_reason AS "frozenReason", (SELECT count(*)::int FROM hold h WHERE h.account_id = b.account_id) AS holds,
            (SELECT count(*)::int FROM outbox_message o
              WHERE o.account_id = b.account_id AND o.sent_at IS NULL AND o.dead_reason IS NULL AND o.kind <> 'usage') AS unsent,
            (SELECT count(*)::int FROM purchase p
              WHERE p.account_id = b.account_id AND p.state IN ('PENDING', 'WAITING')) AS unpaid
       FROM account_balance b JOIN account a ON a.id = b.account_id WHERE b.account_id = $1`,
    [accountId],
  );
  if (row === undefined) return undefined;
  const { posted, available, ...obstacles } = row;
  return { ...obstacles, postedNanos: BigInt(posted), availableNanos: BigInt(available) };
}

/**
 * The same, with the account's balance and the account locked until the transaction ends: no credit moves meanwhile, and
 * nothing is bought.
 */
export async function lockObstacles(
  tx: Transaction,
  accountId: AccountId,
): Promise<Obstacles | undefined> {
  await tx.query('SELECT FROM account_balance WHERE account_id = $1 FOR UPDATE', [accountId]);
  await tx.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId]);
  return findObstacles(tx, accountId);
}

/** @returns false when it was closed already, or is frozen */
export async function closeAccount(tx: Transaction, accountId: AccountId): Promise<boolean> {
  const count = await tx.execute(
    `
    UPDATE account SET status = 'CLOSED', closed_at = db_now() WHERE id = $1 AND status = 'ACTIVE'`,
    [accountId],
  );
  return count === 1;
}
