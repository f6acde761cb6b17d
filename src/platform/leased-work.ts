import type { Queryable } from './queryable.js';

/**
 * Work that lies as rows in a table of a domain. A worker claims rows for a while (the lease), and then finishes them or has
 * them come again after a pause; rows of a worker that died come again when their lease is over. Any number of workers on
 * any number of servers may claim: each skips what another one is claiming. All instants are the database's.
 *
 * Every text is SQL of ours, never of a caller's. `w` is the row, unless `alias` says otherwise.
 */
export interface LeasedWork {
  readonly table: string;
  readonly alias?: string;
  /** Columns that name a row. */
  readonly key: readonly string[];
  /** Column with the instant from which on a row may be claimed; a claim moves it to the end of the lease. */
  readonly dueAt: string;
  /** Column that each claim counts up: attempts, or the number of the lease. */
  readonly counter?: string;
  /** Condition: the row is still to be worked on. */
  readonly open: string;
  /** What a claim answers of a row. */
  readonly columns: string;
  /** Tables that `columns` looks at besides, as `JOIN … ON …`. */
  readonly from?: string;
  /** How rows are chosen, where being due is not enough. */
  readonly choice?: {
    /** Common table expressions that `among` names; `RECURSIVE` may come first. */
    readonly given?: string;
    /** Tables that `where` and `order` look at besides, as `JOIN … ON …`. */
    readonly among?: string;
    /** A condition besides `open`; names `Claim.values` as $3, $4 … */
    readonly where?: string;
    /** Left out: those that are due longest come first. */
    readonly order?: string;
  };
  /** Assignments of a claim besides lease and counter; `:lease` is the end of the lease. */
  readonly claimed?: string;
  /** Assignments of work that is done; left out: its row is deleted. */
  readonly finished?: string;
  /** Assignments of work that failed, besides its next attempt; `:error` is why. */
  readonly failed?: string;
  /** Assignments of work that has failed for good; `:error` is why. Left out: its row is deleted. */
  readonly dead?: string;
}

/** Values of the key's columns. */
export type WorkKey = readonly (string | number)[];

export interface Claim {
  readonly atMost: number;
  /** Milliseconds until a row comes again if nothing is heard of its worker: longer than the work takes. */
  readonly leaseMs: number;
  /** $3, $4 … of `choice`. */
  readonly values?: readonly unknown[];
}

/** Characters of an error that are kept. */
const ERROR_LENGTH_MAX = 1_000;

/** Claims rows that are due. One statement; locks the rows that it claims, and skips those that are locked. */
export function claim<Claimed extends object>(
  db: Pick<Queryable, 'query'>,
  work: LeasedWork,
  { atMost, leaseMs, values = [] }: Claim,
): Promise<Claimed[]> {
  return db.query<Claimed>(claimSql(work), [atMost, leaseMs, ...values]);
}

/** The work is done, whatever became of its lease. May be repeated. */
export async function finish(
  db: Pick<Queryable, 'execute'>,
  work: LeasedWork,
  key: WorkKey,
): Promise<void> {
  const change = changeTo(work, work.finished);
  await db.execute(`${change} WHERE ${whereKey(work, 1)}`, key);
}

/**
 * The work has failed: it comes again, or is dead. Work that was done meanwhile stays done.
 * @param failure `retryMs`: milliseconds until the next attempt (`backOffMs`); undefined: there is none
 */
export async function fail(
  db: Pick<Queryable, 'execute'>,
  work: LeasedWork,
  key: WorkKey,
  { error = '', retryMs }: { readonly error?: string; readonly retryMs: number | undefined },
): Promise<void> {
  const values: unknown[] = [...key];
  const bind = (value: unknown) => `$${String(values.push(value))}`;
  const assignments = retryMs === undefined ? work.dead : retrySql(work, bind(retryMs));
  const change = changeTo(work, assignments).replace(':error', () =>
    bind(error.slice(0, ERROR_LENGTH_MAX)),
  );
  await db.execute(`${change} WHERE ${whereKey(work, 1)} AND ${work.open}`, values);
}

/** Number of rows that wait to be worked on, or are being. */
export async function countOpen(db: Pick<Queryable, 'query'>, work: LeasedWork): Promise<number> {
  const { table, alias = 'w', open } = work;
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} ${alias} WHERE ${open}`,
    [],
  );
  return row?.count ?? 0;
}

/** When work that has failed comes again. */
export interface BackOff {
  /** Milliseconds after the first attempt, the second … */
  readonly delaysMs: readonly number[];
  /** After the last delay: the work is dead, or the last delay is used again and again. */
  readonly then: 'dead' | 'repeat';
}

/** @param attempts made so far, 1 or more @returns undefined: there is no next attempt */
export function backOffMs({ delaysMs, then }: BackOff, attempts: number): number | undefined {
  const at = then === 'repeat' ? Math.min(attempts, delaysMs.length) : attempts;
  return delaysMs[at - 1];
}

function claimSql(work: LeasedWork): string {
  const { table, alias = 'w', key, dueAt, counter, open, columns, from = '', claimed } = work;
  const { given, among = '', where, order = `${alias}.${dueAt}` } = work.choice ?? {};
  const lease = `db_now() + $2 * interval '1 ms'`;
  const changes = [
    `${dueAt} = ${lease}`,
    ...(counter === undefined ? [] : [`${counter} = ${alias}.${counter} + 1`]),
    ...(claimed === undefined ? [] : [claimed.replaceAll(':lease', lease)]),
  ];
  const isDue = [open, `${alias}.${dueAt} <= db_now()`, ...(where === undefined ? [] : [where])];
  return `WITH ${given === undefined ? '' : `${given}, `}due AS (
       SELECT ${key.map((column) => `${alias}.${column}`).join(', ')} FROM ${table} ${alias} ${among}
        WHERE ${isDue.join(' AND ')}
        ORDER BY ${order} LIMIT $1 FOR UPDATE OF ${alias} SKIP LOCKED),
     taken AS (
       UPDATE ${table} ${alias} SET ${changes.join(', ')} FROM due
        WHERE ${key.map((column) => `${alias}.${column} = due.${column}`).join(' AND ')} RETURNING ${alias}.*)
     SELECT ${columns} FROM taken ${alias} ${from}`;
}

function retrySql({ dueAt, failed }: LeasedWork, retryMs: string): string {
  const next = `${dueAt} = db_now() + ${retryMs} * interval '1 ms'`;
  return failed === undefined ? next : `${next}, ${failed}`;
}

/** @param assignments undefined: the row is deleted */
function changeTo({ table, alias = 'w' }: LeasedWork, assignments: string | undefined): string {
  return assignments === undefined
    ? `DELETE FROM ${table} ${alias}`
    : `UPDATE ${table} ${alias} SET ${assignments}`;
}

function whereKey({ alias = 'w', key }: LeasedWork, from: number): string {
  return key.map((column, n) => `${alias}.${column} = $${String(from + n)}`).join(' AND ');
}
