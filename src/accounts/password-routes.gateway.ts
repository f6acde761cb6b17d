import { createAuthMiddleware } from 'better-auth/api';
import type { PasswordHasher } from './password-hasher.service.js';

/** Of the identity library's routes, those that hash a password for anybody. */
const HASHES_FOR_ANYBODY = new Set(['/sign-in/email', '/reset-password']);

/** A hook of the identity library. Refuses before the database is asked: a flood is refused at the least cost. */
export function refuseWhenFull(passwords: Pick<PasswordHasher, 'refuseWhenFull'>) {
  return createAuthMiddleware(({ path }) => {
    if (HASHES_FOR_ANYBODY.has(path)) passwords.refuseWhenFull();
    return Promise.resolve();
  });
}
