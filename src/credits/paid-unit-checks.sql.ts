import type { Check } from '../platform/checks.js';

/** Sums over the lines of a run's cost. */
const sumOf = (run: string, what: string) =>
  `(SELECT coalesce(sum(${what}), 0) FROM jsonb_array_elements(${run}.details -> 'units') AS u)`;
const REQUESTED = `(u ->> 'requested')::bigint`;
const CHARGED = `(u ->> 'ran')::bigint`;

/**
 * No computation is free (README.md). A run says of its free units which run paid for them (`paidBy`); runs from before
 * that was written down say nothing, and are left out.
 */
export const PAID_UNIT_CHECKS: readonly Check[] = [
  [
    'U1',
    'what was answered is what was charged and what the account had paid for before',
    `SELECT count(*) FROM run WHERE outcome = 'CAPTURED' AND details ? 'paidBy'`,
    `SELECT r.id FROM run r
      WHERE r.outcome = 'CAPTURED' AND r.details ? 'paidBy'
        AND (r.charged <> ${sumOf('r', `${CHARGED} * (u ->> 'nanosPerUnit')::bigint`)}
          OR ${sumOf('r', `${REQUESTED} - ${CHARGED}`)}
             <> (SELECT coalesce(sum(p.units::bigint), 0) FROM jsonb_each_text(r.details -> 'paidBy') AS p(payer, units)))
     UNION ALL SELECT r.id FROM run r CROSS JOIN LATERAL jsonb_each_text(r.details -> 'paidBy') AS p(payer, units)
       LEFT JOIN run x ON x.id = p.payer
      WHERE r.outcome = 'CAPTURED'
        AND (x.account_id IS DISTINCT FROM r.account_id OR x.outcome <> 'CAPTURED' OR x.ended_at > r.ended_at
          OR p.units::bigint NOT BETWEEN 1 AND ${sumOf('x', REQUESTED)})`,
  ],
  [
    'U2',
    'what is free for an account was charged to that account',
    'SELECT (SELECT count(*) FROM paid_unit) + (SELECT count(*) FROM label_set_embedding)',
    `SELECT p.run_id FROM (SELECT account_id, run_id, count(*) AS units FROM paid_unit GROUP BY 1, 2) p
       LEFT JOIN run r ON r.id = p.run_id
      WHERE r.account_id IS DISTINCT FROM p.account_id OR r.outcome <> 'CAPTURED' OR p.units > ${sumOf('r', CHARGED)}
     UNION ALL SELECT e.label_set_id FROM label_set_embedding e JOIN label_set s ON s.id = e.label_set_id
       LEFT JOIN run r ON r.id = e.paid_by
      WHERE r.account_id IS DISTINCT FROM s.account_id OR r.outcome <> 'CAPTURED'`,
  ],
];
