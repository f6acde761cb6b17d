import { AppError } from '../errors.js';
import { type Actor, actorOn, type Scope } from '../platform/actor.js';
import type { AccountType } from './account.type.js';
import type { AccountId, UserId } from '../platform/ids.js';

/** One object a request; domains hang their loaders on it. */
export interface GraphQLContext {
  readonly requestId: string;
  readonly actor: Actor;
  /** Who calls, as of now: rights may have changed since the request began. @throws AppError UNAUTHENTICATED */
  readonly authenticateAgain?: () => Promise<Actor>;
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
  if (accountId === undefined)
    throw new AppError('UNAUTHENTICATED', 'Authentication required. Send an API key or sign in.');
  return accountId;
}

/** The person of a caller whose scope was checked; a key is nobody. */
export function userOf({ actor: { userId } }: GraphQLContext): UserId {
  if (userId === undefined)
    throw new AppError('UNAUTHENTICATED', 'This operation requires a signed-in user.');
  return userId;
}

/**
 * The account that a caller names, with what they may do there.
 * @param id null: the API key's account, else the person's own
 * @returns undefined for an account that is none of theirs, as for one that does not exist
 * @throws AppError UNAUTHENTICATED; FORBIDDEN without the second factor that the account requires
 */
export function findAccount(
  { actor }: Pick<GraphQLContext, 'actor'>,
  id: string | null | undefined,
): AccountType | undefined {
  const there = actorOn(actor, id);
  return there?.accountId === undefined ? undefined : { id: there.accountId, actor: there };
}

/** @throws AppError as `findAccount`, and NOT_FOUND for an account that is none of the caller's */
export function getAccount(
  context: Pick<GraphQLContext, 'actor'>,
  id: string | null | undefined,
): AccountType {
  const account = findAccount(context, id);
  if (account !== undefined) return account;
  throw new AppError('NOT_FOUND', 'Account not found.', {
    details: { argument: 'accountId' },
  });
}

/**
 * Whether the caller has a scope on an account: what belongs to others is answered as what does not exist.
 * @throws AppError FORBIDDEN without the second factor that the account requires
 */
export function mayOn(
  { actor }: Pick<GraphQLContext, 'actor'>,
  accountId: AccountId,
  scope: Scope,
): boolean {
  if (actor.accountId === undefined) return false;
  return actorOn(actor, accountId)?.scopes.has(scope) === true;
}
