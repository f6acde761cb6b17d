import { monotonicFactory } from 'ulid';

const ulid = monotonicFactory();

/** The prefix says what an id names, wherever it turns up. */
export type ModelId = `mdl_${string}`;
export type PriceVersionId = `prc_${string}`;
export type RequestId = `req_${string}`;

interface IdByPrefix {
  mdl: ModelId;
  prc: PriceVersionId;
  req: RequestId;
}

/** A new id: prefix, underscore, 26 characters that sort by time of creation (ULID). */
export function newId<P extends keyof IdByPrefix>(prefix: P): IdByPrefix[P] {
  return `${prefix}_${ulid().toLowerCase()}` as IdByPrefix[P];
}
