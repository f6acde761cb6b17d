import { AppError } from '../errors.js';
import type { AccountId, KeyId, SessionId, UserId } from './ids.js';

/**
 * What a caller may do. `public` is everybody's, `caller` is whoever is signed in, by a key or a session, `session` a
 * signed-in person's own, the next five are what a role or a key grants on an account, `operator` is for those who run
 * the platform.
 */
export const SCOPES = [
  'public',
  'caller',
  'session',
  'read',
  'inference',
  'billing',
  'admin',
  'owner',
  'operator',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Names the account that a person acts on, over REST; GraphQL names it in the document. */
export const ACCOUNT_HEADER = 'x-gigarouter-account';

/** Calls of an account; null: what everybody has. */
export interface AccountLimits {
  /** All its keys together. */
  readonly ratePerMinute: number | null;
  /** At the same time in one process. */
  readonly concurrencyMax: number | null;
}

/** Who sent a request, on whose account. Made once a request; never written back. */
export interface Actor {
  /** undefined: nobody is signed in. */
  readonly accountId: AccountId | undefined;
  readonly userId: UserId | undefined;
  readonly keyId: KeyId | undefined;
  /** The session of a signed-in person. */
  readonly sessionId?: SessionId | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** Slugs that the key may run; undefined: all. */
  readonly models: ReadonlySet<string> | undefined;
  /** Of the key, in a minute; undefined: no limit of its own. */
  readonly ratePerMinute: number | undefined;
  readonly ipAddress: string;
  /** What an operator allows the account. */
  readonly limits?: AccountLimits | undefined;
  /** Why an operator has frozen the account; undefined: it is not frozen. */
  readonly frozenReason?: string | undefined;
  /** When the key or session runs out by itself, as known now; undefined: it does not, or nobody is signed in. */
  readonly validUntil?: Date | undefined;
  /** Of a session: refuses unless its person has proved lately who they are. */
  readonly requireRecentProof?: (() => Promise<void>) | undefined;
  /**
   * Of a person: themselves on another account. undefined: they do not belong to it. Operators may read any account;
   * whether it exists is not looked up.
   * @throws AppError FORBIDDEN without the second factor that the account requires
   */
  readonly on?: ((accountId: string) => Actor | undefined) | undefined;
  /** Of a person: their rights on all accounts, as a text to compare. */
  readonly rights?: string | undefined;
}

/**
 * Before what an open browser or a stolen cookie must not be enough for. Keys and commands prove nothing more.
 * @throws AppError FORBIDDEN that says how to prove it
 */
export async function requireRecentProof(actor: Pick<Actor, 'requireRecentProof'>): Promise<void> {
  await actor.requireRecentProof?.();
}

/** Who did something, for the audit log. An `Actor` is one. */
export type Author = Pick<Actor, 'userId' | 'keyId'> & {
  readonly ipAddress: string | undefined;
  /** Of whoever used the command line. */
  readonly osUser?: string | undefined;
};

/** The server itself, and whoever runs its commands. */
export const SYSTEM: Author = { userId: undefined, keyId: undefined, ipAddress: undefined };

const NOTHING_BUT_PUBLIC: ReadonlySet<Scope> = new Set(['public']);

export function anonymous(ipAddress: string): Actor {
  return {
    accountId: undefined,
    userId: undefined,
    keyId: undefined,
    scopes: NOTHING_BUT_PUBLIC,
    models: undefined,
    ratePerMinute: undefined,
    ipAddress,
  };
}

/** On whose account a caller acts. @throws AppError UNAUTHENTICATED when nobody is signed in */
export function accountOf({ accountId }: Pick<Actor, 'accountId'>): AccountId {
  if (accountId === undefined)
    throw new AppError('UNAUTHENTICATED', 'Authentication required. Send an API key or sign in.');
  return accountId;
}

/**
 * The caller on an account.
 * @param accountId left out: the API key's account, else the person's own
 * @returns undefined for an account that is none of theirs
 * @throws AppError UNAUTHENTICATED; FORBIDDEN without the second factor that the account requires
 */
export function actorOn(actor: Actor, accountId: string | null | undefined): Actor | undefined {
  const own = accountOf(actor);
  return accountId == null || accountId === own ? actor : actor.on?.(accountId);
}

/** For the ledger and the audit log: `key:…`, `user:…` or `system`. */
export function actorName({ keyId, userId }: Partial<Pick<Actor, 'keyId' | 'userId'>>): string {
  if (keyId !== undefined) return `key:${keyId}`;
  return userId === undefined ? 'system' : `user:${userId}`;
}

/** What spends or buys: nobody does it on a frozen account. */
const SPENDING: ReadonlySet<Scope> = new Set(['inference', 'billing']);

/** What whoever acts on a frozen account is told. */
export function accountFrozen(accountId: AccountId, reason: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `The account is frozen: ${reason.replace(/\.$/, '')}. It can be read, but cannot call models or buy credit. Ask the operators of this platform to unfreeze ${accountId}.`,
    { details: { frozen: true, accountId } },
  );
}

/**
 * @throws AppError UNAUTHENTICATED when nobody is signed in, FORBIDDEN when the caller lacks the scope, or it
 *   spends and the account is frozen
 */
export function requireScope(actor: Actor, scope: Scope): void {
  const { accountId, frozenReason } = actor;
  if (scope === 'caller' ? accountId !== undefined : actor.scopes.has(scope)) {
    if (accountId === undefined || frozenReason === undefined || !SPENDING.has(scope)) return;
    throw accountFrozen(accountId, frozenReason);
  }
  if (actor.accountId === undefined) {
    throw new AppError(
      'UNAUTHENTICATED',
      'An API key or session is required. Send "authorization: Bearer …".',
    );
  }
  throw new AppError(
    'FORBIDDEN',
    `The scope "${scope}" is required, which the caller does not have.`,
    {
      details: { scope },
    },
  );
}
