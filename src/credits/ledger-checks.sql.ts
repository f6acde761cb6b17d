import type { Check } from '../platform/checks.js';
import { PAID_UNIT_CHECKS } from './paid-unit-checks.sql.js';

/** What the ledger promises (README.md). */
export const LEDGER_CHECKS: readonly Check[] = [
  [
    'I1',
    'the entries of each transaction add up to zero',
    'SELECT count(*) FROM journal_transaction',
    `SELECT t.id FROM journal_transaction t LEFT JOIN journal_entry e ON e.transaction_id = t.id
      GROUP BY t.id HAVING coalesce(sum(e.amount), 1) <> 0`,
  ],
  [
    'I2',
    'each balance is the sum of its entries',
    'SELECT count(*) FROM account_balance',
    `SELECT b.account_id FROM account_balance b
       LEFT JOIN (SELECT ledger_account, sum(amount) AS total, count(*) AS count, max(version) AS last
                    FROM journal_entry WHERE version IS NOT NULL GROUP BY 1) e ON e.ledger_account = b.account_id
      WHERE b.posted <> coalesce(e.total, 0) OR b.version <> coalesce(e.last, 0) OR b.version <> coalesce(e.count, 0)`,
  ],
  [
    'I2',
    'each entry follows from the one before it',
    'SELECT count(*) FROM journal_entry WHERE version IS NOT NULL',
    `SELECT transaction_id || '.' || line FROM (
       SELECT *, coalesce(lag(balance_after) OVER w, 0) AS before, coalesce(lag(version) OVER w, 0) AS previous
         FROM journal_entry WHERE version IS NOT NULL
       WINDOW w AS (PARTITION BY ledger_account ORDER BY version)) e
      WHERE before + amount <> balance_after OR previous + 1 <> version`,
  ],
  [
    'I2',
    'every entry belongs to an account or to the system',
    'SELECT count(*) FROM journal_entry',
    `SELECT transaction_id || '.' || line FROM journal_entry e
      WHERE (e.version IS NULL) <> (e.ledger_account LIKE 'system:%') OR (e.balance_after IS NULL) <> (e.version IS NULL)`,
  ],
  [
    'I3',
    'what is held is the sum of the open holds',
    'SELECT count(*) FROM account_balance',
    `SELECT b.account_id FROM account_balance b
       LEFT JOIN (SELECT account_id, sum(amount) AS total FROM hold GROUP BY 1) h ON h.account_id = b.account_id
      WHERE b.held <> coalesce(h.total, 0)`,
  ],
  [
    'I3',
    'nothing was spent that was not there: only money that went back makes debt',
    `SELECT count(*) FROM journal_entry WHERE version IS NOT NULL`,
    `SELECT e.transaction_id FROM journal_entry e JOIN journal_transaction t ON t.id = e.transaction_id
      WHERE e.version IS NOT NULL AND e.lot_id IS NULL AND e.amount < 0 AND t.kind NOT IN ('REFUND', 'DISPUTE')
     UNION ALL SELECT account_id FROM account_balance WHERE posted + debt < held OR (posted < 0 AND debt = 0)`,
  ],
  [
    'I4',
    'what is left in lots, less debt, is the balance',
    'SELECT count(*) FROM account_balance',
    `SELECT b.account_id FROM account_balance b
       LEFT JOIN (SELECT account_id, sum(remaining) AS total FROM credit_lot GROUP BY 1) l ON l.account_id = b.account_id
      WHERE coalesce(l.total, 0) - b.debt <> b.posted`,
  ],
  [
    'I4',
    'each lot has left what its entries say',
    'SELECT count(*) FROM credit_lot',
    `SELECT l.id FROM credit_lot l
       LEFT JOIN (SELECT lot_id, sum(amount) AS total FROM journal_entry WHERE lot_id IS NOT NULL GROUP BY 1) e ON e.lot_id = l.id
      WHERE l.remaining <> coalesce(e.total, 0) OR l.remaining NOT BETWEEN 0 AND l.original`,
  ],
  [
    'I5',
    'each hold has one end, and charges at most what was held',
    'SELECT count(*) FROM run',
    `SELECT r.id FROM run r JOIN hold h ON h.id = r.id
     UNION ALL SELECT id FROM run WHERE charged > held OR charged < 0`,
  ],
  [
    'I6',
    'each charged run is one debit of that amount, and each debit one run',
    `SELECT count(*) FROM run WHERE outcome = 'CAPTURED'`,
    `SELECT coalesce(r.id, t.id) FROM (SELECT * FROM run WHERE charged > 0) r
       FULL JOIN (SELECT t.id, t.account_id, sum(e.amount) AS total FROM journal_transaction t
                    JOIN journal_entry e ON e.transaction_id = t.id AND e.ledger_account = t.account_id
                   WHERE t.kind = 'USAGE' GROUP BY t.id) t ON t.id = r.id
      WHERE r.id IS NULL OR t.id IS NULL OR -t.total <> r.charged OR t.account_id <> r.account_id OR r.outcome <> 'CAPTURED'`,
  ],
  [
    'I9',
    'each debit has one message for outside, of that amount',
    `SELECT count(*) FROM outbox_message WHERE kind = 'usage'`,
    `SELECT coalesce(r.id, o.id) FROM (SELECT * FROM run WHERE charged > 0) r
       FULL JOIN (SELECT * FROM outbox_message WHERE kind = 'usage') o ON o.id = 'usage:' || r.id
      WHERE r.id IS NULL OR o.id IS NULL OR (o.payload ->> 'nanos')::bigint <> r.charged`,
  ],
  [
    'I10',
    'each idempotency key has one effect',
    `SELECT count(*) FROM run WHERE idempotency_key IS NOT NULL`,
    `SELECT account_id || ' ' || idempotency_key FROM (
       SELECT account_id, idempotency_key FROM run WHERE outcome = 'CAPTURED' AND idempotency_key IS NOT NULL
       UNION ALL SELECT account_id, idempotency_key FROM hold WHERE idempotency_key IS NOT NULL) k
      GROUP BY account_id, idempotency_key HAVING count(*) > 1`,
  ],
  [
    'I11',
    'history cannot be changed: its triggers stand',
    `SELECT 9::bigint`,
    `SELECT name FROM unnest(ARRAY['journal_entry_is_append_only', 'journal_entry_is_not_truncated',
       'journal_transaction_is_append_only', 'journal_transaction_is_not_truncated', 'run_is_append_only',
       'run_is_not_deleted', 'run_is_not_truncated', 'journal_entry_balances', 'price_version_is_append_only']) AS name
      WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = name AND tgenabled = 'O')`,
  ],
  [
    'I15',
    'lots, entries, runs and keys stay within their account',
    'SELECT count(*) FROM journal_entry WHERE lot_id IS NOT NULL',
    `SELECT e.transaction_id FROM journal_entry e
       JOIN journal_transaction t ON t.id = e.transaction_id
       LEFT JOIN credit_lot l ON l.id = e.lot_id
      WHERE e.version IS NOT NULL AND (e.ledger_account <> t.account_id
         OR (e.lot_id IS NOT NULL AND l.account_id IS DISTINCT FROM e.ledger_account))
     UNION ALL SELECT r.id FROM run r JOIN api_key k ON k.id = r.key_id WHERE k.account_id <> r.account_id
     UNION ALL SELECT h.id FROM hold h JOIN api_key k ON k.id = h.key_id WHERE k.account_id <> h.account_id`,
  ],
  [
    'caps',
    'what the keys of a capped lineage have spent and hold is what their runs and holds say',
    'SELECT count(*) FROM key_spend',
    `SELECT s.lineage_id FROM key_spend s JOIN api_key k ON k.id = s.lineage_id
      WHERE s.held <> (SELECT coalesce(sum(h.amount), 0) FROM hold h JOIN api_key x ON x.id = h.key_id
                        WHERE x.lineage_id = s.lineage_id AND h.cap_window = s.cap_window)
         OR (k.spend_cap_nanos IS NOT NULL AND s.spent <> (
           SELECT coalesce(sum(r.charged), 0) FROM run r JOIN api_key x ON x.id = r.key_id
            WHERE x.lineage_id = s.lineage_id AND cap_window_start(k.cap_period, r.started_at) = s.cap_window))`,
  ],
  [
    'caps',
    'keys that replace each other belong to one lineage, with one account and one cap',
    'SELECT count(*) FROM api_key',
    `SELECT k.id FROM api_key k LEFT JOIN api_key first ON first.id = k.lineage_id
      WHERE first.lineage_id IS DISTINCT FROM first.id
         OR (k.account_id, k.spend_cap_nanos, k.cap_period)
              IS DISTINCT FROM (first.account_id, first.spend_cap_nanos, first.cap_period)
     UNION ALL
     SELECT k.id FROM api_key k JOIN api_key next ON next.id = k.replaced_by_id
      WHERE next.lineage_id <> k.lineage_id
     UNION ALL
     SELECT min(id) FROM api_key WHERE replaced_by_id IS NOT NULL GROUP BY replaced_by_id HAVING count(*) > 1`,
  ],
  ...PAID_UNIT_CHECKS,
];
