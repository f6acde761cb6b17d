import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { AccountDetails } from './account-details.js';
import type { AccountStatus } from './account.js';
import { STANDING } from './accounts.store.js';
import type { LimitChanges, ManagedAccount } from './managed-account.js';

const DETAILS = `a.id, a.kind, a.name, a.status, a.created_at AS "createdAt", a.closed_at AS "closedAt",
    a.frozen_at AS "frozenAt", ${STANDING},
    (SELECT count(*)::int FROM membership m WHERE m.account_id = a.id) AS "memberCount",
    (SELECT count(*)::int FROM api_key k
      WHERE k.account_id = a.id AND (k.revoked_at IS NULL OR k.revoked_at > db_now())) AS "keyCount"`;
const MANAGED = `SELECT ${DETAILS},
    b.posted AS "postedNanos", b.held AS "heldNanos", b.debt AS "debtNanos",
    (SELECT coalesce(jsonb_agg(x), '[]') FROM (
       SELECT m.user_id AS "userId", u.email, u.name, m.role FROM membership m JOIN app_user u ON u.id = m.user_id
        WHERE m.account_id = a.id ORDER BY m.created_at, m.user_id LIMIT 10) x) AS members
  FROM account a JOIN account_balance b ON b.account_id = a.id`;

/** In no order; those that there are. */
export async function findDetails(
  db: Queryable,
  ids: readonly AccountId[],
): Promise<AccountDetails[]> {
  return db.query<AccountDetails>(`SELECT ${DETAILS} FROM account a WHERE a.id = ANY($1)`, [ids]);
}

/** Each branch has an index of its own (trigrams, keys). $4: in lower case; $5: the same as a pattern. */
const FOUND = `a.id IN (
  SELECT f.id FROM account f WHERE f.id = $4 OR lower(f.name) LIKE $5
  UNION SELECT m.account_id FROM membership m JOIN app_user u ON u.id = m.user_id
         WHERE u.id = $4 OR lower(u.email) LIKE $5
  UNION SELECT k.account_id FROM api_key k WHERE k.id = $4)`;
const FOUND_BY_KEY = `a.id IN (SELECT k.account_id FROM api_key k WHERE lower(k.prefix) LIKE $4)`;

/** Newest first, by keyset: ids rise with time. @param search in lower case, or the beginning of a key */
export async function listManaged(
  db: Queryable,
  query: {
    readonly search: string | undefined;
    readonly status: AccountStatus | undefined;
    readonly first: number;
    readonly after: string | undefined;
  },
): Promise<ManagedAccount[]> {
  const { search, status, first, after } = query;
  const values: unknown[] = [status ?? null, after ?? null, first];
  let found = 'true';
  if (search?.startsWith('gr-') === true) {
    found = FOUND_BY_KEY;
    values.push(`${escaped(search)}%`);
  } else if (search !== undefined) {
    found = FOUND;
    values.push(search, `%${escaped(search)}%`);
  }
  return db.query<ManagedAccount>(
    `${MANAGED} WHERE ($1::"AccountStatus" IS NULL OR a.status = $1) AND ($2::text IS NULL OR a.id < $2)
        AND ${found} ORDER BY a.id DESC LIMIT $3`,
    values,
  );
}

/** For LIKE: what people type stands for itself. */
function escaped(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

export async function findManaged(
  db: Queryable,
  id: AccountId,
): Promise<ManagedAccount | undefined> {
  const [row] = await db.query<ManagedAccount>(`${MANAGED} WHERE a.id = $1`, [id]);
  return row;
}

/**
 * Locks the account until the transaction ends, and its balance before it, as every hold does: a call that is
 * being held comes before, and the next one sees what was decided.
 */
export async function lockAccountAndBalance(
  tx: Transaction,
  id: AccountId,
): Promise<{ status: AccountStatus; frozenReason: string | null } | undefined> {
  await tx.query('SELECT FROM account_balance WHERE account_id = $1 FOR UPDATE', [id]);
  const rows = await tx.query<{ status: AccountStatus; frozenReason: string | null }>(
    `
    SELECT status::text, frozen_reason AS "frozenReason" FROM account WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return rows[0];
}

/** @param reason null: lifts it */
export async function setFrozen(
  tx: Transaction,
  id: AccountId,
  reason: string | null,
): Promise<void> {
  await tx.execute(
    `
    UPDATE account SET status = $1::"AccountStatus", frozen_reason = $2,
           frozen_at = CASE WHEN $3::text IS NOT NULL THEN db_now() END WHERE id = $4`,
    [reason === null ? 'ACTIVE' : 'FROZEN', reason, reason, id],
  );
}

export async function setSecondFactorRequired(
  tx: Transaction,
  id: AccountId,
  required: boolean,
): Promise<void> {
  await tx.account.updateMany({ where: { id }, data: { secondFactorRequired: required } });
}

export async function setLimits(
  tx: Transaction,
  id: AccountId,
  { ratePerMinute, concurrencyMax }: LimitChanges,
): Promise<void> {
  const data = {
    ...(ratePerMinute === undefined ? {} : { ratePerMinute }),
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
  };
  await tx.account.updateMany({ where: { id }, data });
}
