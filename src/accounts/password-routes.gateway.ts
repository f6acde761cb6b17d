import { createAuthMiddleware, getSessionFromCtx } from 'better-auth/api';
import { asAPIError } from './ask-library.js';
import { checkPassword } from './password.js';
import type { PasswordHasher } from './password-hasher.service.js';

/** Of the identity library's routes, those that hash a password for anybody. */
const HASHES_FOR_ANYBODY = new Set(['/sign-in/email', '/reset-password']);

/**
 * A hook of the identity library, before a route that takes a password. Refuses a flood before the database is asked, at
 * the least cost, and a new password that is not accepted.
 */
export function guardPasswordRoutes(passwords: Pick<PasswordHasher, 'refuseWhenFull'>) {
  return createAuthMiddleware(async (context) => {
    if (HASHES_FOR_ANYBODY.has(context.path)) passwords.refuseWhenFull();
    if (context.path !== '/change-password') return;
    const session = await getSessionFromCtx(context);
    const { newPassword } = context.body as { newPassword?: unknown };
    if (session === null || typeof newPassword !== 'string') return;
    await asAPIError(() => {
      checkPassword(newPassword, session.user);
    });
  });
}
