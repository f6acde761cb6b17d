import type { Queryable } from '../platform/database.js';
import type { DeadLetters } from '../platform/dead-letters.js';
import type { LeasedWork } from '../platform/leased-work.js';
import type { DeadEvent, StripeEvent } from './stripe-event.js';

/** Once for each endpoint and event. @returns false when it was there */
export async function insertEvent(db: Queryable, event: StripeEvent): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO stripe_event (endpoint, id, type, object_id, payload) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING RETURNING id`,
    [event.endpoint, event.id, event.type, event.objectId, JSON.stringify(event.payload)],
  );
  return rows.length === 1;
}

/** The inbox, as work. An event is done in the transaction of what it caused. */
export const STRIPE_EVENTS = {
  table: 'stripe_event',
  key: ['endpoint', 'id'],
  dueAt: 'not_before',
  counter: 'attempts',
  open: 'w.handled_at IS NULL AND w.dead_at IS NULL',
  columns: 'w.endpoint, w.id, w.type, w.object_id AS "objectId", w.payload, w.attempts',
  finished: 'handled_at = db_now(), error = NULL, dead_at = NULL',
  failed: 'error = :error',
  dead: 'error = :error, dead_at = db_now()',
} as const satisfies LeasedWork;

export const DEAD_STRIPE_EVENTS = {
  table: 'stripe_event',
  subject: 'd.type',
  error: 'd.error',
  accountId: 'NULL::text',
  deadAt: 'dead_at',
  dead: 'd.dead_at IS NOT NULL AND d.handled_at IS NULL',
  requeued: 'dead_at = NULL, attempts = 0, not_before = db_now()',
} as const satisfies DeadLetters;

/** Those that were given up, oldest first. */
export async function listDead(db: Queryable, atMost: number): Promise<DeadEvent[]> {
  return db.query<DeadEvent>(
    `SELECT endpoint, id, type, object_id AS "objectId", error, attempts, dead_at AS "deadAt"
       FROM stripe_event WHERE dead_at IS NOT NULL AND handled_at IS NULL AND dismissed_at IS NULL ORDER BY received_at LIMIT $1`,
    [atMost],
  );
}

/** Makes events due again, whatever became of them. @returns how many */
export async function revive(db: Queryable, ids: readonly string[]): Promise<number> {
  const rows = await db.query(
    `UPDATE stripe_event SET dead_at = NULL, dismissed_at = NULL, handled_at = NULL, attempts = 0, not_before = db_now() WHERE id = ANY ($1) RETURNING id`,
    [ids],
  );
  return rows.length;
}
