import type { Queryable, Transaction } from '../platform/database.js';
import {
  type AccountId,
  type ModelId,
  type ModelRequestId,
  newId,
  type UserId,
} from '../platform/ids.js';
import type { ModelRequest, RequestReasons } from './model-request.js';

/** `r` is the request. Its place counts those that stand and were there before it. */
const COLUMNS = `r.id, r.model_id AS "modelId", r.account_id AS "accountId", r.use_case AS "useCase",
  r.monthly_volume::float8 AS "monthlyVolume", r.contact_ok AS "contactOk", r.created_at AS "createdAt",
  r.updated_at AS "updatedAt", r.early_access_at AS "earlyAccessAt", r.notified_at AS "notifiedAt",
  r.launch_credit_nanos AS "launchCreditNanos",
  (SELECT count(*)::int FROM model_request o WHERE o.model_id = r.model_id AND o.withdrawn_at IS NULL
      AND (o.created_at, o.id) <= (r.created_at, r.id)) AS place`;

/** Whose request it is, and for what. */
interface Place {
  readonly modelId: ModelId;
  readonly accountId: AccountId;
  /** Of the person behind it, as `PersonsService.personOf`. */
  readonly mailbox: string;
}

/** Whether the person has asked for the model with another account, unless somebody of this one has asked before. */
export async function hasAskedElsewhere(
  tx: Transaction,
  { modelId, accountId, mailbox }: Place,
): Promise<boolean> {
  const rows = await tx.query(
    `
    SELECT id FROM model_request r
     WHERE r.model_id = $1 AND r.mailbox = $2 AND r.account_id <> $3
       AND NOT EXISTS (SELECT FROM model_request o
                        WHERE o.model_id = $4 AND o.account_id = $5 AND o.withdrawn_at IS NULL)`,
    [modelId, mailbox, accountId, modelId, accountId],
  );
  return rows.length > 0;
}

/**
 * An account's request: the only one for the model, written anew or over the one that is there. One that was
 * withdrawn begins again at the end of the queue. It takes the place of a request that the person has left by mail.
 */
export async function saveAccountRequest(
  tx: Transaction,
  request: RequestReasons & Place & { userId: UserId | undefined },
): Promise<ModelRequest> {
  const { modelId, accountId, mailbox, userId = null } = request;
  const { useCase, monthlyVolume, contactOk } = request;
  const [left] = await tx.query<{ createdAt: Date | null }>(
    `
    DELETE FROM model_request WHERE model_id = $1 AND mailbox = $2 AND account_id IS NULL
    RETURNING CASE WHEN withdrawn_at IS NULL THEN created_at END AS "createdAt"`,
    [modelId, mailbox],
  );
  const since = left?.createdAt ?? null;
  const [row] = await tx.query<{ id: ModelRequestId }>(
    `
    INSERT INTO model_request AS r
      (id, model_id, account_id, mailbox, user_id, use_case, monthly_volume, contact_ok, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7::bigint,
            $8, coalesce($9::timestamptz, db_now()), db_now())
    ON CONFLICT (account_id, model_id) DO UPDATE
      SET user_id = excluded.user_id, use_case = excluded.use_case, monthly_volume = excluded.monthly_volume,
          contact_ok = excluded.contact_ok, updated_at = excluded.updated_at, withdrawn_at = NULL,
          created_at = CASE WHEN r.withdrawn_at IS NULL THEN least(r.created_at, excluded.created_at)
                            ELSE excluded.created_at END,
          mailbox = CASE WHEN starts_with(r.mailbox, 'account:')
                           AND NOT EXISTS (SELECT FROM model_request o
                                            WHERE o.model_id = excluded.model_id AND o.mailbox = excluded.mailbox)
                         THEN excluded.mailbox ELSE r.mailbox END
    RETURNING id`,
    [newId('mreq'), modelId, accountId, mailbox, userId, useCase, monthlyVolume, contactOk, since],
  );
  if (row === undefined) throw new Error('The request was not saved.');
  const [saved] = await tx.query<ModelRequest>(
    `SELECT ${COLUMNS} FROM model_request r WHERE r.id = $1`,
    [row.id],
  );
  if (saved === undefined) throw new Error('The request is locked, and gone.');
  return saved;
}

/**
 * The request of somebody without an account; nothing changes when it is there, or when a member of an
 * account that asked has the address.
 */
export async function insertMailRequest(
  tx: Transaction,
  request: { modelId: ModelId; email: string; mailbox: string; useCase: string | null },
): Promise<void> {
  const { modelId, email, mailbox, useCase } = request;
  await tx.execute(
    `
    INSERT INTO model_request AS r
      (id, model_id, email, mailbox, use_case, contact_ok, created_at, updated_at)
    SELECT $1, $2, $3, $4, $5, true, db_now(), db_now()
     WHERE NOT EXISTS (
       SELECT FROM app_user u JOIN membership s ON s.user_id = u.id
         JOIN model_request o ON o.account_id = s.account_id AND o.model_id = $6
        WHERE u.email = $7 AND o.withdrawn_at IS NULL)
    ON CONFLICT (mailbox, model_id) DO UPDATE
      SET withdrawn_at = NULL, updated_at = excluded.updated_at,
          created_at = CASE WHEN r.withdrawn_at IS NULL THEN r.created_at ELSE excluded.created_at END
    WHERE r.account_id IS NULL`,
    [newId('mreq'), modelId, email, mailbox, useCase, modelId, email],
  );
}

/**
 * The person may ask with another account then, unless something was given for the request: that is given once.
 * @returns whether the account has such a request; it may be repeated
 */
