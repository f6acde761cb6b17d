import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';

const ulid = monotonicFactory();

/** The prefix says what an id names, wherever it turns up. */
export type ModelId = `mdl_${string}`;
export type PriceVersionId = `prc_${string}`;

interface IdByPrefix {
  mdl: ModelId;
  prc: PriceVersionId;
}

/** A new id: prefix, underscore, 26 characters that sort by time of creation (ULID). */
export function newId<P extends keyof IdByPrefix>(prefix: P): IdByPrefix[P] {
  return `${prefix}_${ulid().toLowerCase()}` as IdByPrefix[P];
}

const processTag = randomBytes(6).toString('hex');
let requestCount = 0;

/** `req_`, a part that no other process has, and a running number: every request pays for it. */
export function newRequestId(): `req_${string}` {
  requestCount += 1;
  return `req_${processTag}${requestCount.toString(36).padStart(6, '0')}`;
}
