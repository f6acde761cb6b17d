import type { Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';

/**
 * Address of the person behind what is done on an account, if it is verified: the person who does it, or, for a key, the
 * one who has owned the account longest. `hasMembers`: there is somebody behind the account.
 */
export async function findPerson(
  tx: Transaction,
  accountId: AccountId,
  userId: UserId | undefined,
): Promise<{ readonly email: string | undefined; readonly hasMembers: boolean }> {
  const [row] = await tx.query<{ email: string | null; hasMembers: boolean }>(
    `
    SELECT EXISTS (SELECT FROM membership m WHERE m.account_id = $1) AS "hasMembers",
           (SELECT u.email FROM membership m JOIN app_user u ON u.id = m.user_id
             WHERE m.account_id = $2 AND u.email_verified
               AND CASE WHEN $3::text IS NULL THEN m.role = 'OWNER' ELSE u.id = $4 END
             ORDER BY m.created_at, u.id LIMIT 1) AS email`,
    [accountId, accountId, userId ?? null, userId ?? null],
  );
  return { email: row?.email ?? undefined, hasMembers: row?.hasMembers === true };
}

/** Waits for whatever else is being given to the person: one thing after the other, until the transaction ends. */
export async function lockPersonsTurn(tx: Transaction, mailbox: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text', [
    `person:${mailbox}`,
  ]);
}

/** Organizations that a person has made and that are not closed. */
export async function countOrganizations(tx: Transaction, mailbox: string): Promise<number> {
  return tx.account.count({
    where: { openedBy: mailbox, kind: 'ORGANIZATION', status: { not: 'CLOSED' } },
  });
}