export async function withdraw(
  tx: Transaction,
  accountId: AccountId,
  id: string,
): Promise<boolean> {
  const count = await tx.execute(
    `
    UPDATE model_request
       SET withdrawn_at = db_now(), updated_at = db_now(),
           mailbox = CASE WHEN early_access_at IS NULL AND launch_credit_nanos IS NULL THEN 'account:' || account_id
                          ELSE mailbox END
     WHERE id = $1 AND account_id = $2 AND withdrawn_at IS NULL`,
    [id, accountId],
  );
  return count === 1 || (await tx.modelRequest.count({ where: { id, accountId } })) === 1;
}

/** Of somebody without an account; may be repeated. */
export async function withdrawMailRequest(tx: Transaction, id: string): Promise<void> {
  await tx.execute(
    `
    UPDATE model_request SET withdrawn_at = db_now(), updated_at = db_now()
     WHERE id = $1 AND account_id IS NULL AND withdrawn_at IS NULL`,
    [id],
  );
}

/** What a person asked for, for an account or by mail alone. */
export async function listRequestsOfPerson(
  db: Queryable,
  userId: string,
  email: string,
): Promise<object[]> {
  return db.query(
    `SELECT r.model_id AS "modelId", r.account_id AS "accountId", r.use_case AS "useCase",
            r.monthly_volume::text AS "monthlyVolume", r.contact_ok AS "contactOk", r.created_at AS "createdAt"
       FROM model_request r WHERE r.user_id = $1 OR r.email = $2 ORDER BY r.created_at`,
    [userId, email],
  );
}

/** Requests by mail are deleted; what was said for an account loses its words. */
export async function forgetPerson(tx: Transaction, userId: string, email: string): Promise<void> {
  await tx.execute('DELETE FROM model_request WHERE email = $1', [email]);
  await tx.execute('UPDATE model_request SET use_case = NULL WHERE user_id = $1', [userId]);
}

export async function findRequest(db: Queryable, id: string): Promise<ModelRequest | undefined> {
  const [row] = await db.query<ModelRequest>(
    `SELECT ${COLUMNS} FROM model_request r WHERE r.id = $1 AND r.withdrawn_at IS NULL`,
    [id],
  );
  return row;
}

/** Those of an account that stand, newest first. @param after the id of the last one seen */
export async function listRequests(
  db: Queryable,
  accountId: AccountId,
  { first, after }: { first: number; after: string | undefined },
): Promise<ModelRequest[]> {
  return db.query<ModelRequest>(
    `SELECT ${COLUMNS} FROM model_request r
      WHERE r.account_id = $1 AND r.withdrawn_at IS NULL AND ($2::text IS NULL OR r.id < $2)
      ORDER BY r.id DESC LIMIT $3`,
    [accountId, after ?? null, first],
  );
}

/** All that stand for a model, in the order in which they came. */
export async function listRequestsFor(
  db: Queryable,
  modelId: ModelId,
  { first, after }: { first: number; after: number },
): Promise<ModelRequest[]> {
  return db.query<ModelRequest>(
    `SELECT ${COLUMNS} FROM model_request r
      WHERE r.model_id = $1 AND r.withdrawn_at IS NULL
      ORDER BY r.created_at, r.id OFFSET $2 LIMIT $3`,
    [modelId, after, first],
  );
}

/** Whether an account was let in before the launch. */
export async function hasEarlyAccess(
  db: Queryable,
  accountId: AccountId,
  modelId: ModelId,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM model_request
      WHERE account_id = $1 AND model_id = $2 AND early_access_at IS NOT NULL AND withdrawn_at IS NULL`,
    [accountId, modelId],
  );
  return rows.length > 0;
}

/** Requests of a model move to another one; where both have one of the same account or person, they become one. */
export async function moveRequests(tx: Transaction, from: ModelId, to: ModelId): Promise<void> {
  // Who has left an address there and asked with an account here has asked with the account.
  await tx.execute(
    `
    UPDATE model_request kept SET account_id = moved.account_id, user_id = moved.user_id, email = NULL
      FROM model_request moved
     WHERE moved.model_id = $1 AND kept.model_id = $2 AND moved.mailbox = kept.mailbox
       AND kept.account_id IS NULL AND moved.account_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM model_request o WHERE o.model_id = $3 AND o.account_id = moved.account_id)`,
    [from, to, to],
  );
  // The older place in the queue and the larger volume count; one of the two stands if either does.
  await tx.execute(
    `
    UPDATE model_request kept
       SET created_at = least(kept.created_at, moved.created_at),
           monthly_volume = greatest(kept.monthly_volume, moved.monthly_volume),
           use_case = coalesce(kept.use_case, moved.use_case),
           contact_ok = kept.contact_ok OR moved.contact_ok,
           mailbox = CASE WHEN starts_with(kept.mailbox, 'account:') AND moved.account_id = kept.account_id
                            AND NOT EXISTS (SELECT FROM model_request o
                                             WHERE o.model_id = $1 AND o.mailbox = moved.mailbox)
                          THEN moved.mailbox ELSE kept.mailbox END,
           withdrawn_at = CASE WHEN moved.withdrawn_at IS NULL THEN NULL ELSE kept.withdrawn_at END
      FROM model_request moved
     WHERE moved.model_id = $2 AND kept.model_id = $3
       AND (moved.account_id = kept.account_id OR moved.mailbox = kept.mailbox)`,
    [to, from, to],
  );
  await tx.execute(
    `
    DELETE FROM model_request moved USING model_request kept
     WHERE moved.model_id = $1 AND kept.model_id = $2
       AND (moved.account_id = kept.account_id OR moved.mailbox = kept.mailbox)`,
    [from, to],
  );
  await tx.modelRequest.updateMany({ where: { modelId: from }, data: { modelId: to } });
}
