import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { createAuthMiddleware, isAPIError } from 'better-auth/api';
import { bearer, magicLink } from 'better-auth/plugins';
import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { newId, type UserId } from '../platform/ids.js';
import type { Mailer } from '../platform/mailer.js';
import type { PasswordHasher } from './password-hasher.service.js';

export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

export type PersonalAct = 'user.signed-in' | 'user.email-verified' | 'user.password-reset';

export interface IdentityOptions {
  readonly db: Pick<Database, 'prisma' | 'query'>;
  readonly mailer: Mailer;
  /** Every door that takes a password goes through it. */
  readonly passwords: Pick<PasswordHasher, 'hash' | 'verify' | 'refuseWhenFull'>;
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

/** Of the library's routes, those that hash a password for anybody. */
const HASHES_FOR_ANYBODY = new Set(['/sign-in/email', '/sign-up/email', '/reset-password']);

const SESSION_S = 7 * 24 * 3_600;
const MAIL_LINK_S = 15 * 60;
const LINK_OVER = 'The link is not valid. It works once, and for a while: ask for a new one.';

/** Where better-auth reads the address that a person comes from; we set it, and nobody else. */
export const IP_ADDRESS_HEADER = 'x-gigarouter-ip';

/**
 * Who people are: passwords, links by mail, OAuth, sessions. All of it is better-auth's; this is the door
 * to it, and turns what it says into our errors.
 */
export class IdentityGateway {
  private readonly auth: ReturnType<typeof createAuth>;

  private readonly db: IdentityOptions['db'];

  constructor(options: IdentityOptions) {
    this.auth = createAuth(options);
    this.db = options.db;
  }

  /** Answers a request to IDENTITY_PATH. */
  handle(request: Request): Promise<Response> {
    return this.auth.handler(request);
  }

  /**
   * The session that the headers carry, as cookie or bearer token.
   * @param prolongs whether it lasts longer for having been used
   */
  async findSession(
    headers: Headers,
    { prolongs }: { prolongs: boolean },
  ): Promise<{ userId: UserId; expiresAt: Date } | undefined> {
    const query = { disableRefresh: !prolongs };
    const session = await this.auth.api.getSession({ headers, query });
    if (session === null) return undefined;
    return { userId: session.user.id as UserId, expiresAt: session.session.expiresAt };
  }

  /**
   * Those of these tokens that belong to a session, in their order; undefined where there is none.
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async findTokens(tokens: readonly string[]): Promise<(string | undefined)[]> {
    const rows = await this.db.query<{ token: string }>(
      'SELECT token FROM session WHERE token = ANY ($1::text[])',
      [tokens],
    );
    const known = new Set(rows.map(({ token }) => token));
    return tokens.map((token) => (known.has(token) ? token : undefined));
  }

  /** Says nothing about whether the address is known: its owner gets a mail either way. */
  async signUp(person: { email: string; password: string; name: string }): Promise<void> {
    await this.ask(() => this.auth.api.signUpEmail({ body: person }));
  }

  /** @returns a session's token, for `authorization: Bearer`. @throws AppError UNAUTHENTICATED */
  async signIn(body: { email: string; password: string }, ipAddress: string): Promise<string> {
    const headers = headersFrom(ipAddress);
    const { token } = await this.ask(() => this.auth.api.signInEmail({ body, headers }));
    return token;
  }

  /** @returns values of `set-cookie` that make a browser forget its cookies */
  async signOut(headers: Headers): Promise<string[]> {
    const answer = await this.ask(() => this.auth.api.signOut({ headers, returnHeaders: true }));
    return answer.headers.getSetCookie();
  }

  /** @throws AppError BAD_USER_INPUT for a link that was used, has expired or was never sent */
  async verifyEmail(token: string): Promise<void> {
    await this.ask(() => this.auth.api.verifyEmail({ query: { token } }), true);
  }

  async requestMagicLink(email: string): Promise<void> {
    await this.ask(() =>
      this.auth.api.signInMagicLink({ body: { email }, headers: new Headers() }),
    );
  }

  /** @returns a session's token. @throws AppError BAD_USER_INPUT as `verifyEmail` */
  async signInWithMagicLink(token: string, ipAddress: string): Promise<string> {
    const headers = headersFrom(ipAddress);
    const answer = await this.ask(() =>
      this.auth.api.magicLinkVerify({ query: { token }, headers }),
    );
    return answer.token;
  }

  async requestPasswordReset(email: string): Promise<void> {
    await this.ask(() => this.auth.api.requestPasswordReset({ body: { email } }));
  }

  /** Ends all of the person's sessions. @throws AppError BAD_USER_INPUT */
  async resetPassword(token: string, newPassword: string): Promise<void> {
    await this.ask(() => this.auth.api.resetPassword({ body: { token, newPassword } }));
  }

