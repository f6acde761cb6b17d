import { createHash } from 'node:crypto';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { magicLink, twoFactor } from 'better-auth/plugins';
import type { Database } from '../platform/database.js';
import { newId, type UserId } from '../platform/ids.js';
import type { Mailer } from '../platform/mailer.js';
import { asAPIError, IP_ADDRESS_HEADER } from './ask-library.js';
import { checkPersonFields, fitPersonFields, fitUserAgent } from './identity-fields.js';
import { magicLinkMail } from './identity-mail.js';
import { passkeyHooks, passkeys } from './passkey.gateway.js';
import {
  afterPasswordRoutes,
  guardPasswordRoutes,
  type PasswordRoutesOptions,
} from './password-routes.gateway.js';
import { PASSWORD_CHARS } from './password.js';
import {
  isUndecided,
  secondFactorHooks,
  type SecondFactorOptions,
} from './second-factor-hooks.gateway.js';
import { withHashedSessionTokens } from './session-token.js';
import { deleteVerifications } from './sessions.store.js';

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

export type PersonalAct =
  | 'user.email-verified'
  | 'user.passkey-added'
  | 'user.passkey-removed'
  | 'user.password-changed'
  | 'user.password-reset'
  | 'user.second-factor-off'
  | 'user.second-factor-on';

export interface IdentityOptions extends PasswordRoutesOptions, SecondFactorOptions {
  readonly db: Database;
  readonly mailer: Mailer;
  /** Where people reach the server; links in mails begin with it, never with what a request says. */
  readonly publicUrl: string;
  /** Other origins whose pages may use sessions, and may be returned to. */
  readonly trustedOrigins: readonly string[];
  /** Signs cookies and tokens; the same on all replicas. */
  readonly secret: string;
  readonly github: OAuthClient | undefined;
  readonly google: OAuthClient | undefined;
  /** Called once for each new person, before anything else is done for them. */
  readonly onUserCreated: (user: { id: UserId; name: string; email: string }) => Promise<void>;
  /** Told what a person did that matters for security. */
  readonly onAct: (
    userId: UserId,
    act: PersonalAct,
    ipAddress: string | undefined,
  ) => Promise<void>;
  /** Called whenever an address has been verified; may be called again. */
  readonly onEmailVerified: (user: { id: UserId; email: string }) => Promise<void>;
}

/** Path of better-auth's own routes, for the console's cookies and for OAuth. */
export const IDENTITY_PATH = '/api/auth';

/**
 * What of a request's address is the identity library's, as `/sign-in/email`.
 * @param publicUrl PUBLIC_URL; it may have a path
 * @returns undefined for an address that is not below IDENTITY_PATH
 */
export function identityPathOf(url: string, publicUrl: string): string | undefined {
  const base = new URL(publicUrl + IDENTITY_PATH).pathname;
  const { pathname } = new URL(url);
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : undefined;
}

/** How long a session lasts, however often it is used. */
const SESSION_S = 7 * 24 * 3_600;
/** How long a link to sign in, or to set a new password, works. */
export const MAIL_LINK_S = 15 * 60;
/** Begins each stored identifier. */
const HASHED = 'sha256:';

export type Auth = ReturnType<typeof createAuth>;

/** Where a link in a mail leads. @param page of rest/mail-link.routes.ts */
export function mailLink(publicUrl: string, page: string, token: string): string {
  return `${publicUrl}/auth/${page}?token=${encodeURIComponent(token)}`;
}

