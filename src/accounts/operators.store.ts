import type { Queryable, Transaction } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';
import type { User } from './account.js';

/** By address. */
export async function listOperators(db: Queryable): Promise<User[]> {
  return db.query<User>(
    `SELECT id, email, email_verified AS "emailVerified", name, operator, security_mails AS "securityMails",
            two_factor_enabled AS "hasSecondFactor"
       FROM app_user WHERE operator ORDER BY email`,
    [],
  );
}

/**
 * Locks all operators until the transaction ends, in one order: of two who take each other's right away, the
 * second sees what the first has done. @returns their ids
 */
export async function lockOperators(tx: Transaction): Promise<UserId[]> {
  const rows = await tx.query<{ id: UserId }>(
    `
    SELECT id FROM app_user WHERE operator ORDER BY id FOR UPDATE`,
    [],
  );
  return rows.map(({ id }) => id);
}

/** @returns undefined when nobody has the address */
export async function lockPerson(
  tx: Transaction,
  email: string,
): Promise<{ readonly id: UserId; readonly operator: boolean } | undefined> {
  const rows = await tx.query<{ id: UserId; operator: boolean }>(
    `
    SELECT id, operator FROM app_user WHERE email = $1 FOR UPDATE`,
    [email],
  );
  return rows[0];
}

export async function setOperator(tx: Transaction, id: UserId, operator: boolean): Promise<void> {
  await tx.execute('UPDATE app_user SET operator = $1, updated_at = db_now() WHERE id = $2', [
    operator,
    id,
  ]);
}
