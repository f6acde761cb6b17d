import { createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import type { UserId } from '../platform/ids.js';
import { asAPIError, IP_ADDRESS_HEADER } from './ask-library.js';
import { checkPassword } from './password.js';
import type { PasswordHasher } from './password-hasher.service.js';

export interface PasswordRoutesOptions {
  /** Every door that takes a password goes through it. */
  readonly passwords: Pick<PasswordHasher, 'hash' | 'verify' | 'refuseWhenFull'>;
  /** Counts a password that is sent in a session, before it is looked at. @throws AppError RATE_LIMITED */
  readonly onPassword: (userId: UserId) => Promise<void>;
  /** The password was right, or was not looked at. */
  readonly onPasswordAccepted: (userId: UserId) => Promise<void>;
  /** Told of a change. */
  readonly onAct: (
    userId: UserId,
    act: 'user.password-changed',
    ipAddress: string | undefined,
  ) => Promise<void>;
}

/** Of the identity library's routes, those that hash a password for anybody. */
const HASHES_FOR_ANYBODY = new Set(['/sign-in/email', '/reset-password']);
/** Those that compare a password with that of the session's person. */
const TAKES_OWN_PASSWORD = new Set([
  '/change-password',
  '/two-factor/disable',
  '/two-factor/enable',
  '/two-factor/generate-backup-codes',
]);

/**
 * A hook of the identity library, before a route that takes a password. Refuses a flood before the database is asked, at
 * the least cost, a new password that is not accepted, and guesses at the password of a stolen session's person.
 */
export function guardPasswordRoutes({ passwords, onPassword }: PasswordRoutesOptions) {
  return createAuthMiddleware(async (context) => {
    if (HASHES_FOR_ANYBODY.has(context.path)) passwords.refuseWhenFull();
    if (!TAKES_OWN_PASSWORD.has(context.path)) return;
    const session = await getSessionFromCtx(context);
    if (session === null) return;
    const { newPassword } = (context.body ?? {}) as { newPassword?: unknown };
    await asAPIError(async () => {
      if (typeof newPassword === 'string') checkPassword(newPassword, session.user);
      await onPassword(session.user.id as UserId);
    });
  });
}

/** A hook after such a route: writes a change down, and forgets what was no wrong guess. */
export function afterPasswordRoutes({ onAct, onPasswordAccepted }: PasswordRoutesOptions) {
  return createAuthMiddleware(async ({ path, headers, context }) => {
    const { session, returned } = context;
    if (!TAKES_OWN_PASSWORD.has(path) || session === null) return;
    const userId = session.user.id as UserId;
    if (!isAPIError(returned) || returned.body?.code !== 'INVALID_PASSWORD') {
      await onPasswordAccepted(userId);
    }
    if (path !== '/change-password' || isAPIError(returned)) return;
    await onAct(userId, 'user.password-changed', headers?.get(IP_ADDRESS_HEADER) ?? undefined);
  });
}
