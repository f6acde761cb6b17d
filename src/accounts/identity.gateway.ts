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
} from './better-auth.gateway.js';
import { hashSessionToken } from './session-token.js';
import { findTokenHashes } from './sessions.store.js';

const LINK_OVER = 'The link is not valid. It works once, and for a while: ask for a new one.';

/**
 * What of the library's own routes is used, by method and path: what needs a browser's cookies. Mails, tokens of
 * OAuth providers and lists of sessions are not there; GraphQL has them where there is a use for them.
 */
const ROUTES = [
  /^GET \/(?:ok|error|get-session|list-accounts|callback\/[\w-]+)$/,
  /^POST \/(?:sign-in\/(?:email|social)|sign-up\/email|sign-out|callback\/[\w-]+)$/,
  /^POST \/(?:change-password|update-user|link-social|unlink-account)$/,
];

/**
 * Who people are: passwords, links by mail, OAuth, sessions. All of it is better-auth's; this is the door
 * to it, and turns what it says into our errors.
 */
export class IdentityGateway {
  private readonly auth: Auth;

  private readonly db: IdentityOptions['db'];

  constructor(options: IdentityOptions) {
    this.auth = createAuth(options);
    this.db = options.db;
  }

  /**
   * Answers a request to IDENTITY_PATH. Sessions come and go as cookies: no answer contains a token that a script
   * could read.
   * @throws AppError NOT_FOUND
   */
  async handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname.slice(IDENTITY_PATH.length);
    if (!ROUTES.some((route) => route.test(`${request.method} ${path}`))) {
      throw new AppError('NOT_FOUND', 'There is nothing at this address.');
    }
    return withoutTokens(await this.auth.handler(request));
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
    const known = await findTokenHashes(this.db, tokens.map(hashSessionToken));
    return tokens.map((token) => (known.has(hashSessionToken(token)) ? token : undefined));
  }

  /** Says nothing about whether the address is known: its owner gets a mail either way. */
  async signUp(person: { email: string; password: string; name: string }): Promise<void> {
    await this.ask(() => this.auth.api.signUpEmail({ body: person }));
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

  /** @throws AppError BAD_USER_INPUT for a link that was used, has expired or was never sent */
  async verifyEmail(token: string): Promise<void> {
    await this.ask(() => this.auth.api.verifyEmail({ query: { token } }), true);
  }

  async requestMagicLink(email: string): Promise<void> {
    await this.ask(() =>
      this.auth.api.signInMagicLink({ body: { email }, headers: new Headers() }),
    );
  }

  /**
   * @returns a session: its token for a program, the values of `set-cookie` for a browser
   * @throws AppError BAD_USER_INPUT as `verifyEmail`
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
