import type { Queryable } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { CheckedRunFilter } from './run-filter.js';
import { driverOf, type RunDirection, runsSql } from './run-list.sql.js';
import type { Run } from './run.js';
import type { UsageTick } from './usage-tick.js';

const COLUMNS = `id, account_id AS "accountId", key_id AS "keyId", outcome, held AS "heldNanos",
  charged AS "chargedNanos", idempotency_key AS "idempotencyKey", details,
  started_at AS "startedAt", ended_at AS "endedAt"`;

export async function findRun(db: Queryable, id: string): Promise<Run | undefined> {
  const [row] = await db.query<Run>(`SELECT ${COLUMNS} FROM run WHERE id = $1`, [id]);
  return row;
}

/** Some runs of an account, in the order of their end; those that it does not have are left out. */
export async function findRuns(
  db: Queryable,
  accountId: AccountId,
  ids: readonly RunId[],
): Promise<Run[]> {
  return db.query<Run>(
    `SELECT ${COLUMNS} FROM run WHERE account_id = $1 AND id = ANY($2::text[]) ORDER BY ended_at, id`,
    [accountId, ids],
  );
}

/** The runs of an account that ended at a moment or later, the first ones first. */
export async function listRunsSince(
  db: Queryable,
  accountId: AccountId,
  since: Date,
  first: number,
): Promise<Run[]> {
  return db.query<Run>(
    `SELECT ${COLUMNS} FROM run WHERE account_id = $1 AND ended_at >= $2 ORDER BY ended_at, id LIMIT $3`,
    [accountId, since, first],
  );
}

/** The database's clock. */
export async function readNow(db: Queryable): Promise<Date> {
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
  db: Queryable,
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
  db: Queryable,
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
  db: Queryable,
  accountId: AccountId,
  ids: readonly string[],
): Promise<{ id: RunId; chargedNanos: bigint }[]> {
  return db.query<{ id: RunId; chargedNanos: bigint }>(
    `SELECT id, charged AS "chargedNanos" FROM run WHERE account_id = $1 AND id = ANY($2::text[])`,
    [accountId, ids],
  );
}

/** A page of an account's runs, by keyset on the time that the database set. One statement. */
export async function listRuns(
  db: Queryable,
  accountId: AccountId,
  page: {
    first: number;
    after: { endedAt: string; id: string } | undefined;
    filter: CheckedRunFilter;
    direction: RunDirection;
  },
): Promise<(Run & { endedAtText: string })[]> {
  const { first, after, filter, direction } = page;
  const driver = driverOf(filter);
  return db.query<Run & { endedAtText: string }>(
    runsSql(driver, direction, `${COLUMNS}, ended_at::text AS "endedAtText"`),
    [
      accountId,
      after?.endedAt ?? null,
      after?.id ?? '',
      first,
      filter.from ?? null,
      filter.to ?? null,
      filter.models ?? null,
      filter.keys ?? null,
      filter.members ?? null,
      filter.operations ?? null,
      filter.ends ?? null,
      filter.costAtLeastNanos ?? null,
      filter.costAtMostNanos ?? null,
    ],
    // Planned for what is asked, so that conditions that do not matter fall away.
    { plannedAnew: true },
  );
}
