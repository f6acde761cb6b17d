import type { Queryable } from '../platform/database.js';
import { deadLetterBox, type DeadLetters } from '../platform/dead-letters.js';

const DEAD_DELIVERIES = {
  table: 'notification_delivery',
  from: 'JOIN notification n ON n.id = d.notification_id',
  subject: `n.type || ' to ' || coalesce(d.endpoint_id, 'an address')`,
  error: 'd.error',
  accountId: 'n.account_id',
  deadAt: 'ended_at',
  dead: `d.state = 'DEAD'`,
  requeued: `state = 'WAITING', attempts = 0, ended_at = NULL, next_attempt_at = db_now()`,
} as const satisfies DeadLetters;

/** Mails and webhooks that were given up, for operators. */
export function deadDeliveries(db: Queryable) {
  return deadLetterBox(db, DEAD_DELIVERIES);
}
