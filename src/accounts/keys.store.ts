import { lockAccountRow } from '../platform/account-row.store.js';
import type { Actor } from '../platform/actor.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, KeyId, UserId } from '../platform/ids.js';
import type { AccountStanding } from './account.js';
import { STANDING } from './accounts.store.js';
import type { ApiKey, CapPeriod, KeyScope, NewSecret } from './api-key.js';
import type { KeyChanges } from './new-key.js';

/** Whether a key `k` works now. */
export const KEY_STATE = `CASE WHEN k.revoked_at <= db_now() THEN 'REVOKED' WHEN k.expires_at <= db_now() THEN 'EXPIRED' ELSE 'ACTIVE' END`;

/** Of a key `k`: everything but its hash. */
export const KEY_COLUMNS = `k.id, k.lineage_id AS "lineageId", k.account_id AS "accountId", k.name, k.prefix, k.last_four AS "lastFour",
  k.scopes::text[] AS scopes, k.spend_cap_nanos AS "spendCapNanos", k.cap_period::text AS "capPeriod", k.models,
  k.rate_per_minute AS "ratePerMinute", k.allowed_ips AS "allowedIps", ${KEY_STATE} AS state, k.created_by AS "createdBy", k.created_at AS "createdAt", k.expires_at AS "expiresAt",
  k.revoked_at AS "revokedAt", coalesce(k.revoked_at <= db_now(), false) AS "isRevoked", k.last_used_at AS "lastUsedAt"`;

export async function insertKey(
  tx: Transaction,
  key: Pick<
    ApiKey,
    | 'id'
    | 'lineageId'
    | 'accountId'
    | 'name'
    | 'scopes'
    | 'models'
    | 'ratePerMinute'
    | 'allowedIps'
    | 'expiresAt'
  > &
    Partial<Pick<ApiKey, 'spendCapNanos' | 'capPeriod'>>,
  { hash, prefix, lastFour }: NewSecret,
  createdBy: string | null,
): Promise<ApiKey> {
  const data = {
    ...key,
    scopes: [...key.scopes],
    models: [...key.models],
    allowedIps: [...key.allowedIps],
  };
  await tx.apiKey.create({
    data: { ...data, hash: Uint8Array.from(hash), prefix, lastFour, createdBy },
    select: { id: true },
  });
  const created = await findKey(tx, key.accountId, key.id);
  if (created === undefined) throw new Error('The key was not written.');
  return created;
}

/**
 * Sets the cap of a key and of all in its lineage. Locks the account's balance and the lineage, and counts what was
 * spent in the period so far.
 */
export async function setCap(
  tx: Transaction,
  keyId: KeyId,
  capNanos: bigint | null,
  period: CapPeriod,
): Promise<void> {
  await tx.query('SELECT ledger_set_key_cap($1, $2::bigint, $3::"CapPeriod")::text', [
    keyId,
    capNanos,
    period,
  ]);
}

/**
 * Locks a key's lineage: of two that rotate a key the second sees what the first did, and no cap is set meanwhile.
 * @returns the lineage's id; undefined when the account has no such key
 */
export async function lockLineage(
  tx: Transaction,
  accountId: AccountId,
  keyId: KeyId,
): Promise<string | undefined> {
  const rows = await tx.query<{ id: string }>(
    `
    SELECT id FROM api_key WHERE id = (
      SELECT lineage_id FROM api_key WHERE id = $1 AND account_id = $2) FOR UPDATE`,
    [keyId, accountId],
  );
  return rows[0]?.id;
}

/** The key that an actor is; undefined for a person, and for the server itself. */
export async function findOwnKey(
  tx: Transaction,
  { keyId }: Pick<Actor, 'keyId'>,
  accountId: AccountId,
): Promise<ApiKey | undefined> {
  return keyId === undefined ? undefined : findKey(tx, accountId, keyId);
}

export async function findKey(
  db: Queryable,
  accountId: AccountId,
  keyId: KeyId,
): Promise<ApiKey | undefined> {
  const [row] = await db.query<ApiKey>(
    `SELECT ${KEY_COLUMNS} FROM api_key k WHERE k.id = $1 AND k.account_id = $2`,
    [keyId, accountId],
  );
  return row;
}

/** Of any account, revoked or not; those that there are. */
export async function findKeys(db: Queryable, ids: readonly KeyId[]): Promise<ApiKey[]> {
  return db.query<ApiKey>(`SELECT ${KEY_COLUMNS} FROM api_key k WHERE k.id = ANY ($1::text[])`, [
    ids,
  ]);
}

