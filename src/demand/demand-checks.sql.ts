import type { Check } from '../platform/checks.js';

/** What the demand promises (README.md). */
export const DEMAND_CHECKS: readonly Check[] = [
  [
    'D1',
    'the count of a model is the number of requests that stand',
    'SELECT count(*) FROM model',
    `SELECT m.id FROM model m WHERE m.request_count <> (
       SELECT count(*) FROM model_request r WHERE r.model_id = m.id AND r.withdrawn_at IS NULL)`,
  ],
  [
    'D2',
    'credit of a launch was given to those who are down for it, once, and to nobody else',
    'SELECT count(*) FROM model_request WHERE launch_credit_nanos IS NOT NULL',
    `SELECT coalesce(r.id, t.id) FROM (SELECT * FROM model_request WHERE launch_credit_nanos IS NOT NULL) r
       FULL JOIN (SELECT t.id, t.account_id, -sum(e.amount) AS nanos
                    FROM journal_transaction t JOIN journal_entry e ON e.transaction_id = t.id
                   WHERE t.id LIKE 'launch:%' AND e.ledger_account LIKE 'system:%'
                   GROUP BY 1, 2) t ON t.id = 'launch:' || r.id
      WHERE (r.account_id, r.launch_credit_nanos) IS DISTINCT FROM (t.account_id, t.nanos)`,
  ],
  [
    'D3',
    'one person asks once for a model, and gets what is given to the first ones once: its index stands',
    'SELECT count(*) FROM model_request',
    `SELECT 'model_request_mailbox_model_id_key' WHERE NOT EXISTS (
       SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relname = 'model_request_mailbox_model_id_key' AND i.indisunique AND i.indisvalid)`,
  ],
];
