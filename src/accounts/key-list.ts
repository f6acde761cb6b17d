import { AppError } from '../errors.js';
import type { Direction } from '../platform/order.js';
import type { ApiKey, ApiKeyState } from './api-key.js';

/** Which keys a list holds. Every list of values matches any of them; what is left out does not matter. */
export interface ApiKeyFilter {
  readonly states?: readonly ApiKeyState[] | undefined;
  readonly names?: readonly string[] | undefined;
  /** Ids of the people and keys that made them. */
  readonly creatorIds?: readonly string[] | undefined;
}

export const API_KEY_ORDER_FIELDS = { CREATED_AT: 'CREATED_AT', NAME: 'NAME' } as const;
export type ApiKeyOrderField = keyof typeof API_KEY_ORDER_FIELDS;

export interface ApiKeyOrder {
  readonly field: ApiKeyOrderField;
  readonly direction: Direction;
}

/** A part of an account's keys. */
export interface KeyPage {
  readonly filter?: ApiKeyFilter | undefined;
  /** Left out: keys that are not revoked before others, the newest first; then those that were revoked last. */
  readonly orderBy?: ApiKeyOrder | undefined;
  readonly first: number;
  readonly after?: KeyPlace | undefined;
  /** Rows to leave out, instead of `after`. */
  readonly offset?: number | undefined;
}

/** Where a key stands in a list: what it is sorted by, then its id. */
export interface KeyPlace {
  /** A name, or microseconds of the epoch; null: not revoked. */
  readonly key: string | null;
  readonly id: string;
}

/** A key with its place in a list. */
export type ListedKey = ApiKey & { readonly revokedMicros: string | null };

const VALUES_MAX = 100;

/** @throws AppError BAD_USER_INPUT that names the argument */
export function checkKeyFilter(filter: ApiKeyFilter): void {
  for (const [name, values] of Object.entries(filter) as [
    string,
    readonly string[] | undefined,
  ][]) {
    if (values === undefined || (values.length >= 1 && values.length <= VALUES_MAX)) continue;
    throw badArgument(
      `filter.${name}`,
      `\`${name}\` must have between 1 and ${String(VALUES_MAX)} values; omit it to match all.`,
    );
  }
}

export function placeOf(
  { id, name, revokedMicros }: Pick<ListedKey, 'id' | 'name' | 'revokedMicros'>,
  orderBy: ApiKeyOrder | undefined,
): KeyPlace {
  if (orderBy === undefined) return { key: revokedMicros, id };
  return { key: orderBy.field === 'NAME' ? name : null, id };
}

/** Place of a key that was just made, in the list without filter and order. */
export function placeOfNew({ id }: Pick<ApiKey, 'id'>): string {
  return encodePlace({ key: null, id });
}

export function encodePlace({ key, id }: KeyPlace): string {
  return Buffer.from(JSON.stringify([key, id])).toString('base64url');
}

/** @throws AppError BAD_USER_INPUT for a place in no such list */
export function decodePlace(cursor: string, orderBy: ApiKeyOrder | undefined): KeyPlace {
  try {
    const [key, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (typeof id === 'string' && /^key_\w{1,60}$/.test(id) && isKeyOf(orderBy, key)) {
      return { key, id };
    }
  } catch {
    // Falls through: not one of ours.
  }
  throw badArgument('after', 'The cursor does not belong to this list.');
}

function isKeyOf(orderBy: ApiKeyOrder | undefined, key: unknown): key is string | null {
  if (orderBy?.field === 'NAME') return typeof key === 'string' && !key.includes('\0');
  if (orderBy !== undefined) return key === null;
  return key === null || (typeof key === 'string' && /^-?\d{1,17}$/.test(key));
}

function badArgument(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
