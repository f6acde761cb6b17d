import type { BetterAuthPlugin, GenericEndpointContext } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import { deleteSessionCookie } from 'better-auth/cookies';
import type { SessionId, UserId } from '../platform/ids.js';
import type { Client } from './active-session.js';
import { asAPIError, IP_ADDRESS_HEADER } from './ask-library.js';
import {
  CHALLENGE_COOKIE,
  CHALLENGE_S,
  insertChallenge,
} from './second-factor-challenge.gateway.js';

export interface SecondFactorOptions {
  /** Called for each new session that may be used. */
  readonly onSignIn: (userId: UserId, client: Client) => Promise<void>;
  /** Counts a code before it is looked at. @throws AppError RATE_LIMITED */
  readonly onCode: (userId: UserId) => Promise<void>;
  /** The code was right. */
  readonly onCodeAccepted: (userId: UserId) => Promise<void>;
  /** The person has shown a second factor in the session. */
  readonly onSecondFactor: (sessionId: SessionId) => Promise<void>;
  /** The person has taken a second factor away; there may be others. */
  readonly onSecondFactorRemoved: (userId: UserId) => Promise<void>;
  /** @throws AppError FORBIDDEN unless the person has proved lately who they are */
  readonly requireRecentProof: (sessionId: SessionId) => Promise<void>;
}

const VERIFY_TOTP = '/two-factor/verify-totp';
const CODE_PATHS: readonly string[] = [VERIFY_TOTP, '/two-factor/verify-backup-code'];
/** What whoever has found an open browser would do first. */
const GUARDED_PATHS: readonly string[] = [
  '/link-social',
  '/unlink-account',
  '/two-factor/disable',
  '/two-factor/enable',
  '/two-factor/generate-backup-codes',
];
/** The old password is a proof, but not of somebody who has a second factor. */
const CHANGE_PASSWORD = '/change-password';
const DISABLE_PATH = '/two-factor/disable';
const PASSWORD_PATH = '/sign-in/email';
const PROVIDER_CALLBACK = '/callback/:id';
/** Sign-ins by a provider, such as GitHub: the library asks for no code after them. */
const PROVIDER_PATHS: readonly string[] = ['/sign-in/social', PROVIDER_CALLBACK];

/** Longer than a code is accepted. */
const USED_CODE_MS = 3 * 60_000;
/** Of any code. */
const CODE_CHARS_MAX = 64;

/**
 * What the library's second factor leaves open: codes are counted for a person, at sign-in and after it; an
 * authenticator's code works once; and a session counts as a sign-in only once nothing more is asked for. Comes after
 * the plugin `twoFactor`, which ends such a session.
 */
export function secondFactorHooks(options: SecondFactorOptions): BetterAuthPlugin {
  return {
    id: 'second-factor-hooks',
    hooks: {
      before: [
        {
          matcher: ({ path }) => CODE_PATHS.includes(path ?? ''),
          handler: createAuthMiddleware(async (context) => {
            const { code } = (context.body ?? {}) as { code?: unknown };
            if (typeof code !== 'string' || code.length > CODE_CHARS_MAX) {
              throw new APIError('BAD_REQUEST', {
                message: 'A code is a text of up to 64 characters.',
              });
            }
            const userId = await whoseCode(context);
            if (userId !== undefined) {
              await asAPIError(() => options.onCode(userId));
              if (context.path === VERIFY_TOTP) await useOnce(context, userId, code);
            }
            // The library would not ask that browser for a code in 30 days, whatever happens to password and second factor.
            return { context: { body: { ...(context.body as object), trustDevice: false } } };
          }),
        },
        {
          matcher: ({ path }) => path === CHANGE_PASSWORD || GUARDED_PATHS.includes(path ?? ''),
          handler: createAuthMiddleware(async (context) => {
            const found = await getSessionFromCtx(context);
            if (found === null) return;
            const { twoFactorEnabled } = found.user as { twoFactorEnabled?: boolean };
            if (context.path === CHANGE_PASSWORD && twoFactorEnabled !== true) return;
            await asAPIError(() => options.requireRecentProof(found.session.id as SessionId));
          }),
        },
      ],
      after: [
        {
          matcher: ({ path }) => PROVIDER_PATHS.includes(path ?? ''),
          handler: askForCode,
        },
        {
          matcher: (context) => isUndecided(context),
          handler: createAuthMiddleware(async ({ context, headers }) => {
            const { newSession } = context;
            if (newSession === null) return;
            await options.onSignIn(newSession.user.id as UserId, clientOf(headers));
          }),
        },
        {
          matcher: ({ path }) => CODE_PATHS.includes(path ?? ''),
          handler: createAuthMiddleware(async ({ context }) => {
            const found = context.newSession ?? context.session;
            if (found === null || isAPIError(context.returned)) return;
            const { user, session } = found;
            await options.onCodeAccepted(user.id as UserId);
            await options.onSecondFactor(session.id as SessionId);
          }),
        },
        {
          matcher: ({ path }) => path === DISABLE_PATH,
          handler: createAuthMiddleware(async ({ context }) => {
            const { session, returned } = context;
            if (session === null || isAPIError(returned)) return;
            await options.onSecondFactorRemoved(session.user.id as UserId);
          }),
        },
      ],
    },
  };
}

