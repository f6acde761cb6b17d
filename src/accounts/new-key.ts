import { AppError } from '../errors.js';
import type { CapPeriod, KeyScope } from './api-key.js';

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

const NAME_CHARS_MAX = 100;
const MODELS_MAX = 100;
const SLUG_CHARS_MAX = 300;

/** @throws AppError BAD_USER_INPUT */
export function checkNewKey(key: NewKey, now: Date): void {
  const { scopes, spendCapNanos, models = [], ratePerMinute, expiresAt } = key;
  const name = key.name.trim();
  if (name === '' || name.length > NAME_CHARS_MAX || /\p{Cc}/u.test(name)) {
    throw badKey('name', `A key’s name has 1 to ${String(NAME_CHARS_MAX)} characters.`);
  }
  if (scopes.length === 0) throw badKey('scopes', 'A key needs at least one scope.');
  if (spendCapNanos !== undefined && spendCapNanos < 0n) {
    throw badKey('spendCapNanos', 'A cap is 0 or more.');
  }
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

export function badKey(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
