import { passkey } from '@better-auth/passkey';
import type { BetterAuthPlugin } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import { checkName } from '../platform/name.js';
import type { SessionId, UserId } from '../platform/ids.js';
import { asAPIError, IP_ADDRESS_HEADER } from './ask-library.js';

export interface PasskeyOptions {
  readonly publicUrl: string;
  readonly trustedOrigins: readonly string[];
  /** @throws AppError FORBIDDEN unless the person has proved lately who they are */
  readonly requireRecentProof: (sessionId: SessionId) => Promise<void>;
  /** The person has shown a second factor in the session. */
  readonly onSecondFactor: (sessionId: SessionId) => Promise<void>;
  readonly onSecondFactorRemoved: (userId: UserId) => Promise<void>;
  readonly onAct: (
    userId: UserId,
    act: 'user.passkey-added' | 'user.passkey-removed',
    ipAddress: string | undefined,
  ) => Promise<void>;
}

const PASSKEYS_MAX = 20;

const ADD = '/passkey/verify-registration';
const REMOVE = '/passkey/delete-passkey';
const SIGN_IN = '/passkey/verify-authentication';
/** What whoever has found an open browser would do first. */
const GUARDED_PATHS: readonly string[] = ['/passkey/generate-register-options', ADD, REMOVE];
const NAMED_PATHS: readonly string[] = [ADD, '/passkey/update-passkey'];

/** The library's passkeys; each is unlocked by its person, so that it is possession and knowledge or body at once. */
export function passkeys({ publicUrl, trustedOrigins }: PasskeyOptions) {
  return passkey({
    rpID: new URL(publicUrl).hostname,
    rpName: 'gigarouter',
    origin: [new URL(publicUrl).origin, ...trustedOrigins],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    advanced: { webAuthnChallengeCookie: 'passkey' },
    // The library accepts a key that anybody can use who holds it.
    registration: {
      afterVerification: ({ verification }) => {
        requireUnlocking(verification.registrationInfo?.userVerified);
      },
    },
    authentication: {
      afterVerification: ({ verification }) => {
        requireUnlocking(verification.authenticationInfo.userVerified);
      },
    },
  });
}

/** What the library leaves open: proofs before changes, limits, the audit log, and what a sign-in by passkey proves. */
export function passkeyHooks(options: PasskeyOptions): BetterAuthPlugin {
  return {
    id: 'passkey-hooks',
    hooks: {
      before: [
        {
          matcher: ({ path }) => GUARDED_PATHS.includes(path ?? ''),
          handler: createAuthMiddleware(async (context) => {
            const found = await getSessionFromCtx(context);
            if (found === null) return;
            await asAPIError(() => options.requireRecentProof(found.session.id as SessionId));
            if (context.path === REMOVE) return;
            const where = [{ field: 'userId', value: found.user.id }];
            const count = await context.context.adapter.count({ model: 'passkey', where });
            if (count < PASSKEYS_MAX) return;
            const message = `You have ${String(PASSKEYS_MAX)} passkeys. Remove one first.`;
            throw new APIError('CONFLICT', { code: 'CONFLICT', message });
          }),
        },
        {
          matcher: ({ path }) => NAMED_PATHS.includes(path ?? ''),
          handler: createAuthMiddleware(async ({ body }) => {
            const { name } = (body ?? {}) as { name?: unknown };
            if (typeof name === 'string') await asAPIError(() => checkName(name));
          }),
        },
      ],
      after: [
        {
          matcher: ({ path }) => path === SIGN_IN,
          handler: createAuthMiddleware(async ({ context }) => {
            const { newSession } = context;
            if (newSession === null) return;
            await options.onSecondFactor(newSession.session.id as SessionId);
          }),
        },
        {
          matcher: ({ path }) => path === ADD || path === REMOVE,
          handler: createAuthMiddleware(async ({ path, context, headers }) => {
            const { session, returned } = context;
            if (session === null || isAPIError(returned)) return;
            const userId = session.user.id as UserId;
            const act = path === ADD ? 'user.passkey-added' : 'user.passkey-removed';
            const ipAddress = headers?.get(IP_ADDRESS_HEADER) ?? undefined;
            await options.onAct(userId, act, ipAddress);
            if (path === REMOVE) await options.onSecondFactorRemoved(userId);
          }),
        },
      ],
    },
  };
}

function requireUnlocking(userVerified: boolean | undefined): void {
  if (userVerified === true) return;
  throw new APIError('UNAUTHORIZED', {
    code: 'USER_VERIFICATION_REQUIRED',
    message: 'The passkey has to be unlocked, by a PIN, a finger or a face.',
  });
}
