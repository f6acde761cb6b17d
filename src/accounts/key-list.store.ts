import type { Queryable } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { ApiKeyFilter, ApiKeyOrder, KeyPage, KeyPlace, ListedKey } from './key-list.js';
import { KEY_COLUMNS, KEY_STATE } from './keys.store.js';

/**
 * Some keys of an account, revoked or not. One statement without a lock; each order has an index, and what an account was
 * given by name or by maker, too.
 */
export function listKeys(
  db: Queryable,
  accountId: AccountId,
  { filter = {}, orderBy, first, after, offset = 0 }: KeyPage,
): Promise<ListedKey[]> {
  const values: unknown[] = [accountId, first, offset];
  const bind = (value: unknown) => `$${String(values.push(value))}`;
  const conditions = [
    'k.account_id = $1',
    ...conditionsOf(filter, bind),
    ...(after === undefined ? [] : [afterPlace(orderBy, after, bind)]),
  ];
  return db.query<ListedKey>(
    `SELECT ${KEY_COLUMNS}, (extract(epoch FROM k.revoked_at) * 1000000)::bigint::text AS "revokedMicros"
       FROM api_key k WHERE ${conditions.join(' AND ')}
      ORDER BY ${orderOf(orderBy)} LIMIT $2 OFFSET $3`,
    values,
  );
}

function conditionsOf(
  { states, names, creatorIds }: ApiKeyFilter,
  bind: (value: unknown) => string,
): string[] {
  return [
    ...(states === undefined ? [] : [`${KEY_STATE} = ANY (${bind(states)}::text[])`]),
    ...(names === undefined ? [] : [`k.name = ANY (${bind(names)}::text[])`]),
    ...(creatorIds === undefined ? [] : [`k.created_by = ANY (${bind(creatorIds)}::text[])`]),
  ];
}

function orderOf(orderBy: ApiKeyOrder | undefined): string {
  if (orderBy === undefined) return 'k.revoked_at DESC NULLS FIRST, k.id DESC';
  const { field, direction } = orderBy;
  return field === 'NAME' ? `k.name ${direction}, k.id ${direction}` : `k.id ${direction}`;
}

function afterPlace(
  orderBy: ApiKeyOrder | undefined,
  { key, id }: KeyPlace,
  bind: (value: unknown) => string,
): string {
  const lastId = bind(id);
  if (orderBy === undefined) {
    if (key === null) return `(k.revoked_at IS NOT NULL OR k.id < ${lastId})`;
    const at = `'epoch'::timestamptz + ${bind(key)}::bigint * interval '1 microsecond'`;
    return `(k.revoked_at, k.id) < (${at}, ${lastId})`;
  }
  const sign = orderBy.direction === 'ASC' ? '>' : '<';
  return orderBy.field === 'NAME'
    ? `(k.name, k.id) ${sign} (${bind(key)}, ${lastId})`
    : `k.id ${sign} ${lastId}`;
}
