import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, BatchId, RunId } from '../platform/ids.js';
import type { LeasedWork } from '../platform/leased-work.js';
import type { Batch, BatchProgress, BatchStatus } from './batch.js';

type Row = Omit<BatchProgress, 'heldNanos' | 'chargedNanos'> & { held: string; charged: string };

const COLUMNS = `b.id, b.account_id AS "accountId", b.key_id AS "keyId", b.endpoint, b.status,
  b.input_file_id AS "inputFileId", b.output_file_id AS "outputFileId", b.error_file_id AS "errorFileId",
  b.metadata, b.errors, b.created_at AS "createdAt", b.expires_at AS "expiresAt",
  b.cancelling_at AS "cancellingAt", b.finalizing_at AS "finalizingAt", b.ended_at AS "endedAt"`;

/** The lines of a batch counted, by an index: up to 50,000. */
const COUNTED = `CROSS JOIN LATERAL (
    SELECT jsonb_build_object(
             'OPEN', count(*) FILTER (WHERE state = 'OPEN'), 'COMPLETED', count(*) FILTER (WHERE state = 'COMPLETED'),
             'FAILED', count(*) FILTER (WHERE state = 'FAILED'), 'CANCELLED', count(*) FILTER (WHERE state = 'CANCELLED'),
             'EXPIRED', count(*) FILTER (WHERE state = 'EXPIRED')) AS lines,
           coalesce(sum(held_nanos) FILTER (WHERE state = 'OPEN'), 0)::text AS held,
           coalesce(sum(charged_nanos), 0)::text AS charged
      FROM batch_line WHERE batch_id = b.id) l`;
const PROGRESS = `SELECT ${COLUMNS}, l.lines, l.held, l.charged FROM batch b ${COUNTED}`;

function toProgress({ held, charged, ...row }: Row): BatchProgress {
  return { ...row, heldNanos: BigInt(held), chargedNanos: BigInt(charged) };
}

export interface NewBatch extends Pick<
  Batch,
  'id' | 'accountId' | 'keyId' | 'endpoint' | 'inputFileId' | 'outputFileId' | 'errorFileId'
> {
  readonly status: BatchStatus;
  readonly metadata: Batch['metadata'];
  readonly errors: Batch['errors'];
  /** Milliseconds in which its lines may begin. */
  readonly windowMs: number;
  readonly idempotency: { readonly key: string; readonly requestHash: Buffer } | undefined;
}

