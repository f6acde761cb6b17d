import type { Check } from '../platform/checks.js';

/** Money of each purchase: what came in, and of it what went back or is on its way back. */
const MONEY = `SELECT p.*, p.credit_nanos + p.bonus_nanos AS total,
    coalesce(nullif(m.charged, 0), p.amount_minor)::numeric AS charged,
    coalesce(m.gone, 0) + coalesce(r.pending, 0) AS gone
  FROM purchase p
  LEFT JOIN (SELECT purchase_id, sum(amount_minor) FILTER (WHERE kind = 'CHARGE') AS charged,
                    -sum(amount_minor) FILTER (WHERE kind <> 'CHARGE') AS gone
               FROM payment_movement GROUP BY 1) m ON m.purchase_id = p.id
  LEFT JOIN (SELECT purchase_id, sum(amount_minor) AS pending FROM refund_request
              WHERE state = 'PENDING' GROUP BY 1) r ON r.purchase_id = p.id`;

/** What payments promise (README.md). */
export const PAYMENT_CHECKS: readonly Check[] = [
  [
    'I7',
    'each paid purchase is one credit of what it sold, and each credit one paid purchase',
    `SELECT count(*) FROM purchase WHERE state = 'PAID'`,
    `SELECT coalesce(p.id, t.id) FROM (SELECT * FROM purchase WHERE state = 'PAID') p
       FULL JOIN (SELECT t.id, t.account_id, sum(e.amount) AS total FROM journal_transaction t
                    JOIN journal_entry e ON e.transaction_id = t.id AND e.ledger_account = t.account_id
                   WHERE t.kind = 'PURCHASE' GROUP BY t.id) t ON t.id = p.id
      WHERE p.id IS NULL OR t.id IS NULL OR t.account_id <> p.account_id
         OR t.total <> p.credit_nanos + p.bonus_nanos`,
  ],
  [
    'I7',
    'what was taken back of each purchase is what the ledger says',
    'SELECT count(*) FROM purchase WHERE reversals > 0',
    `SELECT p.id FROM purchase p
       LEFT JOIN (SELECT t.reverses, sum(e.amount) AS total, count(DISTINCT t.id) AS count
                    FROM journal_transaction t
                    JOIN journal_entry e ON e.transaction_id = t.id AND e.ledger_account = t.account_id
                   WHERE t.kind IN ('REFUND', 'DISPUTE') GROUP BY 1) t ON t.reverses = p.id
      WHERE p.clawed_back_nanos <> -coalesce(t.total, 0) OR p.reversals <> coalesce(t.count, 0)`,
  ],
  [
    'I7',
    'what was taken back is the share of the money that went back, and no more than was given',
    `SELECT count(*) FROM purchase WHERE state = 'PAID'`,
    `SELECT id FROM (${MONEY}) p
      WHERE clawed_back_nanos <> CASE WHEN state <> 'PAID' OR gone <= 0 THEN 0 WHEN gone >= charged THEN total
                                 ELSE div(total * gone * 2 + charged, charged * 2) END`,
  ],
  [
    'I8',
    'money is in the currency that was asked for, and each refund and dispute gives back no more than it took',
    'SELECT count(*) FROM payment_movement',
    `SELECT m.id FROM payment_movement m JOIN purchase p ON p.id = m.purchase_id
      WHERE m.currency <> p.currency AND p.state = 'PAID'
     UNION ALL SELECT source FROM payment_movement WHERE kind <> 'CHARGE' GROUP BY source HAVING sum(amount_minor) > 0`,
  ],
  [
    'I9',
    'each usage report is the sum of its messages, and each message that was told is in one',
    'SELECT count(*) FROM usage_report',
    `SELECT r.id FROM usage_report r
       LEFT JOIN (SELECT report_id, sum((payload ->> 'nanos')::bigint) AS total FROM outbox_message
                   WHERE report_id IS NOT NULL GROUP BY 1) m ON m.report_id = r.id
      WHERE r.nanos IS DISTINCT FROM m.total
     UNION ALL SELECT id FROM outbox_message
      WHERE (sent_at IS NULL) <> (report_id IS NULL)
         OR (report_id IS NOT NULL AND NOT EXISTS (SELECT FROM usage_report r WHERE r.id = report_id))`,
  ],
  [
    'I10',
    'each code was used within its limit, and each use is one grant of its credit',
    'SELECT count(*) FROM promo_redemption',
    `SELECT c.code FROM promo_code c
      WHERE c.redemptions_max < (SELECT count(*) FROM promo_redemption r WHERE r.code = c.code)
     UNION ALL
     SELECT coalesce(r.id, t.id) FROM (SELECT format('promo:%s:%s', r.code, r.account_id) AS id, c.nanos
              FROM promo_redemption r JOIN promo_code c ON c.code = r.code) r
       FULL JOIN (SELECT t.id, e.amount FROM journal_transaction t
                    JOIN journal_entry e ON e.transaction_id = t.id AND e.line = 1
                   WHERE t.id LIKE 'promo:%') t ON t.id = r.id
      WHERE r.id IS NULL OR t.id IS NULL OR t.amount <> r.nanos`,
  ],
  [
    'I10',
    'each person uses a code once, with whatever account: its index stands',
    'SELECT count(*) FROM promo_redemption',
    `SELECT 'promo_redemption_code_mailbox_key' WHERE NOT EXISTS (
       SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relname = 'promo_redemption_code_mailbox_key' AND i.indisunique AND i.indisvalid)`,
  ],
  [
    'I11',
    'what Stripe’s balance said, and what was sold, cannot be changed: its triggers stand',
    'SELECT 3::bigint',
    `SELECT name FROM unnest(ARRAY['payment_movement_is_append_only', 'payment_movement_is_not_truncated',
       'purchase_terms_stay']) AS name
      WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = name AND tgenabled = 'O')`,
  ],
  [
    'F58',
    'a closed account has nothing that can be paid, and money that came after its end went back',
    `SELECT count(*) FROM account WHERE status = 'CLOSED'`,
    `SELECT p.id FROM purchase p JOIN account a ON a.id = p.account_id
      WHERE a.status = 'CLOSED' AND (p.state IN ('PENDING', 'WAITING') OR (
        p.state = 'PAID' AND p.ended_at >= a.closed_at AND p.ended_at < db_now() - interval '1 hour'
          AND EXISTS (SELECT FROM credit_lot l WHERE l.id = p.id AND l.remaining > 0)))`,
  ],
  [
    'F17',
    'no account has two automatic top-ups under way, by its card or on the page of one that was declined',
    'SELECT count(*) FROM top_up_policy',
    `SELECT account_id FROM purchase WHERE (kind = 'TOP_UP' OR for_top_up) AND state IN ('PENDING', 'WAITING')
      GROUP BY account_id HAVING count(*) > 1`,
  ],
];
