import type { Queryable } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import { type Demand, WEEKS } from './demand.js';

/** What models are on the way, `m` and its plan `p`. */
export const STAGE_SQL = `CASE WHEN m.status IN ('LIVE', 'DEGRADED', 'DEPRECATED') THEN 'LIVE'
  ELSE coalesce(p.stage::text, 'REQUESTED') END`;

/** Looked up in the index of requests by model and time. */
const WEEKLY_SQL = `ARRAY(
  SELECT (SELECT count(*)::int FROM model_request r
           WHERE r.model_id = m.id AND r.withdrawn_at IS NULL
             AND r.created_at > db_now() - make_interval(days => 7 * (weeks_ago + 1))
             AND r.created_at <= db_now() - make_interval(days => 7 * weeks_ago))
    FROM generate_series(${String(WEEKS - 1)}, 0, -1) AS weeks_ago)`;

/** One statement, reads only. @returns by model; ids that nobody has are missing */
export async function listDemand(
  db: Queryable,
  ids: readonly ModelId[],
): Promise<Map<ModelId, Demand>> {
  const rows = await db.query<Demand>(
    `SELECT m.id AS "modelId", m.request_count AS requests, ${WEEKLY_SQL} AS weekly,
            CASE WHEN m.status = 'COMING_SOON' AND m.request_count > 0 THEN
              (SELECT 1 + count(*)::int FROM model o
                WHERE o.status = 'COMING_SOON' AND o.request_count > m.request_count) END AS rank,
            ${STAGE_SQL} AS stage, p.expected_on AS "expectedOn"
       FROM model m LEFT JOIN model_plan p ON p.model_id = m.id
      WHERE m.id = ANY($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.modelId, row]));
}
