import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.js';

/** Where a row stands in a sorted list: the value it is sorted by, then its id. */
export interface Position {
  readonly key: string | number | null;
  readonly id: string;
}

const position = z.tuple([
  z.union([z.string().max(300), z.number(), z.null()]),
  z.string().max(64),
]);

/** Characters of the fingerprint of a list. */
const FINGERPRINT_CHARS = 8;
/** More than any list hands out; longer ones are not even decoded. */
const CURSOR_CHARS_MAX = 1_000;

/**
 * Identifies a list: the same owner, filter and order always give the same text, whatever the order of the fields;
 * null is the same as left out.
 */
export function listFingerprint(list: object): string {
  const sorted = JSON.stringify(list, (_key, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const given = Object.entries(value).filter(([, one]) => one != null);
    return Object.fromEntries(given.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash('sha256').update(sorted).digest('base64url').slice(0, FINGERPRINT_CHARS);
}

/**
 * A place in a list as an opaque cursor that only this list accepts. Not secret and not signed: it can name no more
 * than a place in a list that the caller may read.
 * @param place as the list itself writes it
 */
export function bindCursor(fingerprint: string, place: string): string {
  return Buffer.from(fingerprint + place).toString('base64url');
}

/**
 * The place that a cursor of this list names.
 * @throws AppError BAD_USER_INPUT for a cursor of another list, owner, filter or order
 */
export function placeOf(fingerprint: string, cursor: string): string {
  const text = Buffer.from(cursor.slice(0, CURSOR_CHARS_MAX), 'base64url').toString();
  if (text.startsWith(fingerprint)) return text.slice(FINGERPRINT_CHARS);
  throw refusal('The cursor belongs to another list, filter or order. Start without `after`.');
}

/** The place of a row, for `bindCursor`. */
export function encodePosition({ key, id }: Position): string {
  return JSON.stringify([key, id]);
}

/**
 * @param keyType what the list is sorted by
 * @throws AppError BAD_USER_INPUT for anything that this list did not hand out
 */
export function decodePosition(keyType: 'string' | 'number', place: string): Position {
  const parsed = position.safeParse(parseJson(place));
  if (parsed.success) {
    const [key, id] = parsed.data;
    if (key === null || typeof key === keyType) return { key, id };
  }
  throw refusal('The cursor is not valid. Use a cursor returned by this API.');
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
