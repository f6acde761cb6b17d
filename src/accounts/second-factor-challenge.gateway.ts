import { randomBytes } from 'node:crypto';
import type { AuthContext } from 'better-auth';

/** Name of the cookie in which the library keeps a sign-in that waits for a code. */
export const CHALLENGE_COOKIE = 'two_factor';

/** How long a sign-in waits for a code. */
export const CHALLENGE_S = 600;

/** Starts a sign-in that waits for a code, as the library does after a password. @returns the value of its cookie */
export async function insertChallenge(
  { internalAdapter }: Pick<AuthContext, 'internalAdapter'>,
  userId: string,
): Promise<string> {
  const identifier = `2fa-${randomBytes(15).toString('hex')}`;
  // eslint-disable-next-line no-restricted-syntax -- The library compares it with this server's clock, as all it stores.
  const expiresAt = new Date(Date.now() + CHALLENGE_S * 1_000);
  await internalAdapter.createVerificationValue({ identifier, value: userId, expiresAt });
  const attempts = { identifier: `2fa-attempts-${identifier}`, value: '0', expiresAt };
  await internalAdapter.createVerificationValue(attempts);
  return identifier;
}
