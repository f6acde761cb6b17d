import { AppError } from '../errors.js';
import { askLibrary } from './ask-library.js';
import { signedCookie } from './bearer-session.gateway.js';
import type { Auth } from './better-auth.gateway.js';
import { CHALLENGE_COOKIE, insertChallenge } from './second-factor-challenge.gateway.js';

/** A session that has begun: its token for a program, the values of `set-cookie` for a browser. */
export interface SignedIn {
  readonly token: string;
  readonly cookies: readonly string[];
}

const TOTP = /^\d{6}$/;

/**
 * Checks a code of an authenticator app, or a recovery code, which works once.
 * @param headers of a session, or of a sign-in that waits
 * @throws AppError UNAUTHENTICATED, RATE_LIMITED
 */
export async function verifyCode(auth: Auth, headers: Headers, code: string): Promise<SignedIn> {
  const body = { code: code.trim() };
  const asked = { body, headers, returnHeaders: true } as const;
  const answer = await askLibrary(() =>
    TOTP.test(body.code) ? auth.api.verifyTOTP(asked) : auth.api.verifyBackupCode(asked),
  );
  const { token } = answer.response as { token: string };
  return { token, cookies: answer.headers.getSetCookie() };
}

/** Begins a sign-in of somebody who is known so far, as the library does after a password. @returns its cookie */
export async function challenge(auth: Auth, userId: string): Promise<string> {
  const context = await auth.$context;
  const waiting = await insertChallenge(context, userId);
  return `${context.createAuthCookie(CHALLENGE_COOKIE).name}=${signedCookie(waiting, context.secret)}`;
}

/** A request's cookies, from what an answer sets. */
export function cookiesOf(answer: Headers): string {
  return answer
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0] ?? '')
    .filter((cookie) => !cookie.endsWith('='))
    .join('; ');
}

/** What a sign-in without the code that it needs is answered. */
export function secondFactorNeeded(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'A second factor is required. Retry with `code`: a code from your authenticator app, or a recovery code.',
    { details: { secondFactor: true } },
  );
}
