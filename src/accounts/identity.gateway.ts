import { randomBytes } from 'node:crypto';
import { isAPIError } from 'better-auth/api';
import { AppError } from '../errors.js';
import type { SessionId, UserId } from '../platform/ids.js';
import type { Client } from './active-session.js';
import {
  type Auth,
  createAuth,
  IDENTITY_PATH,
  type IdentityOptions,
  IP_ADDRESS_HEADER,
  MAIL_LINK_S,
  mailLink,
} from './better-auth.gateway.js';
import { knownAddressMail, passwordResetMail, signUpMail } from './identity-mail.js';
import { checkPassword } from './password.js';
import { hashSessionToken } from './session-token.js';
import { findTokenHashes } from './sessions.store.js';

/** How long a link that confirms an address works. */
const SIGN_UP_LINK_S = 24 * 3_600;

/** What is kept of a sign-up until the address is confirmed. */
interface PendingSignUp {
  readonly email: string;
  readonly name: string;
}

/**
 * What of the library's own routes is used, by method and path: what needs a browser's cookies. Mails, tokens of
 * OAuth providers and lists of sessions are not there; GraphQL has them where there is a use for them.
 */
const ROUTES = [
  /^GET \/(?:ok|error|get-session|list-accounts|callback\/[\w-]+)$/,
  /^POST \/(?:sign-in\/(?:email|social)|sign-out|callback\/[\w-]+)$/,
  /^POST \/(?:change-password|update-user|link-social|unlink-account)$/,
];

/**
 * Who people are: passwords, links by mail, OAuth, sessions. All of it is better-auth's; this is the door
 * to it, and turns what it says into our errors.
 */
export class IdentityGateway {
  private readonly auth: Auth;

  constructor(private readonly options: IdentityOptions) {
    this.auth = createAuth(options);
  }

