import type { Queryable } from './database.js';

type Db = Queryable;

/** Milliseconds since 1970, by the database's clock: servers whose clocks differ count in one window. */
const NOW_MS = 'floor(extract(epoch FROM db_now()) * 1000)::bigint';

/** One more in the running window, or the first in a new one. One statement; the row is locked. */
export async function countOne(
  db: Db,
  key: string,
  windowMs: number,
): Promise<{ readonly count: number; readonly msBeforeNext: number }> {
  const [row] = await db.query<{ count: number; msBeforeNext: number }>(
    `INSERT INTO rate_limit AS r (key, points, expire) VALUES ($1, 1, ${NOW_MS} + $2::bigint)
     ON CONFLICT (key) DO UPDATE
       SET points = CASE WHEN r.expire > ${NOW_MS} THEN least(r.points, 2147483646) + 1 ELSE 1 END,
           expire = CASE WHEN r.expire > ${NOW_MS} THEN r.expire ELSE EXCLUDED.expire END
     RETURNING points AS count, greatest(0, expire - ${NOW_MS})::float8 AS "msBeforeNext"`,
    [key, windowMs],
  );
  if (row === undefined) throw new Error('The count was not written.');
  return row;
}

/** Forgets windows that are over. Any number of servers may. */
export async function deleteOver(db: Db, atMost: number): Promise<void> {
  await db.query(
    `DELETE FROM rate_limit WHERE key IN (
       SELECT key FROM rate_limit WHERE expire <= ${NOW_MS} LIMIT $1 FOR UPDATE SKIP LOCKED)`,
    [atMost],
  );
}
