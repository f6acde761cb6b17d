import type { ModelStatus } from '../catalog/index.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { LeasedWork } from '../platform/leased-work.js';

/** A model whose check is due, for who took it up. */
export interface ClaimedCheck {
  readonly modelId: ModelId;
  /** Number of the lease: what is found under an older one is not written down. */
  readonly lease: number;
}

/** Models that can be called, or could a while ago, are checked; new ones at once, also when the clock steps back. */
export async function enrol(db: Queryable, statuses: readonly ModelStatus[]): Promise<void> {
  await db.query(
    `INSERT INTO model_check (model_id, due_at) SELECT id, 'epoch' FROM model WHERE status = ANY($1::"ModelStatus"[])
     ON CONFLICT DO NOTHING`,
    [statuses],
  );
}

/** Checks, as work: of models in one of the statuses $3. */
export const MODEL_CHECKS = {
  table: 'model_check',
  key: ['model_id'],
  dueAt: 'due_at',
  counter: 'lease',
  open: 'true',
  choice: {
    among: 'JOIN model m ON m.id = w.model_id',
    where: 'm.status = ANY($3::"ModelStatus"[])',
  },
  columns: 'w.model_id AS "modelId", w.lease',
} as const satisfies LeasedWork;

/**
 * What a check found, by whoever has the lease still.
 * @returns failures in a row, and the status to come back to; undefined: somebody else has it
 */
export async function saveCheck(
  tx: Transaction,
  { modelId, lease }: ClaimedCheck,
  found: {
    /** null: it leaves the count as it is. */
    readonly passed: boolean | null;
    readonly missing: readonly string[];
    readonly problem: string | undefined;
  },
): Promise<{ failures: number; returnsTo: ModelStatus | null } | undefined> {
  const { passed, problem = null } = found;
  const [saved] = await tx.query<{ failures: number; returnsTo: ModelStatus | null }>(
    `
    UPDATE model_check
       SET checked_at = ledger_now(), missing = $1, problem = $2,
           failures = CASE $3::boolean WHEN true THEN 0 WHEN false THEN failures + 1 ELSE failures END
     WHERE model_id = $4 AND lease = $5
    RETURNING failures, returns_to::text AS "returnsTo"`,
    [found.missing, problem, passed, modelId, lease],
  );
  return saved;
}

/** When the next check is due, and where the model comes back to: null, while it is not degraded. */
export async function planNext(
  tx: Transaction,
  modelId: ModelId,
  next: { readonly inMs: number; readonly returnsTo: ModelStatus | null },
): Promise<void> {
  await tx.execute(
    `
    UPDATE model_check
       SET due_at = ledger_now() + $1 * interval '1 millisecond',
           returns_to = $2::"ModelStatus"
     WHERE model_id = $3`,
    [next.inMs, next.returnsTo, modelId],
  );
}

/** A model that was just found well. A check that is under way is not written down. */
export async function forgetFailures(
  tx: Transaction,
  modelId: ModelId,
  nextInMs: number,
): Promise<void> {
  const well = { failures: 0, missing: [], problem: null };
  await tx.modelCheck.upsert({
    where: { modelId },
    create: { modelId, ...well },
    update: { ...well, lease: { increment: 1 } },
  });
  await planNext(tx, modelId, { inMs: nextInMs, returnsTo: null });
}
