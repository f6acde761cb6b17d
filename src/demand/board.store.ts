import type { Queryable, Transaction } from '../platform/database.js';
import { type DemandCommentId, type ModelId, newId, type UserId } from '../platform/ids.js';
import type { BoardEntry, BoardPosition } from './board-entry.js';
import type { PlanChanges } from './demand-plan.js';
import { STAGE_SQL } from './demand.store.js';

type Row = Omit<BoardEntry, 'boughtNanos' | 'launchCreditNanos' | 'comments'> & {
  boughtNanos: string;
  launchCreditNanos: string;
  comments: readonly {
    id: DemandCommentId;
    userId: UserId | null;
    text: string;
    createdAt: string;
  }[];
};

const BOARD = `
  WITH standing AS (
    SELECT r.model_id, r.contact_ok, coalesce(r.monthly_volume, 0) AS volume,
           coalesce((SELECT sum(greatest(0, s.credit_nanos - s.clawed_back_nanos)) FROM purchase s
                      WHERE s.account_id = r.account_id AND s.state = 'PAID'), 0) AS bought
      FROM model_request r WHERE r.withdrawn_at IS NULL
  ), weighed AS (
    SELECT model_id, count(*) FILTER (WHERE contact_ok)::int AS contactable, sum(volume)::float8 AS volume,
           sum(bought)::bigint AS bought,
           round(1000 * sum(1 + log(1 + volume::numeric) + log(1 + bought / 1e9)))::float8 AS weight
      FROM standing GROUP BY model_id
  ), board AS (
    SELECT m.id AS "modelId", m.request_count AS requests, ${STAGE_SQL} AS stage, p.expected_on AS "expectedOn",
           coalesce(w.weight, 0) AS weight, coalesce(w.volume, 0) AS "monthlyVolume",
           coalesce(w.bought, 0) AS "boughtNanos", coalesce(w.contactable, 0) AS contactable,
           coalesce(p.early_access_count, 0) AS "earlyAccessCount",
           coalesce(p.early_access_given, 0) AS "earlyAccessGiven",
           coalesce(p.launch_credit_nanos, 0) AS "launchCreditNanos",
           coalesce(p.launch_credit_count, 0) AS "launchCreditCount",
           coalesce(p.launch_credits_given, 0) AS "launchCreditsGiven",
           (SELECT coalesce(json_agg(c ORDER BY c.id DESC), '[]') FROM (
              SELECT id, user_id AS "userId", text, created_at AS "createdAt" FROM demand_comment
               WHERE model_id = m.id ORDER BY id DESC LIMIT 10) c) AS comments
      FROM model m LEFT JOIN weighed w ON w.model_id = m.id LEFT JOIN model_plan p ON p.model_id = m.id
     WHERE $1::text = m.id OR ($1 IS NULL AND m.status IN ('PROPOSED', 'COMING_SOON')))
  SELECT * FROM board
   WHERE $2::float8 IS NULL OR weight < $2 OR (weight = $2 AND "modelId" > $3)
   ORDER BY weight DESC, "modelId" LIMIT $4`;

/** Models that are not live yet, heaviest first. One statement; reads every request. */
export async function listBoard(
  db: Queryable,
  { first, after }: { first: number; after: BoardPosition | undefined },
): Promise<BoardEntry[]> {
  return read(db, [null, after?.weight ?? null, after?.id ?? '', first]);
}

/** One model, whatever its status. */
export async function findBoardEntry(db: Queryable, id: ModelId): Promise<BoardEntry | undefined> {
  return (await read(db, [id, null, '', 1]))[0];
}

async function read(db: Queryable, values: readonly unknown[]): Promise<BoardEntry[]> {
  const rows = await db.query<Row>(BOARD, values);
  return rows.map((row) => ({
    ...row,
    boughtNanos: BigInt(row.boughtNanos),
    launchCreditNanos: BigInt(row.launchCreditNanos),
    comments: row.comments.map((one) => ({ ...one, createdAt: new Date(one.createdAt) })),
  }));
}

/** @throws when a count would fall below what was given (check of the table) */
export async function savePlan(
  tx: Transaction,
  modelId: ModelId,
  changes: PlanChanges,
): Promise<void> {
  const { stage, expectedOn, earlyAccessCount, launchCreditNanos, launchCreditCount } = changes;
  const data = {
    ...(stage === undefined ? {} : { stage }),
    ...(expectedOn === undefined ? {} : { expectedOn }),
    ...(earlyAccessCount === undefined ? {} : { earlyAccessCount }),
    ...(launchCreditNanos === undefined ? {} : { launchCreditNanos }),
    ...(launchCreditCount === undefined ? {} : { launchCreditCount }),
  };
  await tx.modelPlan.upsert({ where: { modelId }, create: { modelId, ...data }, update: data });
}

export interface PlanState {
  readonly stage: string;
  readonly earlyAccessGiven: number;
  readonly launchCreditsGiven: number;
}

/** Locked until `tx` ends; undefined before the first change. */
export async function lockPlan(tx: Transaction, modelId: ModelId): Promise<PlanState | undefined> {
  const [row] = await tx.query<PlanState>(
    `
    SELECT stage::text AS stage, early_access_given AS "earlyAccessGiven",
           launch_credits_given AS "launchCreditsGiven"
      FROM model_plan WHERE model_id = $1 FOR UPDATE`,
    [modelId],
  );
  return row;
}

export async function insertComment(
  tx: Transaction,
  comment: { modelId: ModelId; userId: UserId | undefined; text: string },
): Promise<DemandCommentId> {
  const id = newId('cmt');
  const { modelId, userId = null, text } = comment;
  await tx.demandComment.create({ data: { id, modelId, userId, text } });
  return id;
}

/** Comments move to another model; the plan of the one that is given up goes with it. */
export async function moveComments(tx: Transaction, from: ModelId, to: ModelId): Promise<void> {
  await tx.demandComment.updateMany({ where: { modelId: from }, data: { modelId: to } });
}