/** Locks the account's row, so that its keys are made one after the other and the limit holds. */
export async function countLiveKeys(tx: Transaction, accountId: AccountId): Promise<number> {
  await lockAccountRow(tx, accountId);
  return tx.apiKey.count({ where: { accountId, revokedAt: null } });
}

/** What is left out stays as it is. */
export async function updateKey(
  tx: Transaction,
  accountId: AccountId,
  keyId: KeyId,
  { name, scopes, models, ratePerMinute, allowedIps, expiresAt }: Omit<KeyChanges, 'cap'>,
): Promise<void> {
  const data = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes: [...new Set(scopes)] }),
    ...(models === undefined ? {} : { models: [...(models ?? [])] }),
    ...(ratePerMinute === undefined ? {} : { ratePerMinute }),
    ...(allowedIps === undefined ? {} : { allowedIps: [...(allowedIps ?? [])] }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  await tx.apiKey.updateMany({ where: { id: keyId, accountId }, data });
}

/** Another key takes its place: it works for the grace period still. */
export async function replaceKey(
  tx: Transaction,
  keyId: KeyId,
  { by, graceHours }: { readonly by: KeyId; readonly graceHours: number },
): Promise<void> {
  await tx.execute(
    `
    UPDATE api_key SET replaced_by_id = $1, revoked_at = db_now() + $2::float8 * interval '1 hour'
     WHERE id = $3`,
    [by, graceHours, keyId],
  );
}

/** Ends a key now. @returns false when it had ended before */
export async function revokeKey(tx: Transaction, keyId: KeyId): Promise<boolean> {
  const count = await tx.execute(
    `
    UPDATE api_key SET revoked_at = db_now()
     WHERE id = $1 AND (revoked_at IS NULL OR revoked_at > db_now())`,
    [keyId],
  );
  return count === 1;
}

/**
 * Ends what somebody made in an account: their keys, keys that were made with those, and so on. @param lacking only keys
 * with one of these scopes; undefined: all. @returns those that it ended
 */
export async function endKeysMadeBy(
  tx: Transaction,
  accountId: AccountId,
  { maker, lacking }: { readonly maker: UserId; readonly lacking?: readonly KeyScope[] },
): Promise<KeyId[]> {
  const rows = await tx.query<{ id: KeyId }>(
    `
    SELECT id FROM end_keys_made_by($1, $2, $3::text[])`,
    [accountId, maker, lacking ?? null],
  );
  return rows.map(({ id }) => id);
}

/** A key, how long it works still, and the standing of its account. */
export type KeyWithStanding = ApiKey & {
  readonly standing: AccountStanding;
  /** Milliseconds until it is revoked or expires; below zero: it has. Null: neither is foreseen. */
  readonly endsInMs: number | null;
};

/**
 * The keys with these hashes, in their order, of accounts that are not closed; undefined where there is none.
 * One prepared statement.
 */
export async function findKeysByHash(
  db: Queryable,
  hashes: readonly Buffer[],
): Promise<(KeyWithStanding | undefined)[]> {
  const rows = await db.query<ApiKey & Omit<KeyWithStanding, keyof ApiKey> & { hash: Buffer }>(
    `SELECT k.hash, ${KEY_COLUMNS}, ${STANDING},
            extract(epoch FROM least(k.expires_at, k.revoked_at) - db_now())::float8 * 1000 AS "endsInMs"
       FROM api_key k JOIN account a ON a.id = k.account_id AND a.status <> 'CLOSED'
      WHERE k.hash = ANY ($1::bytea[])`,
    [hashes],
  );
  const byHash = new Map(rows.map(({ hash, ...key }) => [hash.toString('base64'), key]));
  return hashes.map((hash) => byHash.get(hash.toString('base64')));
}

/** Notes how many milliseconds ago keys were last used. May be repeated; never sets a time back. */
export async function touchKeys(db: Queryable, agesMs: ReadonlyMap<KeyId, number>): Promise<void> {
  await db.query(
    `UPDATE api_key k SET last_used_at = u.at
       FROM (SELECT id, db_now() - age_ms * interval '1 ms' AS at
               FROM unnest($1::text[], $2::float8[]) AS u(id, age_ms)) u
      WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)`,
    [[...agesMs.keys()], [...agesMs.values()]],
  );
}
