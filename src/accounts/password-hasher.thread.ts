/**
 * Runs in the threads of {@link PasswordHasher}. `scryptSync` computes in the thread that calls it. `scrypt` would take a
 * thread of libuv's pool, which all threads of the process share and image decoding needs.
 */
import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** With `hash`, a comparison; without, a new hash. */
export interface PasswordTask {
  readonly password: string;
  /** Salt and key in hex, as `salt:key`. */
  readonly hash?: string;
}

/** Parameters and form of better-auth's own hashes, so that those made before still verify. */
const COST = { N: 16_384, r: 16, p: 1 } as const;
const KEY_BYTES = 64;
const SALT_BYTES = 16;

/**
 * @returns the new hash, or whether the password is the one that was hashed
 * @throws Error for a `hash` of another form
 */
export function runPasswordTask({ password, hash }: PasswordTask): string | boolean {
  if (hash === undefined) {
    const salt = randomBytes(SALT_BYTES).toString('hex');
    return `${salt}:${keyOf(password, salt).toString('hex')}`;
  }
  const [salt, key] = hash.split(':');
  if (salt === undefined || salt === '' || key === undefined || key === '') {
    throw new Error('The stored password hash has an unknown form.');
  }
  const stored = Buffer.from(key, 'hex');
  const computed = keyOf(password, salt);
  return stored.length === computed.length && timingSafeEqual(stored, computed);
}

function keyOf(password: string, salt: string): Buffer {
  const maxmem = 128 * COST.N * COST.r * 2;
  return scryptSync(password.normalize('NFKC'), salt, KEY_BYTES, { ...COST, maxmem });
}
