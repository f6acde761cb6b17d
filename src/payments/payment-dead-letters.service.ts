import type { Queryable, Transaction } from '../platform/database.js';
import type { TimePlace } from '../platform/time-cursor.js';
import * as store from './payment-dead-letters.store.js';

const TABLES = {
  STRIPE_EVENT: {
    table: 'stripe_event',
    subject: 'd.type',
    error: 'd.error',
    accountId: 'NULL::text',
    condition: 'd.handled_at IS NULL',
    revive: 'error = d.error',
  },
  USAGE_REPORT: {
    table: 'usage_report',
    subject: `to_char(d.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"')`,
    error: 'd.dead_reason',
    accountId: 'd.account_id',
    condition: 'd.sent_at IS NULL',
    revive: 'dead_reason = NULL',
  },
  OUTBOX_MESSAGE: {
    table: 'outbox_message',
    subject: 'd.kind',
    error: 'd.dead_reason',
    accountId: 'd.account_id',
    condition: 'd.sent_at IS NULL',
    revive: 'dead_reason = NULL',
  },
} as const satisfies Record<string, store.DeadLetterTable>;

/** What payments have given up, by kind: events of Stripe, usage reports, messages that wait for one. */
export function paymentDeadLetters(db: Queryable) {
  return {
    STRIPE_EVENT: boxOf(db, TABLES.STRIPE_EVENT),
    USAGE_REPORT: boxOf(db, TABLES.USAGE_REPORT),
    OUTBOX_MESSAGE: boxOf(db, TABLES.OUTBOX_MESSAGE),
  };
}

function boxOf(db: Queryable, table: store.DeadLetterTable) {
  return {
    list: (page: { readonly first: number; readonly after: TimePlace | undefined }) =>
      store.listDead(db, table, page),
    find: (id: string) => store.findDead(db, table, id),
    replay: (tx: Transaction, id: string | undefined) => store.reviveDead(tx, table, id),
    dismiss: (tx: Transaction, id: string) => store.dismissDead(tx, table, id),
  };
}
