import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { AccountId, UserId } from '../platform/ids.js';

/** One object a request; domains hang their loaders on it. */
export interface GraphQLContext {
  readonly requestId: string;
  readonly actor: Actor;
  /** Aborted when the caller has left. */
  readonly signal: AbortSignal;
  /** Headers as they were sent. */
  readonly credentials: {
    readonly authorization: string | undefined;
    readonly cookie: string | undefined;
  };
  /** What the browser or program calls itself; undefined: nothing. */
  readonly userAgent: string | undefined;
  /** Milliseconds that finding out who calls took. */
  readonly authMs: number;
  /** Says that the answer holds no secret (http/compression.ts). */
  allowCompression(): void;
  /** Adds a header to the answer. */
  readonly setHeader: (name: string, value: string | string[]) => void;
}

/** The account of a caller whose scope was checked. */
export function accountOf({ actor: { accountId } }: GraphQLContext): AccountId {
  if (accountId === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody is signed in.');
  return accountId;
}

/** The person of a caller whose scope was checked; a key is nobody. */
export function userOf({ actor: { userId } }: GraphQLContext): UserId {
  if (userId === undefined) throw new AppError('UNAUTHENTICATED', 'This needs a signed-in person.');
  return userId;
}
