import type { Queryable, Tables, Transaction } from '../platform/database.js';
import type { AccountId, DeliveryId, WebhookEndpointId } from '../platform/ids.js';
import { claim, type LeasedWork } from '../platform/leased-work.js';
import type { NotificationType } from './notification.js';
import type { ClaimedDelivery, Delivery, DeliveryState, Outcome } from './delivery.js';

/** How much one turn may take. */
export interface Places {
  readonly all: number;
  /** For endpoints whose last delivery failed: the rest is free for those that answer. */
  readonly failing: number;
  /** Deliveries of one queue in hand at once, on all servers together. */
  readonly perQueue: number;
  readonly mails: number;
}

/**
 * Deliveries, as work, chosen fairly: hops over the index from queue to queue, so a queue with a million rows costs what a
 * queue with one does; every queue's first comes before any queue's second. $3 to $5: places for endpoints that fail, of
 * one queue, and of mails.
 */
const DELIVERIES = {
  table: 'notification_delivery',
  alias: 'd',
  key: ['id'],
  dueAt: 'next_attempt_at',
  counter: 'attempts',
  open: `d.state = 'WAITING'`,
  choice: {
    given: `RECURSIVE queues AS (
       (SELECT queue FROM notification_delivery WHERE state = 'WAITING' ORDER BY queue LIMIT 1)
       UNION ALL
       SELECT (SELECT d.queue FROM notification_delivery d
                WHERE d.state = 'WAITING' AND d.queue > q.queue ORDER BY d.queue LIMIT 1)
         FROM queues q WHERE q.queue IS NOT NULL),
     candidates AS (
       SELECT due.id, due.turn, due.next_attempt_at, coalesce(e.failing_since IS NOT NULL, false) AS failing
         FROM queues q
         LEFT JOIN webhook_endpoint e ON e.id = q.queue
        CROSS JOIN LATERAL (
          SELECT count(*) AS busy FROM notification_delivery d
           WHERE d.queue = q.queue AND d.lease_until > db_now()) l
        CROSS JOIN LATERAL (
          SELECT d.id, d.next_attempt_at, row_number() OVER (ORDER BY d.next_attempt_at, d.id) + l.busy AS turn
            FROM notification_delivery d
           WHERE d.queue = q.queue AND d.state = 'WAITING' AND d.next_attempt_at <= db_now()
           ORDER BY d.next_attempt_at, d.id
           LIMIT greatest(0, CASE WHEN q.queue = 'mail' THEN $5::int
                                  WHEN e.failing_since IS NOT NULL THEN 1 ELSE $4::int END - l.busy)) due
        WHERE q.queue IS NOT NULL),
     chosen AS (
       SELECT id FROM (SELECT c.*, row_number() OVER (PARTITION BY failing ORDER BY turn, next_attempt_at) AS place
                         FROM candidates c) c
        WHERE NOT failing OR place <= $3
        ORDER BY turn, next_attempt_at LIMIT $1)`,
    among: 'JOIN chosen ON chosen.id = d.id',
  },
  claimed: 'attempted_at = db_now(), lease_until = :lease',
  columns: `d.id, d.queue, d.attempts, d.notification_id AS "notificationId", n.type, n.data,
    n.created_at AS "createdAt", d.attempted_at AS "attemptedAt",
    CASE WHEN d.recipient IS NOT NULL THEN json_build_object(
      'to', d.recipient, 'subject', n.mail_subject, 'text', n.mail_text) END AS mail,
    CASE WHEN e.id IS NOT NULL THEN json_build_object('url', e.url, 'enabled', e.enabled,
      'failing', e.failing_since IS NOT NULL, 'secrets',
      CASE WHEN e.previous_secret_until > db_now() THEN json_build_array(e.secret, e.previous_secret)
           ELSE json_build_array(e.secret) END) END AS webhook`,
  from: `JOIN notification n ON n.id = d.notification_id
    LEFT JOIN webhook_endpoint e ON e.id = d.endpoint_id`,
} as const satisfies LeasedWork;

/** Claims deliveries that are due, as many as there is room for. @param leaseMs longer than an attempt can take */
export function claimDeliveries(
  db: Queryable,
  { all, failing, perQueue, mails }: Places,
  leaseMs: number,
): Promise<ClaimedDelivery[]> {
  const values = [failing, perQueue, mails];
  return claim<ClaimedDelivery>(db, DELIVERIES, { atMost: all, leaseMs, values });
}

/**
 * Writes down what came of an attempt; does nothing when the lease was over and somebody else has begun another.
 * @param nextS seconds until the next attempt; undefined: there is none
 * @returns whether it was written
 */
export async function markAttempt(
  tx: Transaction,
  { id, attempts }: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  { delivered, durationMs, responseCode, error }: Outcome,
  nextS: number | undefined,
): Promise<boolean> {
  const state: DeliveryState = delivered ? 'DELIVERED' : nextS === undefined ? 'DEAD' : 'WAITING';
  const rows = await tx.execute(
    `
    UPDATE notification_delivery
       SET state = $1::"DeliveryState", lease_until = NULL, response_code = $2,
           duration_ms = $3::int, error = $4,
           next_attempt_at = db_now() + make_interval(secs => $5::float8),
           ended_at = CASE WHEN $6 <> 'WAITING' THEN db_now() END
     WHERE id = $7 AND state = 'WAITING' AND attempts = $8::int AND lease_until IS NOT NULL`,
    [
      state,
      responseCode ?? null,
      Math.round(durationMs),
      error?.slice(0, 1_000) ?? null,
      nextS ?? 0,
      state,
      id,
      attempts,
    ],
  );
  return rows === 1;
}