/** The identity library, configured. */
export function createAuth(options: IdentityOptions) {
  const { db, mailer, passwords, publicUrl, trustedOrigins, secret, github, google } = options;
  return betterAuth({
    appName: 'gigarouter',
    // With its path: a base that has one is taken as it is, and `basePath` is not added.
    baseURL: publicUrl + IDENTITY_PATH,
    basePath: IDENTITY_PATH,
    secret,
    database: withHashedSessionTokens(prismaAdapter(db.prisma, { provider: 'postgresql' })),
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Errors that are not the library's, such as an outage or a full queue, are answered as on every route.
    onAPIError: { throw: true },
    trustedOrigins: [new URL(publicUrl).origin, ...trustedOrigins],
    user: {
      additionalFields: { operator: { type: 'boolean', input: false, defaultValue: false } },
    },
    account: {
      modelName: 'identity',
      accountLinking: { enabled: true, trustedProviders: [] },
      encryptOAuthTokens: true,
    },
    session: {
      additionalFields: {
        secondFactorAt: { type: 'date', input: false, required: false, defaultValue: null },
      },
      expiresIn: SESSION_S,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    verification: { storeIdentifier: { hash: hashIdentifier } },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: PASSWORD_CHARS.min,
      maxPasswordLength: PASSWORD_CHARS.max,
      password: {
        hash: (password) => passwords.hash(password),
        verify: (attempt) => passwords.verify(attempt),
      },
      revokeSessionsOnPasswordReset: true,
      // Whoever signs up has to confirm the address first (mail-links.gateway.ts).
      disableSignUp: true,
    },
    socialProviders: {
      ...(github === undefined ? {} : { github: { ...github } }),
      ...(google === undefined ? {} : { google: { ...google } }),
    },
    plugins: [
      magicLink({
        expiresIn: MAIL_LINK_S,
        storeToken: 'hashed',
        sendMagicLink: async ({ email, token }) => {
          await mailer.send({
            to: email,
            ...magicLinkMail(mailLink(publicUrl, 'magic-link', token)),
          });
        },
      }),
      // Those who sign in by links or a provider may have no password.
      twoFactor({ allowPasswordless: true }),
      secondFactorHooks(options),
      passkeys(options),
      passkeyHooks(options),
    ],
    hooks: {
      after: afterPasswordRoutes(options),
      before: guardPasswordRoutes(options),
    },
    rateLimit: {
      enabled: true,
      storage: 'memory',
      window: 60,
      max: 60,
      // Failures are counted elsewhere (sign-in-limits.service.ts), not people who share an address.
      customRules: {
        '/sign-in/email': false,
        '/change-password': { window: 600, max: 50 },
        // By default three in 10 s, of all who share an address.
        '/two-factor/*': { window: 600, max: 100 },
      },
    },
    advanced: {
      // Checked in tests too: the library would leave it out there.
      disableOriginCheck: false,
      cookiePrefix: 'gigarouter',
      useSecureCookies: publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      // The edge writes the address that it trusts into this header, over whatever was sent.
      ipAddress: { ipAddressHeaders: [IP_ADDRESS_HEADER] },
      database: {
        generateId: ({ model }: { model: string }) =>
          model === 'user' ? newId('usr') : newId('idn'),
      },
    },
    databaseHooks: {
      user: {
        create: {
          before: (user) => Promise.resolve({ data: { ...user, ...fitPersonFields(user) } }),
          after: async (user) => {
            const { name, email, emailVerified } = user;
            const id = user.id as UserId;
            await options.onUserCreated({ id, name, email });
            if (!emailVerified) return;
            await options.onEmailVerified({ id, email });
            await options.onAct(id, 'user.email-verified', undefined);
          },
        },
        update: {
          before: async (user, context) => {
            const { twoFactorEnabled: isOn } = user as { twoFactorEnabled?: boolean };
            const userId = context?.context.session?.user.id as UserId | undefined;
            if (isOn !== undefined && userId !== undefined) {
              const ipAddress = context?.headers?.get(IP_ADDRESS_HEADER) ?? undefined;
              const act = isOn ? 'user.second-factor-on' : 'user.second-factor-off';
              await options.onAct(userId, act, ipAddress);
            }
            return asAPIError(() => ({ data: { ...user, ...checkPersonFields(user) } }));
          },
          after: async ({ id, email, emailVerified }) => {
            if (emailVerified) await options.onEmailVerified({ id: id as UserId, email });
          },
        },
      },
      verification: {
        create: {
          // An older link of the same kind to the same person dies with the newer one.
          before: async ({ identifier, value }) => {
            const purpose = purposeOf(identifier);
            if (purpose !== undefined) await deleteVerifications(db, purpose, value);
          },
        },
      },
      session: {
        create: {
          before: (session) => {
            const userAgent = fitUserAgent(session.userAgent ?? '');
            return Promise.resolve({ data: { ...session, userAgent } });
          },
          after: async ({ userId, ipAddress, userAgent }, context) => {
            if (isUndecided(context)) return;
            await options.onSignIn(userId as UserId, {
              ipAddress: ipAddress ?? '',
              userAgent: userAgent ?? undefined,
            });
          },
        },
      },
    },
  });
}

/**
 * The stored form of what a mail or an OAuth provider carries back: the purpose, which the library writes before the
 * first colon, and a hash. The library also looks for an identifier as it was presented; none begins like this.
 */
function hashIdentifier(identifier: string): Promise<string> {
  const purpose = /^[a-z-]+:/.exec(identifier)?.[0] ?? '';
  const hash = createHash('sha256').update(identifier).digest('hex');
  return Promise.resolve(`${HASHED}${purpose}${hash}`);
}

/** Of a stored identifier, with `sha256:` before it. */
function purposeOf(identifier: string): string | undefined {
  return /^sha256:[a-z-]+:/.exec(identifier)?.[0];
}