  private async ask<T>(call: () => Promise<T>, isLink = false): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!isAPIError(error)) throw error;
      const { statusCode, body } = error;
      // It answers a link that is over by leading a browser elsewhere, or by 401.
      if (statusCode === 302 || (isLink && statusCode === 401)) {
        throw new AppError('BAD_USER_INPUT', LINK_OVER, { cause: error });
      }
      const message = body?.message ?? 'The request was refused.';
      if (statusCode === 401) throw new AppError('UNAUTHENTICATED', message, { cause: error });
      if (statusCode === 403) throw new AppError('FORBIDDEN', message, { cause: error });
      if (statusCode === 429) throw new AppError('RATE_LIMITED', message, { cause: error });
      if (statusCode < 500) throw new AppError('BAD_USER_INPUT', message, { cause: error });
      throw error;
    }
  }
}

function createAuth(options: IdentityOptions) {
  const { db, mailer, passwords, publicUrl, trustedOrigins, secret, github, google } = options;
  const link = (path: string, token: string) =>
    `${publicUrl}/auth/${path}?token=${encodeURIComponent(token)}`;
  return betterAuth({
    appName: 'gigarouter',
    baseURL: publicUrl,
    basePath: IDENTITY_PATH,
    secret,
    database: prismaAdapter(db.prisma, { provider: 'postgresql' }),
    logger: { disabled: true },
    telemetry: { enabled: false },
    // Errors that are not the library's, such as an outage or a full queue, are answered as on every route.
    onAPIError: { throw: true },
    trustedOrigins: [publicUrl, ...trustedOrigins],
    user: {
      additionalFields: { operator: { type: 'boolean', input: false, defaultValue: false } },
    },
    account: { modelName: 'identity', accountLinking: { enabled: true, trustedProviders: [] } },
    session: { expiresIn: SESSION_S, updateAge: 24 * 3_600, cookieCache: { enabled: false } },
    emailAndPassword: {
      enabled: true,
      // Until then, an address that is taken and one that is new are answered alike.
      requireEmailVerification: true,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      password: {
        hash: (password) => passwords.hash(password),
        verify: (attempt) => passwords.verify(attempt),
      },
      revokeSessionsOnPasswordReset: true,
      onPasswordReset: async ({ user }) => {
        await options.onAct(user.id as UserId, 'user.password-reset', undefined);
      },
      resetPasswordTokenExpiresIn: MAIL_LINK_S,
      sendResetPassword: async ({ user, token }) => {
        await mailer.send({
          to: user.email,
          subject: 'Set a new password',
          text: `Open this to set a new password; it works once, for 15 minutes:\n\n${link('reset-password', token)}\n\nIf you did not ask for it, do nothing.\n`,
        });
      },
      onExistingUserSignUp: async ({ user }) => {
        await mailer.send({
          to: user.email,
          subject: 'You have an account already',
          text: `Somebody, perhaps you, tried to sign up with this address. Sign in, or set a new password:\n\n${publicUrl}\n`,
        });
      },
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      expiresIn: 24 * 3_600,
      sendVerificationEmail: async ({ user, token }) => {
        await mailer.send({
          to: user.email,
          subject: 'Confirm your address',
          text: `Open this to confirm your address; it works for a day:\n\n${link('verify-email', token)}\n`,
        });
      },
    },
    socialProviders: {
      ...(github === undefined ? {} : { github: { ...github } }),
      ...(google === undefined ? {} : { google: { ...google } }),
    },
    plugins: [
      bearer(),
      magicLink({
        expiresIn: MAIL_LINK_S,
        storeToken: 'hashed',
        sendMagicLink: async ({ email, token }) => {
          await mailer.send({
            to: email,
            subject: 'Your link to sign in',
            text: `Open this to sign in; it works once, for 15 minutes:\n\n${link('magic-link', token)}\n\nIf you did not ask for it, do nothing.\n`,
          });
        },
      }),
    ],
    rateLimit: { enabled: true, storage: 'memory', window: 60, max: 60 },
    advanced: {
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
    hooks: {
      // Before the database is asked: a flood is refused at the least cost.
      before: createAuthMiddleware(({ path }) => {
        if (HASHES_FOR_ANYBODY.has(path)) passwords.refuseWhenFull();
        return Promise.resolve();
      }),
    },
    databaseHooks: {
      user: {
        create: {
          after: async (user) => {
            const { name, email, emailVerified } = user;
            const id = user.id as UserId;
            await options.onUserCreated({ id, name, email });
            if (emailVerified) await options.onEmailVerified({ id, email });
          },
        },
        update: {
          after: async ({ id, email, emailVerified }) => {
            if (!emailVerified) return;
            await options.onEmailVerified({ id: id as UserId, email });
            await options.onAct(id as UserId, 'user.email-verified', undefined);
          },
        },
      },
      session: {
        create: {
          after: async ({ userId, ipAddress }) => {
            await options.onAct(userId as UserId, 'user.signed-in', ipAddress ?? undefined);
          },
        },
      },
    },
  });
}

/** A request that comes from an address of the network. */
function headersFrom(ipAddress: string): Headers {
  return new Headers({ [IP_ADDRESS_HEADER]: ipAddress });
}
