import { newId, type AccountId } from '../../src/platform/ids.js';
import type { TestDatabase } from './database.js';

/** A new person who belongs to an account. @returns the address */
export async function addMember(
  database: TestDatabase,
  accountId: AccountId,
  role = 'OWNER',
): Promise<string> {
  const id = newId('usr');
  const email = `${id}@test.example`;
  await database.query(`INSERT INTO app_user (id, name, email) VALUES ($1, 'Member', $2)`, [
    id,
    email,
  ]);
  await database.query(
    `INSERT INTO membership (account_id, user_id, role) VALUES ($1, $2, $3::"Role")`,
    [accountId, id, role],
  );
  return email;
}
