import type { Database } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { Run } from './run.js';
import type { UsageTick } from './usage-tick.js';

type Reader = Pick<Database, 'query'>;
type Row = Omit<Run, 'heldNanos' | 'chargedNanos'> & { heldNanos: string; chargedNanos: string };

const COLUMNS = `id, account_id AS "accountId", key_id AS "keyId", outcome, held AS "heldNanos",
  charged AS "chargedNanos", idempotency_key AS "idempotencyKey", details,
  started_at AS "startedAt", ended_at AS "endedAt"`;

function toRun(row: Row): Run {
  return {
    ...row,
    heldNanos: BigInt(row.heldNanos),
    chargedNanos: BigInt(row.chargedNanos),
  };
}

export async function findRun(
  db: Reader,
  accountId: AccountId,
  id: string,
): Promise<Run | undefined> {
  const [row] = await db.query<Row>(
    `SELECT ${COLUMNS} FROM run WHERE id = $2 AND account_id = $1`,
    [accountId, id],
  );
  return row && toRun(row);
}

/** Some runs of an account, in the order of their end; those that it does not have are left out. */
export async function findRuns(
  db: Reader,
  accountId: AccountId,
  ids: readonly RunId[],
): Promise<Run[]> {
  const rows = await db.query<Row>(
    `SELECT ${COLUMNS} FROM run WHERE account_id = $1 AND id = ANY($2::text[]) ORDER BY ended_at, id`,
    [accountId, ids],
  );
  return rows.map(toRun);
}

/** The runs of an account that ended at a moment or later, the first ones first. */
export async function listRunsSince(
  db: Reader,
  accountId: AccountId,
  since: Date,
  first: number,
): Promise<Run[]> {
  const rows = await db.query<Row>(
    `SELECT ${COLUMNS} FROM run WHERE account_id = $1 AND ended_at >= $2 ORDER BY ended_at, id LIMIT $3`,
    [accountId, since, first],
  );
  return rows.map(toRun);
}

/** The database's clock. */
export async function readNow(db: Reader): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('SELECT ledger_now() AS now', []);
  if (row === undefined) throw new Error('The database gave no time.');
  return row.now;
}

/**
 * Sums up an account's runs of [from, to): `to` is the last full interval's end, half a second ago or more, so that
 * what ended in it is committed; `from` is `since`, or an interval before. Nothing is summed up when `since` is
 * `to` already.
 */
export async function sumUpRuns(
  db: Reader,
  accountId: AccountId,
  { intervalS, since }: { intervalS: number; since: Date | undefined },
): Promise<UsageTick> {
  const [row] = await db.query<{
    from: Date;
    to: Date;
    calls: number;
    errors: number;
    cost: string;
  }>(
    `WITH span AS (
       SELECT to_timestamp(floor(extract(epoch FROM ledger_now() - interval '500 ms') / $2::float8) * $2::float8) AS upto)
     SELECT coalesce($3::timestamptz, upto - make_interval(secs => $2::float8)) AS "from", upto AS "to", count(r.id)::int AS calls,
            (count(r.id) FILTER (WHERE r.outcome <> 'CAPTURED'))::int AS errors, coalesce(sum(r.charged), 0) AS cost
       FROM span LEFT JOIN run r ON r.account_id = $1 AND r.ended_at < upto
        AND r.ended_at >= coalesce($3::timestamptz, upto - make_interval(secs => $2::float8))
      GROUP BY upto`,
    [accountId, intervalS, since ?? null],
  );
  if (row === undefined) throw new Error('The database gave no time.');
  return { ...row, costNanos: BigInt(row.cost) };
}

/** What a captured run answered, when that was kept. */
export async function findResult(
  db: Reader,
  accountId: AccountId,
  id: RunId,
): Promise<object | undefined> {
  const [row] = await db.query<{ result: object | null }>(
    `SELECT result FROM run WHERE id = $2 AND account_id = $1`,
    [accountId, id],
  );
  return row?.result ?? undefined;
}

/** What some runs of an account cost; those that it does not have are left out. */
export async function listCosts(
  db: Reader,
  accountId: AccountId,
  ids: readonly string[],
): Promise<{ id: RunId; chargedNanos: bigint }[]> {
  const rows = await db.query<{ id: RunId; charged: string }>(
    `SELECT id, charged FROM run WHERE account_id = $1 AND id = ANY($2::text[])`,
    [accountId, ids],
  );
  return rows.map(({ id, charged }) => ({ id, chargedNanos: BigInt(charged) }));
}

/** By time of their end, newest first; by keyset, on the time that the database set. */
export async function listRuns(
  db: Reader,
  accountId: AccountId,
  page: { first: number; after: { endedAt: string; id: string } | undefined },
): Promise<(Run & { endedAtText: string })[]> {
  const rows = await db.query<Row & { endedAtText: string }>(
    `SELECT ${COLUMNS}, ended_at::text AS "endedAtText" FROM run
      WHERE account_id = $1
        AND ($2::timestamptz IS NULL OR ended_at < $2 OR (ended_at = $2 AND id > $3))
      ORDER BY ended_at DESC, id LIMIT $4`,
    [accountId, page.after?.endedAt ?? null, page.after?.id ?? '', page.first],
  );
  return rows.map((row) => ({ ...toRun(row), endedAtText: row.endedAtText }));
}