/** Whether a new session still waits for what this file decides. */
export function isUndecided(context: { path?: string | undefined } | null): boolean {
  const { path = '' } = context ?? {};
  return path === PASSWORD_PATH || PROVIDER_PATHS.includes(path);
}

/** Ends the session of somebody with a second factor: their sign-in waits for a code, as after a password. */
const askForCode = createAuthMiddleware(async (context) => {
  const { newSession, internalAdapter, createAuthCookie, secret, responseHeaders, baseURL } =
    context.context;
  const { twoFactorEnabled } = (newSession?.user ?? {}) as { twoFactorEnabled?: boolean };
  if (newSession === null || twoFactorEnabled !== true) return;
  deleteSessionCookie(context, true);
  await internalAdapter.deleteSession(newSession.session.token);
  context.context.setNewSession(null);
  const { name, attributes } = createAuthCookie(CHALLENGE_COOKIE, { maxAge: CHALLENGE_S });
  const waiting = await insertChallenge(context.context, newSession.user.id);
  await context.setSignedCookie(name, waiting, secret, attributes);
  if (context.path !== PROVIDER_CALLBACK) {
    return context.json({ twoFactorRedirect: true, twoFactorMethods: ['totp'] });
  }
  const page = new URL(responseHeaders?.get('location') ?? '/', baseURL);
  page.searchParams.set('secondFactor', 'required');
  throw context.redirect(page.href);
});

/** Of the session, or of the sign-in that waits. */
async function whoseCode(context: GenericEndpointContext): Promise<UserId | undefined> {
  const found = await getSessionFromCtx(context);
  if (found !== null) return found.user.id as UserId;
  const { name } = context.context.createAuthCookie(CHALLENGE_COOKIE);
  const challenge = await context.getSignedCookie(name, context.context.secret);
  if (typeof challenge !== 'string') return undefined;
  const waiting = await context.context.internalAdapter.findVerificationValue(challenge);
  return waiting?.value as UserId | undefined;
}

/** Whoever looks over a shoulder cannot use the code again. */
async function useOnce(
  { context }: GenericEndpointContext,
  userId: UserId,
  code: string,
): Promise<void> {
  const isFirst = await context.internalAdapter.reserveVerificationValue({
    identifier: `used-code:${userId}:${code}`,
    value: userId,
    // eslint-disable-next-line no-restricted-syntax -- The library compares it with this server's clock, as all it stores.
    expiresAt: new Date(Date.now() + USED_CODE_MS),
  });
  if (isFirst) return;
  throw new APIError('UNAUTHORIZED', {
    code: 'INVALID_CODE',
    message: 'The code was used already. Wait for the next one.',
  });
}

function clientOf(headers: Headers | undefined): Client {
  return {
    ipAddress: headers?.get(IP_ADDRESS_HEADER) ?? '',
    userAgent: headers?.get('user-agent') ?? undefined,
  };
}
