import type { Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';

/** What becomes of the name of a personal account. */
const ERASED = 'Erased person';

/**
 * Organizations that would be left without an owner. Locks all that the person owns until the transaction ends, as every
 * change of members does.
 */
export async function lockOrphans(
  tx: Transaction,
  userId: UserId,
): Promise<{ id: AccountId; name: string }[]> {
  await tx.query(
    `
    SELECT FROM account a WHERE a.kind = 'ORGANIZATION' AND a.status <> 'CLOSED' AND EXISTS (
      SELECT FROM membership m WHERE m.account_id = a.id AND m.user_id = $1 AND m.role = 'OWNER')
     ORDER BY a.id FOR UPDATE`,
    [userId],
  );
  return tx.query(
    `
    SELECT a.id, a.name FROM account a JOIN membership m ON m.account_id = a.id
     WHERE m.user_id = $1 AND m.role = 'OWNER' AND a.kind = 'ORGANIZATION' AND a.status <> 'CLOSED'
       AND NOT EXISTS (SELECT FROM membership o
                        WHERE o.account_id = a.id AND o.role = 'OWNER' AND o.user_id <> $2)
     ORDER BY a.name`,
    [userId, userId],
  );
}

/** Personal accounts that are open. */
export async function listPersonalAccounts(tx: Transaction, userId: UserId): Promise<AccountId[]> {
  const rows = await tx.query<{ id: AccountId }>(
    `
    SELECT a.id FROM account a JOIN membership m ON m.account_id = a.id
     WHERE m.user_id = $1 AND a.kind = 'PERSONAL' AND a.status <> 'CLOSED' ORDER BY a.id`,
    [userId],
  );
  return rows.map(({ id }) => id);
}

/**
 * Deletes a person with sessions, ways to sign in, second factor, devices and memberships, and what was mailed to them.
 * Their id stays where something says who did it: a pseudonym, as nobody has it any more.
 * @returns false when there is no such person
 */
export async function erasePerson(
  tx: Transaction,
  { id, email }: { id: UserId; email: string },
): Promise<boolean> {
  await tx.execute(
    `
    UPDATE account SET name = $1 WHERE kind = 'PERSONAL'
       AND id IN (SELECT account_id FROM membership WHERE user_id = $2)`,
    [ERASED, id],
  );
  await tx.execute(
    `
    UPDATE audit_event SET ip_address = NULL
     WHERE ip_address IS NOT NULL AND (user_id = $1 OR target = $2)`,
    [id, id],
  );
  await tx.execute('DELETE FROM invitation WHERE email = $1', [email]);
  await tx.execute('DELETE FROM queued_mail WHERE email = $1', [email]);
  await tx.execute(
    `
    DELETE FROM verification WHERE value = $1 OR
      CASE WHEN value LIKE '{%' THEN value::json ->> 'email' = $2 ELSE false END`,
    [id, email],
  );
  return (await tx.execute('DELETE FROM app_user WHERE id = $1', [id])) === 1;
}
