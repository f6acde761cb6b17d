import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, KeyId } from '../platform/ids.js';
import type { AccountStanding } from './account.js';
import { STANDING } from './accounts.store.js';
import type { ApiKey, CapPeriod, NewSecret } from './api-key.js';

const PUBLIC_FIELDS = {
  id: true,
  accountId: true,
  name: true,
  prefix: true,
  lastFour: true,
  scopes: true,
  spendCapNanos: true,
  capPeriod: true,
  models: true,
  ratePerMinute: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
} as const;

type Row = Omit<ApiKey, 'id' | 'accountId'> & { id: string; accountId: string };

function toKey(row: Row): ApiKey {
  return { ...row, id: row.id as KeyId, accountId: row.accountId as AccountId };
}

export async function insertKey(
  tx: Transaction,
  key: Pick<
    ApiKey,
    'id' | 'accountId' | 'name' | 'scopes' | 'models' | 'ratePerMinute' | 'expiresAt'
  > &
    Partial<Pick<ApiKey, 'spendCapNanos' | 'capPeriod'>> & {
      /** Id of the first key that it was rotated from, or its own. */
      readonly lineageId: string;
    },
  { hash, prefix, lastFour }: NewSecret,
  createdBy: string | null,
): Promise<ApiKey> {
  const data = { ...key, scopes: [...key.scopes], models: [...key.models] };
  const row = await tx.apiKey.create({
    data: { ...data, hash: Uint8Array.from(hash), prefix, lastFour, createdBy },
    select: PUBLIC_FIELDS,
  });
  return toKey(row);
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
  await tx.$queryRaw`SELECT ledger_set_key_cap(${keyId}, ${capNanos}::bigint, ${period}::"CapPeriod")::text`;
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
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM api_key WHERE id = (
      SELECT lineage_id FROM api_key WHERE id = ${keyId} AND account_id = ${accountId}) FOR UPDATE`;
  return rows[0]?.id;
}

export async function findKey(
  tx: Transaction,
  accountId: AccountId,
  keyId: KeyId,
): Promise<ApiKey | undefined> {
  const row = await tx.apiKey.findFirst({ where: { id: keyId, accountId }, select: PUBLIC_FIELDS });
  return row === null ? undefined : toKey(row);
}

/** Newest first; revoked ones too. */
export async function listKeys(tx: Transaction, accountId: AccountId): Promise<ApiKey[]> {
  const rows = await tx.apiKey.findMany({
    where: { accountId },
    select: PUBLIC_FIELDS,
    orderBy: { id: 'desc' },
    take: 1_000,
  });
  return rows.map(toKey);
}

export async function countLiveKeys(tx: Transaction, accountId: AccountId): Promise<number> {
  return tx.apiKey.count({ where: { accountId, revokedAt: null } });
}

/** Changes only what is named. @returns undefined when the account has no such key */
export async function updateKey(
  tx: Transaction,
  accountId: AccountId,
  keyId: KeyId,
  changes: Partial<Pick<ApiKey, 'name' | 'revokedAt' | 'expiresAt' | 'ratePerMinute'>> & {
    scopes?: ApiKey['scopes'][number][];
    models?: string[];
    replacedById?: KeyId;
  },
): Promise<ApiKey | undefined> {
  const { count } = await tx.apiKey.updateMany({ where: { id: keyId, accountId }, data: changes });
  return count === 0 ? undefined : findKey(tx, accountId, keyId);
}

/** A key, and the standing of its account. */
export type KeyWithStanding = ApiKey & { readonly standing: AccountStanding };

/**
 * The keys with these hashes, in their order, of accounts that are not closed; undefined where there is none.
 * One prepared statement.
 */
export async function findKeysByHash(
  db: Pick<Database, 'query'>,
  hashes: readonly Buffer[],
): Promise<(KeyWithStanding | undefined)[]> {
  const rows = await db.query<
    Omit<KeyWithStanding, 'spendCapNanos'> & { hash: Buffer; spendCapNanos: string | null }
  >(
    `SELECT k.hash, k.id, k.account_id AS "accountId", k.name, k.prefix, k.last_four AS "lastFour",
            k.scopes::text[] AS scopes, k.spend_cap_nanos AS "spendCapNanos", k.cap_period AS "capPeriod", k.models,
            k.rate_per_minute AS "ratePerMinute", k.created_at AS "createdAt", k.expires_at AS "expiresAt",
            k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt", ${STANDING}
       FROM api_key k JOIN account a ON a.id = k.account_id AND a.status <> 'CLOSED'
      WHERE k.hash = ANY ($1::bytea[])`,
    [hashes],
  );
  const byHash = new Map(
    rows.map(({ hash, spendCapNanos, ...key }) => [
      hash.toString('base64'),
      { ...key, spendCapNanos: spendCapNanos === null ? null : BigInt(spendCapNanos) },
    ]),
  );
  return hashes.map((hash) => byHash.get(hash.toString('base64')));
}

/** Notes when keys were last used. May be repeated; never sets a time back. */
export async function touchKeys(
  db: Pick<Database, 'query'>,
  uses: ReadonlyMap<KeyId, Date>,
): Promise<void> {
  await db.query(
    `UPDATE api_key k SET last_used_at = u.at FROM unnest($1::text[], $2::timestamptz[]) AS u(id, at)
      WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)`,
    [[...uses.keys()], [...uses.values()]],
  );
}
