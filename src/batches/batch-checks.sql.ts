import type { Check } from '../platform/checks.js';

/** What batches promise (README.md). */
export const BATCH_CHECKS: readonly Check[] = [
  [
    'B1',
    'each completed line is one charge of that amount, and no other line is charged',
    `SELECT count(*) FROM batch_line WHERE state <> 'OPEN'`,
    `SELECT l.run_id FROM batch_line l LEFT JOIN run r ON r.id = l.run_id
      WHERE (l.state = 'COMPLETED' AND (r.outcome, r.charged) IS DISTINCT FROM ('CAPTURED'::"RunOutcome", l.charged_nanos))
         OR (l.state NOT IN ('OPEN', 'COMPLETED') AND coalesce(r.outcome = 'CAPTURED', true))`,
  ],
  [
    'B2',
    'what has ended holds nothing, and what has not holds what it was quoted or was charged already',
    'SELECT count(*) FROM batch_line',
    `SELECT l.run_id FROM batch_line l JOIN batch b ON b.id = l.batch_id
       LEFT JOIN hold h ON h.id = l.run_id LEFT JOIN run r ON r.id = l.run_id
      WHERE coalesce(h.account_id, b.account_id) <> b.account_id OR coalesce(r.account_id, b.account_id) <> b.account_id
         OR (l.state <> 'OPEN' AND h.id IS NOT NULL)
         OR (l.state = 'OPEN' AND h.amount IS DISTINCT FROM l.held_nanos AND r.id IS NULL)`,
  ],
  [
    'B3',
    'a batch has ended when its lines have, and not before',
    'SELECT count(*) FROM batch',
    `SELECT b.id FROM batch b
      WHERE (b.ended_at IS NULL) <> (b.status IN ('IN_PROGRESS', 'CANCELLING', 'FINALIZING'))
         OR (b.status NOT IN ('IN_PROGRESS', 'CANCELLING')
             AND EXISTS (SELECT FROM batch_line l WHERE l.batch_id = b.id AND l.state = 'OPEN'))
         OR (b.status = 'FAILED' AND EXISTS (SELECT FROM batch_line l WHERE l.batch_id = b.id))`,
  ],
];