export interface NewLine {
  readonly line: number;
  readonly custom_id: string;
  readonly run_id: RunId;
  /** Nano-USD. */
  readonly held_nanos: string;
  readonly units: object;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * One that FAILED has ended. With the idempotency key of a batch that is being made it waits for that.
 * @returns false when the account has one with this idempotency key
 */
export async function insertBatch(tx: Transaction, batch: NewBatch): Promise<boolean> {
  const failed = batch.status === 'FAILED';
  const rows = await tx.query(
    `
    INSERT INTO batch (id, account_id, key_id, endpoint, status, input_file_id, output_file_id, error_file_id,
      metadata, errors, idempotency_key, request_hash, created_at, expires_at, ended_at, done)
    VALUES ($1, $2, $3, $4, $5::"BatchStatus",
      $6, $7, $8,
      $9::jsonb, $10::jsonb,
      $11, $12::bytea,
      db_now(), db_now() + $13::float8 * interval '1 ms', CASE WHEN $14 THEN db_now() END, $15)
    ON CONFLICT (account_id, idempotency_key) DO NOTHING RETURNING id`,
    [
      batch.id,
      batch.accountId,
      batch.keyId,
      batch.endpoint,
      batch.status,
      batch.inputFileId,
      batch.outputFileId,
      batch.errorFileId,
      batch.metadata === null ? null : JSON.stringify(batch.metadata),
      JSON.stringify(batch.errors),
      batch.idempotency?.key ?? null,
      batch.idempotency?.requestHash ?? null,
      batch.windowMs,
      failed,
      failed,
    ],
  );
  return rows.length === 1;
}

const LINES_AT_ONCE = 2_000;

export async function insertLines(
  tx: Transaction,
  batchId: BatchId,
  lines: readonly NewLine[],
): Promise<void> {
  for (let at = 0; at < lines.length; at += LINES_AT_ONCE) {
    const json = JSON.stringify(lines.slice(at, at + LINES_AT_ONCE));
    await tx.execute(
      `
      INSERT INTO batch_line (batch_id, line, custom_id, run_id, held_nanos, units, "offset", bytes)
      SELECT $1, l.* FROM json_to_recordset($2::json) AS l(
        line int, custom_id text, run_id text, held_nanos bigint, units jsonb, "offset" int, bytes int)`,
      [batchId, json],
    );
  }
}

/** By its id, or by an idempotency key together with the hash of what it was used for. */
export async function findBatch(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<BatchProgress | undefined> {
  const [row] = await db.query<Row>(`${PROGRESS} WHERE b.account_id = $1 AND b.id = $2`, [
    accountId,
    id,
  ]);
  return row && toProgress(row);
}

/** Whosever it is. */
export async function findAnyBatch(db: Queryable, id: string): Promise<Batch | undefined> {
  const [row] = await db.query<Batch>(`SELECT ${COLUMNS} FROM batch b WHERE b.id = $1`, [id]);
  return row;
}

export async function findByKey(
  db: Queryable,
  accountId: AccountId,
  idempotencyKey: string,
): Promise<{ readonly id: BatchId; readonly requestHash: Buffer } | undefined> {
  const [row] = await db.query<{ id: BatchId; requestHash: Buffer }>(
    `SELECT id, request_hash AS "requestHash" FROM batch WHERE account_id = $1 AND idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  return row;
}

/** Newest first. @param page `after`: an id */
export async function listBatches(
  db: Queryable,
  accountId: AccountId,
  { first, after }: { readonly first: number; readonly after: string | undefined },
): Promise<Batch[]> {
  return db.query<Batch>(
    `SELECT ${COLUMNS} FROM batch b
      WHERE b.account_id = $1 AND ($2::text IS NULL OR b.id < $2) ORDER BY b.id DESC LIMIT $3`,
    [accountId, after ?? null, first],
  );
}

/** How far some batches are, in any order. */
export async function listProgress(
  db: Queryable,
  ids: readonly BatchId[],
): Promise<BatchProgress[]> {
  const rows = await db.query<Row>(`${PROGRESS} WHERE b.id = ANY ($1::text[])`, [ids]);
  return rows.map(toProgress);
}

/** Only one that is under way. From then on no line of it begins. */
export async function beginCancelling(
  db: Queryable,
  accountId: AccountId,
  id: string,
): Promise<void> {
  await db.query(
    `UPDATE batch SET status = 'CANCELLING', cancelling_at = db_now()
      WHERE account_id = $1 AND id = $2 AND status = 'IN_PROGRESS'`,
    [accountId, id],
  );
}

/**
 * Batches that may run lines at a time, and those that may not any more and have lines that did not begin. Those
 * of a frozen account wait, until it is frozen no more or their time is over.
 */
export async function listOpen(
  db: Queryable,
): Promise<{ readonly toRun: readonly BatchId[]; readonly toRelease: readonly BatchId[] }> {
  const rows = await db.query<{ id: BatchId; runs: boolean }>(
    `SELECT b.id, b.status = 'IN_PROGRESS' AND b.expires_at > db_now() AS runs FROM batch b
       JOIN account a ON a.id = b.account_id
      WHERE NOT b.done AND b.ended_at IS NULL
        AND (a.status <> 'FROZEN' OR b.status <> 'IN_PROGRESS' OR b.expires_at <= db_now())
        AND EXISTS (SELECT FROM batch_line l WHERE l.batch_id = b.id AND l.state = 'OPEN')`,
    [],
  );
  const idsOf = (runs: boolean) => rows.filter((row) => row.runs === runs).map(({ id }) => id);
  return { toRun: idsOf(true), toRelease: idsOf(false) };
}

/** Whether a batch that has not ended reads a file. */
export async function isInputInUse(
  db: Queryable,
  accountId: AccountId,
  fileId: string,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT id FROM batch WHERE NOT done AND account_id = $1 AND input_file_id = $2 LIMIT 1`,
    [accountId, fileId],
  );
  return rows.length === 1;
}

/** Batches whose lines have all ended, as work. */
export const ENDED_BATCHES = {
  table: 'batch',
  alias: 'b',
  key: ['id'],
  dueAt: 'free_at',
  open: 'NOT b.done',
  choice: {
    where: `NOT EXISTS (SELECT FROM batch_line l WHERE l.batch_id = b.id AND l.state = 'OPEN')`,
    order: 'b.id',
  },
  claimed: `finalizing_at = coalesce(b.finalizing_at, db_now()),
    status = CASE WHEN b.ended_at IS NULL THEN 'FINALIZING' ELSE b.status END`,
  columns: COLUMNS,
  finished: 'done = true',
} as const satisfies LeasedWork;

/** Its files are written. */
export async function endBatch(db: Queryable, id: BatchId, status: BatchStatus): Promise<void> {
  await db.query(
    `UPDATE batch SET status = $2::"BatchStatus", ended_at = db_now() WHERE id = $1 AND ended_at IS NULL`,
    [id, status],
  );
}