  /**
   * Answers a request to IDENTITY_PATH. Sessions come and go as cookies: no answer contains a token that a script
   * could read.
   * @throws AppError NOT_FOUND, RATE_LIMITED
   */
  async handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(IDENTITY_PATH.length);
    if (!ROUTES.some((route) => route.test(`${request.method} ${path}`))) {
      throw new AppError('NOT_FOUND', 'There is nothing at this address.');
    }
    const answer = await this.auth.handler(request);
    if (answer.status !== 429) return withoutTokens(answer);
    const retryAfterS = Number(answer.headers.get('x-retry-after') ?? 60);
    throw new AppError('RATE_LIMITED', `Too many requests. Wait ${String(retryAfterS)} s.`, {
      details: { retryAfterS },
    });
  }

  /** The session that the headers carry, as cookie or bearer token. */
  async findSession(
    headers: Headers,
  ): Promise<{ id: SessionId; userId: UserId; expiresAt: Date } | undefined> {
    const found = await this.auth.api.getSession({ headers });
    if (found === null) return undefined;
    const { session, user } = found;
    return {
      id: session.id as SessionId,
      userId: user.id as UserId,
      expiresAt: session.expiresAt,
    };
  }

  /**
   * Those of these tokens that belong to a session, in their order; undefined where there is none.
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async findTokens(tokens: readonly string[]): Promise<(string | undefined)[]> {
    const known = await findTokenHashes(this.options.db, tokens.map(hashSessionToken));
    return tokens.map((token) => (known.has(hashSessionToken(token)) ? token : undefined));
  }

  /**
   * Mails a link with which the owner of the address confirms it and chooses a password: nobody else can have chosen
   * one before. A person who has an account is told so instead.
   */
  async sendSignUpLink({ email, name }: { email: string; name: string }): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const known = await internalAdapter.findUserByEmail(email);
    if (known?.user.emailVerified === true) {
      await this.options.mailer.send({ to: email, ...knownAddressMail(this.options.publicUrl) });
      return;
    }
    const value = JSON.stringify({ email, name } satisfies PendingSignUp);
    const token = await this.createLinkToken('sign-up', value, SIGN_UP_LINK_S);
    const link = mailLink(this.options.publicUrl, 'verify-email', token);
    await this.options.mailer.send({ to: email, ...signUpMail(link) });
  }

  /**
   * The owner of the address becomes a person, with this password.
   * @throws AppError BAD_USER_INPUT for a link that was used, has expired, was replaced by a newer one or was never
   *   sent; and for a password that is not accepted, after which the link still works
   */
  async confirmSignUp(token: string, password: string): Promise<void> {
    const { internalAdapter, password: passwords } = await this.auth.$context;
    const identifier = `sign-up:${token}`;
    const pending = await internalAdapter.findVerificationValue(identifier);
    if (pending === null) throw linkOver();
    const { email, name } = JSON.parse(pending.value) as PendingSignUp;
    checkPassword(password, { email, name });
    const hash = await passwords.hash(password);
    if ((await internalAdapter.consumeVerificationValue(identifier)) === null) throw linkOver();
    const known = await internalAdapter.findUserByEmail(email);
    // Confirmed in another way since: a password is set by a link for that then.
    if (known?.user.emailVerified === true) throw linkOver();
    if (known === null) {
      const source = { method: 'email-password' } as const;
      const user = await internalAdapter.createUser({ email, name, emailVerified: true }, source);
      await this.setPassword(user.id, hash);
      return;
    }
    // From before addresses were confirmed first, or from a provider that did not vouch for it: whatever leads to this
    // person was set up by somebody who did not show that the address is theirs.
    await internalAdapter.deleteAccounts(known.user.id);
    await internalAdapter.deleteUserSessions(known.user.id);
    await this.setPassword(known.user.id, hash);
    await internalAdapter.updateUser(known.user.id, { emailVerified: true });
    await this.options.onAct(known.user.id as UserId, 'user.email-verified', undefined);
  }

  /** @returns a session's token, for `authorization: Bearer`. @throws AppError UNAUTHENTICATED */
  async signIn(body: { email: string; password: string }, client: Client): Promise<string> {
    const headers = headersFrom(client);
    const { token } = await this.ask(() => this.auth.api.signInEmail({ body, headers }));
    return token;
  }

  /** @returns values of `set-cookie` that make a browser forget its cookies */
  async signOut(headers: Headers): Promise<string[]> {
    const answer = await this.ask(() => this.auth.api.signOut({ headers, returnHeaders: true }));
    return answer.headers.getSetCookie();
  }

  async sendMagicLink(email: string): Promise<void> {
    await this.ask(() =>
      this.auth.api.signInMagicLink({ body: { email }, headers: new Headers() }),
    );
  }

  /**
   * @returns a session: its token for a program, the values of `set-cookie` for a browser
   * @throws AppError BAD_USER_INPUT for a link that is over
   */
  async signInWithMagicLink(
    token: string,
    { ipAddress, userAgent }: Client,
  ): Promise<{ token: string; cookies: string[] }> {
    const headers = headersFrom({ ipAddress, userAgent });
    const answer = await this.ask(() =>
      this.auth.api.magicLinkVerify({ query: { token }, headers, returnHeaders: true }),
    );
    return { token: answer.response.token, cookies: answer.headers.getSetCookie() };
  }

  /** Mails nothing where nobody has the address. */
  async sendPasswordResetLink(email: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const known = await internalAdapter.findUserByEmail(email);
    if (known === null) return;
    const token = await this.createLinkToken('reset-password', known.user.id, MAIL_LINK_S);
    const link = mailLink(this.options.publicUrl, 'reset-password', token);
    await this.options.mailer.send({ to: email, ...passwordResetMail(link) });
  }

  /** Ends all of the person's sessions. @throws AppError BAD_USER_INPUT */
  async resetPassword(token: string, newPassword: string, ipAddress: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const link = await internalAdapter.findVerificationValue(`reset-password:${token}`);
    const user = link === null ? null : await internalAdapter.findUserById(link.value);
    if (user === null) throw linkOver();
    checkPassword(newPassword, user);
    await this.ask(() => this.auth.api.resetPassword({ body: { token, newPassword } }));
    await this.options.onAct(user.id as UserId, 'user.password-reset', ipAddress);
  }

  /** @param purpose as the library looks for it */
  private async createLinkToken(purpose: string, value: string, lifeS: number): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const { internalAdapter } = await this.auth.$context;
    await internalAdapter.createVerificationValue({
      identifier: `${purpose}:${token}`,
      value,
      // eslint-disable-next-line no-restricted-syntax -- The library compares it with this server's clock, as all it stores.
      expiresAt: new Date(Date.now() + lifeS * 1_000),
    });
    return token;
  }

  private async setPassword(userId: string, password: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const providerId = 'credential';
    await internalAdapter.linkAccount({ userId, providerId, accountId: userId, password });
  }

  private async ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!isAPIError(error)) throw error;
      const { statusCode, body } = error;
      // It answers a link that is over by leading a browser elsewhere.
      if (statusCode === 302) throw linkOver(error);
      const message = body?.message ?? 'The request was refused.';
      if (statusCode === 401) throw new AppError('UNAUTHENTICATED', message, { cause: error });
      if (statusCode === 403) throw new AppError('FORBIDDEN', message, { cause: error });
      if (statusCode === 429) throw new AppError('RATE_LIMITED', message, { cause: error });
      if (statusCode < 500) throw new AppError('BAD_USER_INPUT', message, { cause: error });
      throw error;
    }
  }
}

function linkOver(cause?: unknown): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    'The link is not valid: it was used, has expired, or was replaced by a newer one. Ask for a new one.',
    { cause },
  );
}

/** The library takes both from the request. */
function headersFrom({ ipAddress, userAgent }: Client): Headers {
  const headers = new Headers({ [IP_ADDRESS_HEADER]: ipAddress });
  if (userAgent !== undefined) headers.set('user-agent', userAgent);
  return headers;
}

/** An answer as a browser may have it: the library shows session tokens to scripts, in a header and in JSON. */
async function withoutTokens(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  headers.delete('set-auth-token');
  const { status } = answer;
  if (headers.get('content-type')?.includes('json') !== true) {
    return new Response(answer.body, { status, headers });
  }
  const text = await answer.text();
  headers.delete('content-length');
  return new Response(text === '' ? null : withoutTokenFields(text), { status, headers });
}

function withoutTokenFields(json: string): string {
  return JSON.stringify(
    JSON.parse(json, (name, value: unknown) => (name === 'token' ? undefined : value)),
  );
}
