import type { Queryable } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';

/** A person, and the accounts that they share with whoever asks. */
export interface FoundUser {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly sharedAccounts: readonly AccountId[];
}

/**
 * In no order; those that there are.
 * @param viewer a person, whose accounts count, or the account of a key
 */
export async function findUsers(
  db: Queryable,
  ids: readonly UserId[],
  viewer: { readonly userId: UserId | undefined; readonly accountId: AccountId | undefined },
): Promise<FoundUser[]> {
  const { userId, accountId } = viewer;
  return db.query<FoundUser>(
    `SELECT u.id, u.name, u.email, u.email_verified AS "emailVerified",
            ARRAY(SELECT m.account_id FROM membership m
                   WHERE m.user_id = u.id
                     AND CASE WHEN $2::text IS NULL THEN m.account_id = $3
                              ELSE m.account_id IN (SELECT v.account_id FROM membership v WHERE v.user_id = $2)
                         END) AS "sharedAccounts"
       FROM app_user u WHERE u.id = ANY($1)`,
    [ids, userId ?? null, accountId ?? null],
  );
}
