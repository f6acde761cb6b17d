import type { Queryable } from '../platform/database.js';

/** Attempts after which the delay begins, and its longest, in seconds. It doubles with each attempt in between. */
const FREE_ATTEMPTS = 10;
const DELAY_S_MAX = 900;
/** Days without an attempt after which the count begins anew. */
const FORGOTTEN_DAYS = 1;

/**
 * Counts an attempt to sign in as somebody, before it is made, unless the delay after the last one is not over. One
 * statement, so attempts at once cannot all come before the first one counts. The first ones have no delay and so are
 * not compared with the time: one that began earlier may come after another that ended.
 * @param person hash of an address, whether anybody has it or not
 * @returns seconds to wait; 0: it was counted, and may be made
 */
export async function countAttempt(db: Queryable, person: string): Promise<number> {
  const counted = await db.query(
    `INSERT INTO sign_in_attempt AS a (person, attempts, next_at, last_at)
     VALUES ($1, 1, db_now(), db_now())
     ON CONFLICT (person) DO UPDATE
        SET attempts = CASE WHEN a.last_at < db_now() - make_interval(days => $4) THEN 1 ELSE a.attempts + 1 END,
            next_at = db_now() + make_interval(secs =>
              CASE WHEN a.last_at < db_now() - make_interval(days => $4) OR a.attempts + 1 < $2 THEN 0
                   ELSE least(2 ^ least(a.attempts + 1 - $2, 20), $3) END),
            last_at = db_now()
      WHERE a.attempts < $2 OR a.next_at <= db_now()
     RETURNING attempts`,
    [person, FREE_ATTEMPTS, DELAY_S_MAX, FORGOTTEN_DAYS],
  );
  if (counted.length > 0) return 0;
  const [row] = await db.query<{ seconds: number }>(
    `SELECT ceil(extract(epoch FROM next_at - db_now()))::int AS seconds FROM sign_in_attempt WHERE person = $1`,
    [person],
  );
  return Math.max(1, row?.seconds ?? 1);
}

/** The attempt succeeded: it is not one of the guesses, and delays no other. */
export async function forgiveAttempt(db: Queryable, person: string): Promise<void> {
  await db.query(
    `UPDATE sign_in_attempt SET attempts = greatest(attempts - 1, 0), next_at = last_at WHERE person = $1`,
    [person],
  );
}

/** Deletes counts that would begin anew. @returns how many */
export async function deleteOldAttempts(db: Queryable, atMost: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM sign_in_attempt WHERE person IN (
       SELECT person FROM sign_in_attempt WHERE last_at < db_now() - make_interval(days => $1)
        LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING person`,
    [FORGOTTEN_DAYS, atMost],
  );
  return rows.length;
}
