import type { Database } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type { Run } from './run.js';

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
