import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, ModelId, ModelRequestId } from '../platform/ids.js';

export type Step = 'EARLY_ACCESS' | 'LAUNCH';

export interface Due {
  readonly modelId: ModelId;
  readonly step: Step;
}

/** Models with somebody to let in early, or to tell of the launch. */
export async function listDue(db: Queryable): Promise<Due[]> {
  return db.query<Due>(
    `SELECT m.id AS "modelId", 'LAUNCH' AS step FROM model m
      WHERE m.status = 'LIVE' AND EXISTS (
        SELECT FROM model_request r WHERE r.model_id = m.id AND r.notified_at IS NULL AND r.withdrawn_at IS NULL)
     UNION ALL
     SELECT p.model_id, 'EARLY_ACCESS' FROM model_plan p JOIN model m ON m.id = p.model_id
      WHERE m.status = 'COMING_SOON' AND p.stage = 'ONBOARDING' AND p.early_access_given < p.early_access_count
        AND EXISTS (SELECT FROM model_request r WHERE r.model_id = p.model_id AND r.account_id IS NOT NULL
                      AND r.early_access_at IS NULL AND r.notified_at IS NULL AND r.withdrawn_at IS NULL
                      AND (NOT starts_with(r.mailbox, 'account:')
                             OR NOT EXISTS (SELECT FROM membership s WHERE s.account_id = r.account_id)))`,
    [],
  );
}

export interface LockedPlan {
  readonly slug: string;
  readonly name: string;
  readonly earlyAccessLeft: number;
  readonly launchCreditNanos: bigint;
  readonly launchCreditsLeft: number;
}

/**
 * Takes a model for this transaction; undefined when another server has it, or it is not due any more. One
 * server at a time counts what is left to give.
 */
export async function lockDue(
  tx: Transaction,
  { modelId, step }: Due,
): Promise<LockedPlan | undefined> {
  await tx.execute('INSERT INTO model_plan (model_id) VALUES ($1) ON CONFLICT DO NOTHING', [
    modelId,
  ]);
  const [row] = await tx.query<LockedPlan>(
    `
    SELECT m.slug, m.name, p.early_access_count - p.early_access_given AS "earlyAccessLeft",
           p.launch_credit_nanos AS "launchCreditNanos",
           CASE WHEN p.launch_credit_nanos = 0 THEN 0
                ELSE p.launch_credit_count - p.launch_credits_given END AS "launchCreditsLeft"
      FROM model_plan p JOIN model m ON m.id = p.model_id
     WHERE p.model_id = $1
       AND CASE $2 WHEN 'LAUNCH' THEN m.status = 'LIVE'
                ELSE m.status = 'COMING_SOON' AND p.stage = 'ONBOARDING' END
       FOR UPDATE OF p SKIP LOCKED`,
    [modelId, step],
  );
  return row;
}

export interface Waiting {
  readonly id: ModelRequestId;
  /** null: somebody without an account. */
  readonly accountId: AccountId | null;
  readonly isActive: boolean;
  /** A person stands behind it who stands behind no other request, or an account that has no members. */
  readonly isPerson: boolean;
  /** Where to write; null: they do not want it, or nobody has an address there. */
  readonly email: string | null;
}

/**
 * Who waits longest, in the order in which they asked, locked until `tx` ends: the person who asked, the
 * first owner of an account whose key did, or the address that was left.
 */
export async function lockWaiting(
  tx: Transaction,
  { modelId, step }: Due,
  atMost: number,
): Promise<Waiting[]> {
  return tx.query<Waiting>(
    `
    SELECT r.id, r.account_id AS "accountId", coalesce(a.status = 'ACTIVE', true) AS "isActive",
           (NOT starts_with(r.mailbox, 'account:')
             OR NOT EXISTS (SELECT FROM membership s WHERE s.account_id = r.account_id)) AS "isPerson",
           CASE WHEN NOT r.contact_ok OR a.status <> 'ACTIVE' THEN NULL ELSE coalesce(r.email, (
             SELECT u.email FROM app_user u JOIN membership s ON s.user_id = u.id AND s.account_id = r.account_id
              WHERE u.email_verified AND (u.id = r.user_id OR s.role = 'OWNER')
              ORDER BY u.id = r.user_id DESC NULLS LAST, s.created_at, u.id LIMIT 1)) END AS email
      FROM model_request r LEFT JOIN account a ON a.id = r.account_id
     WHERE r.model_id = $1 AND r.notified_at IS NULL AND r.withdrawn_at IS NULL
       AND ($2 = 'LAUNCH' OR (r.account_id IS NOT NULL AND r.early_access_at IS NULL
              AND (NOT starts_with(r.mailbox, 'account:')
                     OR NOT EXISTS (SELECT FROM membership s WHERE s.account_id = r.account_id))))
     ORDER BY r.created_at, r.id LIMIT $3 FOR UPDATE OF r`,
    [modelId, step, atMost],
  );
}

/** Writes down what each of them got, and what the plan has given by that. */
export async function markTold(
  tx: Transaction,
  modelId: ModelId,
  told: { ids: readonly string[]; withCredit: readonly string[]; creditNanos: bigint },
): Promise<void> {
  const { ids, withCredit, creditNanos } = told;
  await tx.execute('UPDATE model_request SET notified_at = db_now() WHERE id = ANY ($1::text[])', [
    ids,
  ]);
  await tx.modelRequest.updateMany({
    where: { id: { in: [...withCredit] } },
    data: { launchCreditNanos: creditNanos },
  });
  await tx.modelPlan.update({
    where: { modelId },
    data: { launchCreditsGiven: { increment: withCredit.length } },
  });
}

/** @returns nothing; the accounts may call the model from the end of `tx` on */
export async function letIn(
  tx: Transaction,
  modelId: ModelId,
  ids: readonly string[],
): Promise<void> {
  await tx.execute(
    'UPDATE model_request SET early_access_at = db_now() WHERE id = ANY ($1::text[])',
    [ids],
  );
  await tx.modelPlan.update({
    where: { modelId },
    data: { earlyAccessGiven: { increment: ids.length } },
  });
}