/** Puts back what was begun and not finished, as if it had not been: this process ends. */
export async function releaseDelivery(
  db: Queryable,
  { id, attempts }: Pick<ClaimedDelivery, 'id' | 'attempts'>,
): Promise<void> {
  await db.query(
    `UPDATE notification_delivery SET attempts = attempts - 1, lease_until = NULL, next_attempt_at = db_now()
      WHERE id = $1 AND attempts = $2 AND state = 'WAITING' AND lease_until IS NOT NULL`,
    [id, attempts],
  );
}

/** Gives up all that waits for an endpoint. */
export async function buryDeliveries(
  tx: Transaction,
  endpointId: WebhookEndpointId,
  error: string,
): Promise<void> {
  await tx.execute(
    `
    UPDATE notification_delivery SET state = 'DEAD', ended_at = db_now(), lease_until = NULL, error = $1
     WHERE queue = $2 AND state = 'WAITING'`,
    [error, endpointId],
  );
}

/** Of an endpoint, newest first. An account that is not the endpoint's finds nothing. */
export async function listDeliveries(
  db: Queryable,
  accountId: AccountId,
  query: {
    endpointId: string;
    state: DeliveryState | undefined;
    first: number;
    after: string | undefined;
  },
): Promise<Delivery[]> {
  return db.query<Delivery>(
    `SELECT ${COLUMNS} FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
       JOIN webhook_endpoint e ON e.id = d.endpoint_id
      WHERE e.id = $1 AND e.account_id = $2 AND ($3::text IS NULL OR d.state::text = $3)
        AND ($4::text IS NULL OR d.id < $4)
      ORDER BY d.id DESC LIMIT $5`,
    [query.endpointId, accountId, query.state ?? null, query.after ?? null, query.first],
  );
}

const COLUMNS = `d.id, d.notification_id AS "notificationId", n.type, d.endpoint_id AS "endpointId", d.state::text,
  d.attempts, d.next_attempt_at AS "nextAttemptAt", d.attempted_at AS "attemptedAt",
  d.response_code AS "responseCode", d.duration_ms AS "durationMs", d.error, d.created_at AS "createdAt",
  d.ended_at AS "endedAt"`;

export async function findDelivery(
  tx: Tables,
  accountId: AccountId,
  id: string,
): Promise<Delivery | undefined> {
  const row = await tx.notificationDelivery.findFirst({
    where: { id, endpoint: { accountId } },
    include: { notification: { select: { type: true } } },
  });
  if (row === null) return undefined;
  const { notification, ...delivery } = row;
  return {
    ...delivery,
    type: notification.type as NotificationType,
    id: row.id as DeliveryId,
    endpointId: row.endpointId as WebhookEndpointId,
  };
}

/** Whosever it is, with whose. */
export async function findAnyDelivery(
  db: Queryable,
  id: string,
): Promise<(Delivery & { accountId: AccountId }) | undefined> {
  const [row] = await db.query<Delivery & { accountId: AccountId }>(
    `SELECT ${COLUMNS}, e.account_id AS "accountId"
       FROM notification_delivery d JOIN notification n ON n.id = d.notification_id
       JOIN webhook_endpoint e ON e.id = d.endpoint_id WHERE d.id = $1`,
    [id],
  );
  return row;
}

/**
 * Makes deliveries of an endpoint due again, under the id that the receiver knows. One that is in hand right now
 * stays in hand.
 * @param which one, whatever became of it; or those given up that were made since a time
 * @returns how many
 */
export async function reviveDeliveries(
  tx: Transaction,
  endpointId: WebhookEndpointId,
  which: { id: DeliveryId } | { deadSince: Date },
): Promise<number> {
  const id = 'id' in which ? which.id : null;
  const since = 'id' in which ? null : which.deadSince;
  return tx.execute(
    `
    UPDATE notification_delivery
       SET state = 'WAITING', attempts = 0, ended_at = NULL, dismissed_at = NULL, lease_until = NULL, next_attempt_at = db_now()
     WHERE endpoint_id = $1 AND coalesce(lease_until <= db_now(), true)
       AND CASE WHEN $2::text IS NOT NULL THEN id = $3
                ELSE state = 'DEAD' AND created_at >= $4::timestamptz END`,
    [endpointId, id, id, since],
  );
}

/** How many wait, and how many were given up, of each kind. */
export async function countDeliveries(db: Queryable): Promise<{ waiting: number; dead: number }> {
  const [row] = await db.query<{ waiting: number; dead: number }>(
    `SELECT (SELECT count(*)::int FROM notification_delivery WHERE state = 'WAITING') AS waiting,
            (SELECT count(*)::int FROM notification_delivery WHERE state = 'DEAD') AS dead`,
    [],
  );
  return row ?? { waiting: 0, dead: 0 };
}
