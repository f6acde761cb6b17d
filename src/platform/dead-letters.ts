import type { Queryable } from './queryable.js';
import type { TimePlace } from './time-cursor.js';

/** Where work that has failed for good is kept: the rows of its own table. All of it is SQL of ours; `d` is the row. */
export interface DeadLetters {
  readonly table: string;
  /** Tables that the columns look at besides, as `JOIN … ON …`. */
  readonly from?: string;
  /** What it was, in a few words. */
  readonly subject: string;
  readonly error: string;
  readonly accountId: string;
  /** Column with the instant at which it failed for good. */
  readonly deadAt: string;
  /** Condition: it has failed for good, and was not done later. */
  readonly dead: string;
  /** Assignments that make it due again. */
  readonly requeued: string;
}

export interface DeadLetterRow {
  readonly id: string;
  readonly subject: string;
  readonly error: string | null;
  readonly attempts: number;
  /** To the millisecond. */
  readonly deadAt: Date;
  readonly accountId: string | null;
}

type Reader = Pick<Queryable, 'query'>;
type Writer = Pick<Queryable, 'execute'>;

const listed = ({ dead }: DeadLetters) => `${dead} AND d.dismissed_at IS NULL`;

const selected = (letters: DeadLetters) =>
  `SELECT d.id, ${letters.subject} AS subject, ${letters.error} AS error, d.attempts, d.${letters.deadAt} AS "deadAt",
          ${letters.accountId} AS "accountId"
     FROM ${letters.table} d ${letters.from ?? ''} WHERE ${listed(letters)}`;

/** The latest first, by keyset; bytes decide between ids, as in the program. */
async function listDead(
  db: Reader,
  letters: DeadLetters,
  { first, after }: { readonly first: number; readonly after: TimePlace | undefined },
): Promise<DeadLetterRow[]> {
  const place = `(d.${letters.deadAt}, d.id COLLATE "C")`;
  return db.query<DeadLetterRow>(
    `${selected(letters)} AND ($1::timestamptz IS NULL OR ${place} < ($1, $2))
      ORDER BY d.${letters.deadAt} DESC, d.id COLLATE "C" DESC LIMIT $3`,
    [after?.at ?? null, after?.id ?? '', first],
  );
}

async function findDead(
  db: Reader,
  letters: DeadLetters,
  id: string,
): Promise<DeadLetterRow | undefined> {
  const [row] = await db.query<DeadLetterRow>(`${selected(letters)} AND d.id = $1 LIMIT 1`, [id]);
  return row;
}

export async function countDead(db: Reader, letters: DeadLetters): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${letters.table} d WHERE ${listed(letters)}`,
    [],
  );
  return row?.count ?? 0;
}

/** Makes it due again. @param id undefined: all @returns how many */
function requeueDead(tx: Writer, letters: DeadLetters, id: string | undefined): Promise<number> {
  return tx.execute(
    `UPDATE ${letters.table} d SET ${letters.requeued}
      WHERE ${listed(letters)} AND ($1::text IS NULL OR d.id = $1)`,
    [id ?? null],
  );
}

/** Takes it off the list; its row stays. @returns false when it was not there */
async function dismissDead(tx: Writer, letters: DeadLetters, id: string): Promise<boolean> {
  const count = await tx.execute(
    `UPDATE ${letters.table} d SET dismissed_at = db_now() WHERE ${listed(letters)} AND d.id = $1`,
    [id],
  );
  return count > 0;
}

/** A domain's dead letters, as those who run the platform work with them. */
export function deadLetterBox(db: Reader, letters: DeadLetters) {
  return {
    list: (page: { readonly first: number; readonly after: TimePlace | undefined }) =>
      listDead(db, letters, page),
    find: (id: string) => findDead(db, letters, id),
    replay: (tx: Writer, id: string | undefined) => requeueDead(tx, letters, id),
    dismiss: (tx: Writer, id: string) => dismissDead(tx, letters, id),
  };
}
