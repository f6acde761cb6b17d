import type { CheckedRunFilter } from './run-filter.js';

export const RUN_DIRECTIONS = { ASC: 'ASC', DESC: 'DESC' } as const;
export type RunDirection = keyof typeof RUN_DIRECTIONS;

/** By which index the runs of a list are found, what else is asked for being looked at row by row. */
export type RunDriver = 'time' | 'ends' | 'keys' | 'members' | 'cost' | 'calls';

/** The filter that most likely leaves the fewest. Calls that were answered are most: an index finds the others only. */
export function driverOf(filter: CheckedRunFilter): RunDriver {
  const { ends, keys, members, costAtLeastNanos, models, operations } = filter;
  if (ends !== undefined && !ends.includes('OK')) return 'ends';
  if (keys != null) return 'keys';
  if (members != null) return 'members';
  if (models != null) return 'calls';
  if (costAtLeastNanos != null && costAtLeastNanos > 0n) return 'cost';
  return operations == null ? 'time' : 'calls';
}

const MODEL = `coalesce(r.details ->> 'model', '')`;
const OPERATION = `coalesce(r.details ->> 'operation', '')`;
const ACTOR = `r.details ->> 'actor'`;
const FAILURE = `CASE r.outcome WHEN 'EXPIRED' THEN 'EXPIRED' ELSE coalesce(r.details ->> 'errorCode', 'VOIDED') END`;
const END = `CASE r.outcome WHEN 'CAPTURED' THEN 'OK' ELSE ${FAILURE} END`;
const COST_BUCKET_MAX = 62;

/** As the index `run_call_idx` has it. */
const CALL = `(r.account_id || ' ' || ${OPERATION} || ' ' || ${MODEL}) COLLATE "C"`;

/** All that the models were called, and all that the members call by. */
const NAMES = `
  wanted_name AS MATERIALIZED (
    SELECT name FROM unnest($7::text[]) AS w (name)
    UNION
    SELECT n.name FROM unnest($7::text[]) AS w (name)
      LEFT JOIN model_alias a ON a.slug = w.name
      JOIN model m ON m.slug = w.name OR m.id = w.name OR m.id = a.model_id
     CROSS JOIN LATERAL (
       SELECT m.slug AS name UNION ALL SELECT o.slug FROM model_alias o WHERE o.model_id = m.id) n
  ), member_key AS MATERIALIZED (
    SELECT k.id FROM api_key k WHERE k.account_id = $1 AND k.created_by = ANY ($9::text[])
  ), member_actor AS MATERIALIZED (
    SELECT 'user:' || id AS actor FROM unnest($9::text[]) AS m (id)
  )`;

const TIME = `r.ended_at >= coalesce($5::timestamptz, '-infinity') AND r.ended_at < coalesce($6::timestamptz, 'infinity')`;

/**
 * What is looked at row by row. The planner is told nothing of how many pass (`coalesce`): believing them few, it would
 * read all runs of a value and sort them, instead of the first ones in order.
 */
const FILTERS = [
  ['$7::text[]', `${MODEL} = ANY (ARRAY(SELECT name FROM wanted_name))`],
  ['$8::text[]', `r.key_id = ANY ($8::text[])`],
  [
    '$9::text[]',
    `r.key_id = ANY (ARRAY(SELECT id FROM member_key)) OR ${ACTOR} = ANY (ARRAY(SELECT actor FROM member_actor))`,
  ],
  ['$10::text[]', `${OPERATION} = ANY ($10::text[])`],
  ['$11::text[]', `${END} = ANY ($11::text[])`],
  ['$12::int8', `r.charged >= $12::int8`],
  ['$13::int8', `r.charged <= $13::int8`],
]
  .map(([value = '', passes = '']) => `AND (${value} IS NULL OR coalesce(${passes}, false))`)
  .join(' ');

