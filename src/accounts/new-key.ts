import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { checkName } from '../platform/name.js';
import { type CapPeriod, type KeyScope, scopesOfKey } from './api-key.js';

/** What a key is to be. */
export interface NewKey {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly spendCapNanos?: bigint | undefined;
  readonly capPeriod?: CapPeriod | undefined;
  readonly models?: readonly string[] | undefined;
  readonly ratePerMinute?: number | undefined;
  readonly expiresAt?: Date | undefined;
}

const MODELS_MAX = 100;
const SLUG_CHARS_MAX = 300;

/** @throws AppError BAD_USER_INPUT */
export function checkNewKey(key: NewKey, now: Date): void {
  const { scopes, spendCapNanos, models = [], ratePerMinute, expiresAt } = key;
  checkName(key.name);
  if (scopes.length === 0) throw badKey('scopes', 'A key needs at least one scope.');
  checkCap(spendCapNanos ?? null);
  if (models.length > MODELS_MAX || models.some((slug) => slug.length > SLUG_CHARS_MAX)) {
    throw badKey('models', `At most ${String(MODELS_MAX)} models can be listed.`);
  }
  if (ratePerMinute !== undefined && !(ratePerMinute >= 1 && ratePerMinute <= 1_000_000)) {
    throw badKey('ratePerMinute', 'The rate is 1 to 1,000,000 in a minute.');
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    throw badKey('expiresAt', 'The key would have expired already.');
  }
}

/** @throws AppError BAD_USER_INPUT */
export function checkCap(nanos: bigint | null): void {
  if (nanos !== null && nanos < 0n) throw badKey('spendCapNanos', 'A cap is 0 or more.');
}

export function badKey(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}

/** @throws AppError FORBIDDEN when an actor would give a scope that it lacks */
export function refuseMoreThanOwn(actor: Actor, scopes: readonly KeyScope[]): void {
  const own = scopesOfKey(scopes);
  const lacking = [...own].filter((scope) => !actor.scopes.has(scope));
  if (lacking.length > 0) {
    throw new AppError(
      'FORBIDDEN',
      `You cannot give a scope that you do not have: ${lacking.join(', ')}.`,
    );
  }
}
