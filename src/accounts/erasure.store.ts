import type { Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';

/** What becomes of the name of a personal account. */
const ERASED = 'Erased person';

/**
 * Organisations that would be left without an owner. Locks all that the person owns until the transaction ends, as every
 * change of members does.
 */
export async function lockOrphans(
  tx: Transaction,
  userId: UserId,
): Promise<{ id: AccountId; name: string }[]> {
  await tx.$queryRaw`
    SELECT FROM account a WHERE a.kind = 'ORGANISATION' AND a.status <> 'CLOSED' AND EXISTS (
      SELECT FROM membership m WHERE m.account_id = a.id AND m.user_id = ${userId} AND m.role = 'OWNER')
     ORDER BY a.id FOR UPDATE`;
  return tx.$queryRaw`
    SELECT a.id, a.name FROM account a JOIN membership m ON m.account_id = a.id
     WHERE m.user_id = ${userId} AND m.role = 'OWNER' AND a.kind = 'ORGANISATION' AND a.status <> 'CLOSED'
       AND NOT EXISTS (SELECT FROM membership o
                        WHERE o.account_id = a.id AND o.role = 'OWNER' AND o.user_id <> ${userId})
     ORDER BY a.name`;
}

/** Personal accounts that are open. */
export async function listPersonalAccounts(tx: Transaction, userId: UserId): Promise<AccountId[]> {
  const rows = await tx.$queryRaw<{ id: AccountId }[]>`
    SELECT a.id FROM account a JOIN membership m ON m.account_id = a.id
     WHERE m.user_id = ${userId} AND a.kind = 'PERSONAL' AND a.status <> 'CLOSED' ORDER BY a.id`;
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
  await tx.$executeRaw`
    UPDATE account SET name = ${ERASED} WHERE kind = 'PERSONAL'
       AND id IN (SELECT account_id FROM membership WHERE user_id = ${id})`;
  await tx.$executeRaw`
    UPDATE audit_event SET ip_address = NULL
     WHERE ip_address IS NOT NULL AND (user_id = ${id} OR target = ${id})`;
  await tx.$executeRaw`DELETE FROM invitation WHERE email = ${email}`;
  await tx.$executeRaw`DELETE FROM identity_mail WHERE email = ${email}`;
  await tx.$executeRaw`
    DELETE FROM verification WHERE value = ${id} OR
      CASE WHEN value LIKE '{%' THEN value::json ->> 'email' = ${email} ELSE false END`;
  return (await tx.$executeRaw`DELETE FROM app_user WHERE id = ${id}`) === 1;
}