/** The bound on the time alone can be looked up in an index; what follows is for runs that ended at the same moment. */
const KEYSET: Readonly<Record<RunDirection, string>> = {
  DESC: `r.ended_at <= coalesce($2::timestamptz, 'infinity')
    AND ($2::timestamptz IS NULL OR r.ended_at < $2::timestamptz OR r.id > $3::text)`,
  ASC: `r.ended_at >= coalesce($2::timestamptz, '-infinity')
    AND ($2::timestamptz IS NULL OR r.ended_at > $2::timestamptz OR r.id < $3::text)`,
};
const ORDER: Readonly<Record<RunDirection, string>> = {
  DESC: 'r.ended_at DESC, r.id',
  ASC: 'r.ended_at, r.id DESC',
};

/** The operations and models that an account has called: each pair is one look at the index. */
const CALLS = `
  called AS (
    (SELECT ${CALL} AS call, ${OPERATION} AS operation, ${MODEL} AS model FROM run r
      WHERE ${CALL} > ($1::text || ' ') AND ${CALL} < ($1::text || '!') ORDER BY ${CALL} LIMIT 1)
    UNION ALL
    SELECT n.* FROM called c CROSS JOIN LATERAL (
      SELECT ${CALL} AS call, ${OPERATION} AS operation, ${MODEL} AS model FROM run r
       WHERE ${CALL} > c.call AND ${CALL} < ($1::text || '!') ORDER BY ${CALL} LIMIT 1) n
  ), wanted_call AS MATERIALIZED (
    SELECT c.call FROM called c
     WHERE ($7::text[] IS NULL OR c.model IN (SELECT name FROM wanted_name))
       AND ($10::text[] IS NULL OR c.operation = ANY ($10::text[]))
  )`;

/** Each value of what drives the list, and how its runs are found. */
const PARTS: Readonly<Record<RunDriver, readonly { of: string; found: string }[]>> = {
  time: [{ of: '(VALUES (1))', found: 'r.account_id = $1' }],
  ends: [
    {
      of: '(SELECT DISTINCT unnest($11::text[]))',
      found: `r.outcome <> 'CAPTURED' AND r.account_id || ' ' || ${FAILURE} = $1::text || ' ' || d.value`,
    },
  ],
  keys: [
    {
      of: '(SELECT k.id FROM api_key k WHERE k.account_id = $1 AND k.id = ANY ($8::text[]))',
      found: 'r.key_id = d.value',
    },
  ],
  members: [
    { of: '(SELECT id FROM member_key)', found: 'r.key_id = d.value' },
    {
      of: '(SELECT DISTINCT actor FROM member_actor)',
      found: `r.key_id IS NULL AND r.account_id || ' ' || (${ACTOR}) = $1::text || ' ' || d.value`,
    },
  ],
  cost: [
    {
      of: `(SELECT generate_series(run_cost_bucket($12::int8), coalesce(run_cost_bucket($13::int8), ${String(COST_BUCKET_MAX)})))`,
      found: `r.charged > 0 AND r.account_id || ' ' || run_cost_bucket(r.charged)::text = $1::text || ' ' || d.value`,
    },
  ],
  calls: [{ of: '(SELECT call FROM wanted_call)', found: `${CALL} = d.value` }],
};

/**
 * A page of an account's runs. For each value of what drives the list, the first rows are read in order by its index, so
 * that no more than values × rows are sorted, however many runs there are.
 * $1 account, $2 and $3 place to start after (time and id), $4 number of rows, $5 and $6 range of time, $7 models,
 * $8 keys, $9 members, $10 operations, $11 ends, $12 and $13 cost.
 */
export function runsSql(driver: RunDriver, direction: RunDirection, columns: string): string {
  const parts = PARTS[driver].map(
    ({ of, found }) => `SELECT r.* FROM ${of} AS d (value)
      CROSS JOIN LATERAL (
        SELECT r.* FROM run r WHERE ${found} AND ${TIME} ${FILTERS} AND ${KEYSET[direction]}
         ORDER BY ${ORDER[direction]} LIMIT $4) r`,
  );
  return `WITH RECURSIVE ${NAMES}${driver === 'calls' ? `, ${CALLS}` : ''}
    SELECT ${columns} FROM (${parts.join(' UNION ALL ')}) r ORDER BY ${ORDER[direction]} LIMIT $4`;
}
