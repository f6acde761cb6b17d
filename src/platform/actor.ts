import { AppError } from '../errors.js';
import type { AccountId, KeyId, UserId } from './ids.js';

/**
 * What a caller may do. `public` is everybody's, `session` a signed-in person's own, the next five are
 * what a role or a key grants on an account, `operator` is for those who run the platform.
 */
export const SCOPES = [
  'public',
  'session',
  'read',
  'inference',
  'billing',
  'admin',
  'owner',
  'operator',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who sent a request, on whose account. Made once a request; never written back. */
export interface Actor {
  /** undefined: nobody is signed in. */
  readonly accountId: AccountId | undefined;
  readonly userId: UserId | undefined;
  readonly keyId: KeyId | undefined;
  readonly scopes: ReadonlySet<Scope>;
  /** Slugs that the key may run; undefined: all. */
  readonly models: ReadonlySet<string> | undefined;
  /** Of the key, in a minute; undefined: no limit of its own. */
  readonly ratePerMinute: number | undefined;
  readonly ipAddress: string;
  /** When the key or session runs out by itself, as known now; undefined: it does not, or nobody is signed in. */
  readonly validUntil?: Date | undefined;
}

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
  if (accountId === undefined) throw new AppError('UNAUTHENTICATED', 'Nobody is signed in.');
  return accountId;
}

/** For the ledger and the audit log: `key:…`, `user:…` or `system`. */
export function actorName({ keyId, userId }: Pick<Actor, 'keyId' | 'userId'>): string {
  if (keyId !== undefined) return `key:${keyId}`;
  return userId === undefined ? 'system' : `user:${userId}`;
}

/** @throws AppError UNAUTHENTICATED when nobody is signed in, FORBIDDEN when the caller lacks the scope */
export function requireScope(actor: Actor, scope: Scope): void {
  if (actor.scopes.has(scope)) return;
  if (actor.accountId === undefined) {
    throw new AppError(
      'UNAUTHENTICATED',
      'This needs an API key or a session: send "authorization: Bearer …".',
    );
  }
  throw new AppError(
    'FORBIDDEN',
    `This needs the scope "${scope}", which the caller does not have.`,
    {
      details: { scope },
    },
  );
}
