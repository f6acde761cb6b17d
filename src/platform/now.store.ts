import type { Queryable } from './database.js';

/**
 * The time by the database's clock, which is the only one whose instants are stored or compared: the clocks of servers
 * differ (docs/decisions/0030-one-clock.md). Within a transaction, when that began. Statements that need no instant
 * outside of them say `db_now()` themselves.
 */
export async function readNow(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('SELECT db_now() AS now', []);
  if (row === undefined) throw new Error('The database told no time.');
  return row.now;
}
