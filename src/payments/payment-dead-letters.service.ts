import type { Queryable } from '../platform/database.js';
import { deadLetterBox, type DeadLetters } from '../platform/dead-letters.js';
import { DEAD_STRIPE_EVENTS } from './stripe-events.store.js';
import { DEAD_USAGE_REPORTS } from './usage-reports.store.js';

const DEAD_OUTBOX_MESSAGES = {
  table: 'outbox_message',
  subject: 'd.kind',
  error: 'd.dead_reason',
  accountId: 'd.account_id',
  deadAt: 'dead_at',
  dead: 'd.dead_at IS NOT NULL AND d.sent_at IS NULL',
  requeued: 'dead_at = NULL, attempts = 0, not_before = db_now(), dead_reason = NULL',
} as const satisfies DeadLetters;

/** What payments have given up, by kind: events of Stripe, usage reports, messages that wait for one. */
export function paymentDeadLetters(db: Queryable) {
  return {
    STRIPE_EVENT: deadLetterBox(db, DEAD_STRIPE_EVENTS),
    USAGE_REPORT: deadLetterBox(db, DEAD_USAGE_REPORTS),
    OUTBOX_MESSAGE: deadLetterBox(db, DEAD_OUTBOX_MESSAGES),
  };
}
