import type { Queryable } from '../platform/database.js';
import { PRESENT_SLUGS } from './model-names.sql.js';
import type { Percentiles, RecentPerformance } from './model-performance.js';

interface Row {
  readonly model: string;
  readonly latencyMs: readonly number[] | null;
  readonly inputsPerS: readonly number[] | null;
  readonly last5Min: number | null;
  readonly last30Min: number | null;
}

const percentiles = (value: string) =>
  `percentile_cont(ARRAY[0.5, 0.75, 0.9, 0.99]) WITHIN GROUP (ORDER BY ${value})
     FILTER (WHERE answered AND at_once AND age < interval '30 minutes')`;

const successShare = (time: string) =>
  `count(*) FILTER (WHERE answered AND age < interval '${time}')::float8
     / nullif(count(*) FILTER (WHERE (answered OR failed) AND age < interval '${time}'), 0)`;

/** The clock is read once, so that it can be looked up in the index. */
const PERFORMANCE = `
  WITH clock AS MATERIALIZED (SELECT ledger_now() AS now), ${PRESENT_SLUGS}
  SELECT coalesce(n.slug, lately.model) AS model,
         ${percentiles('latency_ms')} AS "latencyMs",
         ${percentiles('1000 * inputs / nullif(latency_ms, 0)')} AS "inputsPerS",
         ${successShare('5 minutes')} AS "last5Min",
         ${successShare('30 minutes')} AS "last30Min"
    FROM (SELECT r.details ->> 'model' AS model,
                 r.details ->> 'tier' IS DISTINCT FROM 'batch' AS at_once,
                 clock.now - r.ended_at AS age,
                 1000 * extract(epoch FROM r.ended_at - r.started_at)::float8 AS latency_ms,
                 (SELECT sum((u ->> 'requested')::int) FROM jsonb_array_elements(r.details -> 'units') u) AS inputs,
                 r.outcome = 'CAPTURED' AS answered,
                 r.outcome = 'EXPIRED' OR coalesce(r.details ->> 'errorCode' = ANY ($1), false) AS failed
            FROM clock JOIN run r ON r.ended_at > clock.now - interval '30 minutes' AND r.details ? 'model') lately
    LEFT JOIN present_slug n ON n.name = lately.model
   GROUP BY 1`;

/**
 * How every model that ran in the last half an hour has done, by its present slug. One statement, no lock. Reads their runs:
 * `run_ended_at_idx` finds them, as runs lie in the order in which they ended.
 * @param ownFailures codes of the errors that are ours
 */
export async function listRecentPerformance(
  db: Queryable,
  ownFailures: readonly string[],
): Promise<Map<string, RecentPerformance>> {
  const rows = await db.query<Row>(PERFORMANCE, [ownFailures]);
  return new Map(
    rows.map(({ model, latencyMs, inputsPerS, ...shares }) => [
      model,
      {
        latencyMs: toPercentiles(latencyMs),
        inputsPerS: toPercentiles(inputsPerS),
        successShare: shares,
      },
    ]),
  );
}

/** By the clock that runs end by. */
export async function databaseNow(db: Queryable): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('SELECT ledger_now() AS now', []);
  if (row === undefined) throw new Error('The database has no clock.');
  return row.now;
}

function toPercentiles(values: readonly number[] | null): Percentiles | null {
  if (values === null) return null;
  const [p50 = 0, p75 = 0, p90 = 0, p99 = 0] = values;
  return { p50, p75, p90, p99 };
}
