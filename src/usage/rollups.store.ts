import type { Database, Queryable } from '../platform/database.js';

/** The hours of a busy day take longer than a statement of a request may. */
type LongWriter = Pick<Database, 'longTransaction'>;

/**
 * One turn of `usage_roll_up_turn`: one transaction, which one process at a time is in. Reads runs as they are
 * committed and locks none; what is over cannot change but by what leaves a mark.
 * @returns how many hours were rolled up
 */
export function rollUpTurn(db: LongWriter, hoursMax: number): Promise<number> {
  return db.longTransaction(async (tx) => {
    const [row] = await tx.query<{ hours: number }>('SELECT usage_roll_up_turn($1::int) AS hours', [
      hoursMax,
    ]);
    return row?.hours ?? 0;
  });
}

/** Rolls up the hours in [from, to) anew that are over. Waits for a turn in hand. @returns how many hours */
export function rebuild(db: LongWriter, from: Date, to: Date): Promise<number> {
  const [lo, hi] = [from.toISOString(), to.toISOString()];
  return db.longTransaction(async (tx) => {
    const [row] = await tx.query<{ hours: number }>(
      'SELECT usage_rebuild($1::timestamptz, $2::timestamptz) AS hours',
      [lo, hi],
    );
    return row?.hours ?? 0;
  });
}

export interface ClosedHours {
  /** The whole hours of which everything is known: from the first to the end of the last. */
  readonly from: Date;
  readonly to: Date;
  /** Whether more of them may be known at once: transactions from before the last look have not ended. */
  readonly waits: boolean;
}

/** Moves the fence on. @param asOf the instant up to which all should be known */
export async function closedHours(db: Queryable, asOf: Date): Promise<ClosedHours> {
  await db.query('SELECT usage_close()', []);
  const [row] = await db.query<ClosedHours>(
    `
    SELECT f.first_hour AS "from", greatest(f.first_hour, date_trunc('hour', f.closed_until, 'UTC')) AS "to",
           f.closed_until + interval '2 minutes' < $1::timestamptz AS waits
      FROM usage_fence f`,
    [asOf.toISOString()],
  );
  if (row === undefined) throw new Error('There is no fence of usage.');
  return row;
}
