import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../platform/actor.js';
import type { AccountId, KeyId } from '../platform/ids.js';

export const KEY_SCOPES = {
  INFERENCE: 'INFERENCE',
  READ: 'READ',
  BILLING: 'BILLING',
  ADMIN: 'ADMIN',
} as const;
export type KeyScope = keyof typeof KEY_SCOPES;

export const CAP_PERIODS = { DAY: 'DAY', MONTH: 'MONTH', TOTAL: 'TOTAL' } as const;
export type CapPeriod = keyof typeof CAP_PERIODS;

/** Whether a key works. One that was rotated is active until its grace period is over. */
export const API_KEY_STATES = { ACTIVE: 'ACTIVE', EXPIRED: 'EXPIRED', REVOKED: 'REVOKED' } as const;
export type ApiKeyState = keyof typeof API_KEY_STATES;

/** A credential of an account, without the secret. */
export interface ApiKey {
  readonly id: KeyId;
  /** Id of the first key that it was rotated from, or its own: they share one spend cap. */
  readonly lineageId: string;
  readonly accountId: AccountId;
  readonly name: string;
  /** The first characters of the secret, and the last four, to recognize it by. */
  readonly prefix: string;
  readonly lastFour: string;
  readonly scopes: readonly KeyScope[];
  /** Nano-USD in each period (UTC); null: no cap of its own. */
  readonly spendCapNanos: bigint | null;
  readonly capPeriod: CapPeriod;
  /** Slugs that it may run; empty: all. */
  readonly models: readonly string[];
  readonly ratePerMinute: number | null;
  /** CIDR ranges that it may be used from; empty: anywhere. */
  readonly allowedIps: readonly string[];
  /** Id of the person or key that made it; null: the server itself. It ends when that person leaves the account. */
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** May lie ahead: a key that was rotated works until then. */
  readonly revokedAt: Date | null;
  /** Whether that time has come, by the database's clock. */
  readonly isRevoked: boolean;
  /** By the database's clock. */
  readonly state: ApiKeyState;
  readonly lastUsedAt: Date | null;
}

export interface NewSecret {
  readonly secret: string;
  readonly hash: Buffer;
  readonly prefix: string;
  readonly lastFour: string;
}

const FORMAT = /^gr-[\w-]{40}[\w-]{6}$/;

/** 240 random bits and a checksum, so that a guess is refused without a look at the database. */
export function createSecret(): NewSecret {
  const body = `gr-${randomBytes(30).toString('base64url')}`;
  const secret = body + checksum(body);
  return {
    secret,
    hash: hashSecret(secret),
    prefix: secret.slice(0, 9),
    lastFour: secret.slice(-4),
  };
}

/** Whether a text can be a key of ours. */
export function looksLikeKey(text: string): boolean {
  return FORMAT.test(text) && text.slice(-6) === checksum(text.slice(0, -6));
}

/** SHA-256: enough for 240 random bits, which nobody guesses from a hash. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** No secret: against typing errors and blind guesses only. */
function checksum(body: string): string {
  return createHash('sha256').update(`checksum ${body}`).digest('base64url').slice(0, 6);
}

export function scopesOfKey(scopes: readonly KeyScope[]): ReadonlySet<Scope> {
  return new Set<Scope>(['public', ...scopes.map((scope) => scope.toLowerCase() as Scope)]);
}
