import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.js';

/** Where a row stands in a sorted list: the value it is sorted by, then its id. */
export interface Position {
  readonly key: string | number | null;
  readonly id: string;
}

const payload = z.tuple([
  z.string(),
  z.union([z.string().max(300), z.number(), z.null()]),
  z.string().max(64),
]);

/**
 * Identifies a list: the same filter and order always give the same text. A cursor carries it, so that
 * one from another list is noticed instead of landing somewhere.
 */
export function listFingerprint(list: object): string {
  const sorted = JSON.stringify(list, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(sorted).digest('base64url').slice(0, 8);
}

/** Opaque text; not secret and not signed, as it can only name a place in a public list. */
export function encodeCursor(fingerprint: string, { key, id }: Position): string {
  return Buffer.from(JSON.stringify([fingerprint, key, id])).toString('base64url');
}

/**
 * @param keyType what the list is sorted by.
 * @throws AppError BAD_USER_INPUT for anything that this list did not hand out.
 */
export function decodeCursor(
  fingerprint: string,
  keyType: 'string' | 'number',
  cursor: string,
): Position {
  const parsed = payload.safeParse(
    parseJson(Buffer.from(cursor.slice(0, 1_000), 'base64url').toString()),
  );
  if (!parsed.success) throw refusal('The cursor is not valid. Use a cursor returned by this API.');
  const [list, key, id] = parsed.data;
  if (list !== fingerprint || (key !== null && typeof key !== keyType)) {
    throw refusal('The cursor belongs to a list with another filter or order.');
  }
  return { key, id };
}

function refusal(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'after' } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
