import type { Queryable } from '../platform/database.js';
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

/**
 * Takes events that are due. Skips those that another server has in hand, and puts each off, so that it
 * comes again if this process dies.
 */
export async function claimEvents(
  db: Queryable,
  atMost: number,
  leaseS: number,
): Promise<StripeEvent[]> {
  return db.query<StripeEvent>(
    `UPDATE stripe_event e SET attempts = e.attempts + 1, not_before = db_now() + make_interval(secs => $2)
       FROM (SELECT endpoint, id FROM stripe_event
              WHERE handled_at IS NULL AND dead_at IS NULL AND not_before <= db_now()
              ORDER BY not_before LIMIT $1 FOR UPDATE SKIP LOCKED) due
      WHERE e.endpoint = due.endpoint AND e.id = due.id
     RETURNING e.endpoint, e.id, e.type, e.object_id AS "objectId", e.payload, e.attempts`,
    [atMost, leaseS],
  );
}

/** In the transaction of what it caused. */
export async function markHandled(
  tx: Queryable,
  { endpoint, id }: Pick<StripeEvent, 'endpoint' | 'id'>,
): Promise<void> {
  await tx.execute(
    `
    UPDATE stripe_event SET handled_at = db_now(), error = NULL, dead_at = NULL
     WHERE endpoint = $1 AND id = $2`,
    [endpoint, id],
  );
}

/** @param retryS seconds until the next try; undefined: given up */
export async function markFailed(
  db: Queryable,
  { endpoint, id }: Pick<StripeEvent, 'endpoint' | 'id'>,
  error: string,
  retryS: number | undefined,
): Promise<void> {
  await db.query(
    `UPDATE stripe_event SET error = $3, not_before = db_now() + make_interval(secs => coalesce($4, 0)),
            dead_at = CASE WHEN $4::float8 IS NULL THEN db_now() END
      WHERE endpoint = $1 AND id = $2 AND handled_at IS NULL`,
    [endpoint, id, error.slice(0, 1_000), retryS ?? null],
  );
}

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

/** How many wait, and how many were given up. */
export async function countEvents(db: Queryable): Promise<{ waiting: number; dead: number }> {
  const [row] = await db.query<{ waiting: number; dead: number }>(
    `SELECT (count(*) FILTER (WHERE dead_at IS NULL))::int AS waiting,
            (count(*) FILTER (WHERE dead_at IS NOT NULL))::int AS dead
       FROM stripe_event WHERE handled_at IS NULL AND dismissed_at IS NULL`,
    [],
  );
  return row ?? { waiting: 0, dead: 0 };
}
