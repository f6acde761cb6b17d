import { PRESENT_SLUGS } from './model-names.sql.js';
import type { UsageDimension, UsageQuestion } from './usage-question.js';

/** Columns of `usage_group` and of `usage_event`. */
export const COLUMN_OF: Readonly<Record<UsageDimension, string>> = {
  MODEL: 'model',
  KEY: 'key_id',
  OPERATION: 'operation',
  MEMBER: 'member_id',
  STATUS: 'status',
};
export const DIMENSIONS = Object.keys(COLUMN_OF) as UsageDimension[];

/** In both, and in this order. */
const SUMS = [
  'charged',
  'images_requested',
  'images_ran',
  'label_texts_requested',
  'label_texts_ran',
  'embeddings_requested',
  'embeddings_ran',
];

/** $1 the owner, $2 the bounds, $3 and $4 their first and last, $5 … $9 what each dimension may be, or null. */
const FIRST_FILTER = 5;
const filterOf = (dimension: UsageDimension) =>
  `$${String(FIRST_FILTER + DIMENSIONS.indexOf(dimension))}::text[]`;
const filters = (table: string) =>
  DIMENSIONS.map((dimension) => {
    const values = filterOf(dimension);
    const wanted = dimension === 'MODEL' ? 'ARRAY(SELECT name FROM wanted_name)' : values;
    return `(${values} IS NULL OR ${table}.${COLUMN_OF[dimension]} = ANY (${wanted}))`;
  }).join(' AND ');

/** All that the models were called whose calls count: a filter names a model by any of its names. */
const MODELS = `${PRESENT_SLUGS}, wanted AS MATERIALIZED (
    SELECT coalesce(p.slug, w.name) AS slug
      FROM unnest(${filterOf('MODEL')}) AS w (name) LEFT JOIN present_slug p USING (name)
  ), wanted_name AS MATERIALIZED (
    SELECT slug AS name FROM wanted
    UNION
    SELECT p.name FROM present_slug p JOIN wanted w USING (slug)
  )`;

/**
 * Which of the time is rolled up: days, and hours outside of them, that lie within one bucket, as islands; and
 * the gaps between, where runs are read. One snapshot for all: what is rolled up or taken away meanwhile changes
 * nothing.
 */
const TIME = `
  usable AS MATERIALIZED (
    SELECT * FROM (
      SELECT r.span, r.start,
             r.start + CASE r.span WHEN 'DAY' THEN interval '24 hours' ELSE interval '1 hour' END AS until
        FROM usage_rolled r WHERE r.start >= $3::timestamptz AND r.start < $4::timestamptz) m
     WHERE until <= $4::timestamptz
       AND width_bucket(start, $2::timestamptz[]) = width_bucket(until - interval '1 microsecond', $2::timestamptz[])
       AND NOT EXISTS (SELECT FROM usage_dirty d WHERE d.hour >= m.start AND d.hour < m.until)
  ), spans AS MATERIALIZED (
    SELECT * FROM usable WHERE span = 'DAY'
    UNION ALL
    SELECT * FROM usable h WHERE h.span = 'HOUR'
       AND date_trunc('day', h.start, 'UTC') NOT IN (SELECT d.start FROM usable d WHERE d.span = 'DAY')
  ), islands AS MATERIALIZED (
    SELECT span, min(start) AS lo, max(until) AS hi
      FROM (SELECT *, start - row_number() OVER (PARTITION BY span ORDER BY start) * (until - start) AS island
              FROM spans) x
     GROUP BY span, island
  ), gaps AS MATERIALIZED (
    SELECT lo, hi FROM (
      SELECT coalesce(lag(until) OVER (ORDER BY start), $3::timestamptz) AS lo, start AS hi FROM spans
      UNION ALL
      SELECT coalesce((SELECT max(until) FROM spans), $3::timestamptz), $4::timestamptz) x
     WHERE lo < hi
  )`;

/** A statement for each shape of question: what is asked for is in its values. */
export function usageSql({
  owner,
  groupBy,
  withLatency,
}: Pick<UsageQuestion, 'owner' | 'groupBy' | 'withLatency'>): string {
  const columns = groupBy.map((dimension) => COLUMN_OF[dimension]);
  const groupedBy = ['bucket', ...columns].map((_column, at) => String(at + 1)).join(', ');
  const of = (table: string) => columns.map((column) => `${table}.${column}`);
  const names = [
    ...(groupBy.includes('KEY')
      ? [`(SELECT k.name FROM api_key k WHERE k.id = s.key_id AND k.account_id = $1) AS key_name`]
      : []),
    ...(groupBy.includes('MEMBER')
      ? [`(SELECT p.name FROM app_user p WHERE p.id = s.member_id) AS member_name`]
      : []),
  ];
  // All accounts together are no account: $1 finds their roll-ups, and every run counts.
  const ofOwner = owner === 'all' ? '$1::text IS NOT NULL' : 'e.account_id = $1';
  const summed = (table: string) => SUMS.map((column) => `sum(${table}.${column}) AS ${column}`);
  // The slug that a call was made by becomes the present one last, where few rows are left.
  const present = columns.map((column) =>
    column === 'model' ? 'coalesce(n.slug, p.model) AS model' : `p.${column}`,
  );
  return `WITH ${MODELS}, ${TIME}, rolled AS (
    SELECT ${[
      'width_bucket(u.start, $2::timestamptz[]) AS bucket',
      'u.group_id',
      'sum(u.calls) AS calls',
      ...summed('u'),
      `${withLatency ? `string_agg(u.latency, '')` : `''::bytea`} AS latency`,
    ].join(', ')}
      FROM islands i
      JOIN usage_rollup u ON u.account_id = $1 AND u.span = i.span AND u.start >= i.lo AND u.start < i.hi
     GROUP BY 1, 2
  ), read AS (
    SELECT ${[
      'width_bucket(e.ended_at, $2::timestamptz[]) AS bucket',
      ...of('e'),
      'count(*) AS calls',
      `count(*) FILTER (WHERE e.status <> 'OK') AS errors`,
      ...summed('e'),
      withLatency
        ? `coalesce(string_agg(int2send(e.latency_bucket::int2) || int4send(1), ''), '') AS latency`
        : `''::bytea AS latency`,
    ].join(', ')}
      FROM gaps g
      -- Gap by gap, by the index: as a plain join, the planner reads every run for an account that has many.
     CROSS JOIN LATERAL (
       SELECT * FROM usage_event e WHERE e.ended_at >= g.lo AND e.ended_at < g.hi AND ${ofOwner} AND ${filters('e')}
       OFFSET 0) e
     GROUP BY ${groupedBy}
  ), parts AS (
    SELECT ${[
      'r.bucket',
      ...of('g'),
      'r.calls',
      `CASE WHEN g.status <> 'OK' THEN r.calls ELSE 0 END AS errors`,
      ...SUMS.map((column) => `r.${column}`),
      'r.latency',
    ].join(', ')}
      FROM rolled r JOIN usage_group g ON g.id = r.group_id AND g.account_id = $1 AND ${filters('g')}
    UNION ALL
    SELECT * FROM read
  ), summed AS (
    SELECT ${['p.bucket', ...present].join(', ')}, sum(calls) AS calls, sum(errors) AS errors,
           ${summed('p').join(', ')}, string_agg(latency, '') AS latency
      FROM parts p ${groupBy.includes('MODEL') ? 'LEFT JOIN present_slug n ON n.name = p.model' : ''}
     GROUP BY ${groupedBy}
  )
  SELECT ${['s.*', ...names].join(', ')} FROM summed s`;
}
