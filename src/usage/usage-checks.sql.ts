import type { Check } from '../platform/checks.js';

const COUNTS = `calls, charged, images_requested, images_ran, label_texts_requested, label_texts_ran,
  embeddings_requested, embeddings_ran, latency`;
const GROUP = 'account_id, model, operation, key_id, member_id, status';

const CLEAN_HOUR = `EXISTS (SELECT FROM usage_rolled r WHERE r.span = 'HOUR' AND r.start = x.start)
  AND NOT EXISTS (SELECT FROM usage_dirty d WHERE d.hour = x.start)`;
const CLEAN_DAY = `EXISTS (SELECT FROM usage_rolled r WHERE r.span = 'DAY' AND r.start = x.start)
  AND NOT EXISTS (SELECT FROM usage_dirty d WHERE d.hour >= x.start AND d.hour < x.start + interval '24 hours')`;

/** Rows that are in one of two tables only. */
const differences = (columns: string, one: string, other: string) =>
  `((SELECT ${columns} FROM ${one}) EXCEPT ALL (SELECT ${columns} FROM ${other}))
   UNION ALL ((SELECT ${columns} FROM ${other}) EXCEPT ALL (SELECT ${columns} FROM ${one}))`;

/** What roll-ups promise (README.md). What is marked as wrong, or not rolled up yet, is no matter: it is not read. */
export const USAGE_CHECKS: readonly Check[] = [
  [
    'I12',
    'what is rolled up by the hour is what runs say',
    `SELECT count(*) FROM usage_rollup WHERE span = 'HOUR'`,
    `WITH kept AS MATERIALIZED (
       SELECT * FROM (SELECT u.start, ${GROUP}, ${COUNTS} FROM usage_rollup u JOIN usage_group g USING (account_id)
                       WHERE g.id = u.group_id AND u.span = 'HOUR') x WHERE ${CLEAN_HOUR}
     ), made AS MATERIALIZED (
       SELECT * FROM usage_hours_of('-infinity', 'infinity') x WHERE ${CLEAN_HOUR}
     )
     SELECT account_id || ' ' || start FROM (${differences(`start, ${GROUP}, ${COUNTS}`, 'kept', 'made')}) AS x`,
  ],
  [
    'I12',
    'what is rolled up by the day is what its hours say',
    `SELECT count(*) FROM usage_rollup WHERE span = 'DAY'`,
    `WITH kept AS MATERIALIZED (
       SELECT x.* FROM usage_rollup x WHERE x.span = 'DAY' AND ${CLEAN_DAY}
     ), made AS MATERIALIZED (
       SELECT * FROM usage_days_of('-infinity', 'infinity') x WHERE ${CLEAN_DAY}
     )
     SELECT g.account_id || ' ' || x.start FROM (${differences(`account_id, group_id, start, ${COUNTS}`, 'kept', 'made')}) AS x
       JOIN usage_group g ON g.id = x.group_id`,
  ],
];
