import type { Queryable } from '../platform/database.js';
import type { BatchId } from '../platform/ids.js';
import type { LeasedWork } from '../platform/leased-work.js';
import type { BatchLine, LineEnd } from './batch-line.js';

type LineKey = Pick<BatchLine, 'batchId' | 'line'>;

/** Open lines of the batches $3, as work. Lines go by their number, so that batches take turns. */
export const BATCH_LINES = {
  table: 'batch_line',
  alias: 'l',
  key: ['batch_id', 'line'],
  dueAt: 'free_at',
  counter: 'attempts',
  open: `l.state = 'OPEN'`,
  choice: { where: 'l.batch_id = ANY ($3)', order: 'l.line, l.batch_id' },
  columns: `l.batch_id AS "batchId", l.line, l.custom_id AS "customId", l.run_id AS "runId", l.units, l."offset",
    l.bytes, l.attempts, b.account_id AS "accountId", b.key_id AS "keyId", b.endpoint, b.status,
    b.input_file_id AS "inputFileId"`,
  from: 'JOIN batch b ON b.id = l.batch_id',
} as const satisfies LeasedWork;

/** Ends a line, once: one that has ended stays as it is. */
export async function endLine(
  db: Queryable,
  { batchId, line }: LineKey,
  end: LineEnd,
): Promise<void> {
  const chargedNanos = end.state === 'COMPLETED' ? end.chargedNanos : null;
  await db.query(
    `UPDATE batch_line SET state = $3::"BatchLineState", charged_nanos = $4, answer = $5
      WHERE batch_id = $1 AND line = $2 AND state = 'OPEN'`,
    [batchId, line, end.state, chargedNanos, end.answer],
  );
}

/** Gives a line back, to be taken up again after a pause. */
export async function putBack(
  db: Queryable,
  { batchId, line }: LineKey,
  { afterMs, counts }: { readonly afterMs: number; readonly counts: boolean },
): Promise<void> {
  await db.query(
    `UPDATE batch_line SET free_at = db_now() + $3 * interval '1 ms', attempts = attempts - $4
      WHERE batch_id = $1 AND line = $2 AND state = 'OPEN'`,
    [batchId, line, afterMs, counts ? 0 : 1],
  );
}

/** Answers of a batch in the order of its lines, after one of them. @param completed or else of the others */
export function listAnswers(
  db: Queryable,
  batchId: BatchId,
  page: { readonly completed: boolean; readonly after: number; readonly first: number },
): Promise<{ readonly line: number; readonly answer: string }[]> {
  return db.query(
    `SELECT line, answer FROM batch_line
      WHERE batch_id = $1 AND line > $2 AND (state = 'COMPLETED') = $3 AND answer IS NOT NULL
      ORDER BY line LIMIT $4`,
    [batchId, page.after, page.completed, page.first],
  );
}

/** Answers that stand in a file by now. @returns how many, at most `atMost` */
export async function forgetAnswers(
  db: Queryable,
  batchId: BatchId,
  atMost: number,
): Promise<number> {
  const rows = await db.query(
    `UPDATE batch_line SET answer = NULL WHERE batch_id = $1 AND line IN (
       SELECT line FROM batch_line WHERE batch_id = $1 AND answer IS NOT NULL LIMIT $2) RETURNING line`,
    [batchId, atMost],
  );
  return rows.length;
}
