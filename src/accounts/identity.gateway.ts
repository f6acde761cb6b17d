import { AppError } from '../errors.js';
import type { SessionId, UserId } from '../platform/ids.js';
import type { Client } from './active-session.js';
import { askLibrary, headersFrom } from './ask-library.js';
import { withSessionCookie } from './bearer-session.gateway.js';
import { type Auth, identityPathOf, type IdentityOptions } from './better-auth.gateway.js';
import { PASSWORD_CHARS } from './password.js';
import { cookiesOf, secondFactorNeeded, verifyCode } from './second-factor.gateway.js';
import { hashSessionToken } from './session-token.js';
import { findTokenHashes } from './sessions.store.js';

/**
 * What of the library's own routes is used, by method and path: what needs a browser's cookies. Mails, tokens of
 * OAuth providers and lists of sessions are not there; GraphQL has them where there is a use for them.
 */
const ROUTES = [
  /^GET \/(?:ok|error|get-session|list-accounts|callback\/[\w-]+)$/,
  /^GET \/passkey\/(?:generate-register-options|generate-authenticate-options|list-user-passkeys)$/,
  /^POST \/passkey\/(?:verify-registration|verify-authentication|update-passkey|delete-passkey)$/,
  /^POST \/(?:sign-in\/(?:email|social)|sign-out|callback\/[\w-]+)$/,
  /^POST \/(?:change-password|update-user|link-social|unlink-account)$/,
  /^POST \/two-factor\/(?:enable|disable|verify-totp|verify-backup-code|generate-backup-codes)$/,
];

/** A session, as far as requests need to know it. */
export interface FoundSession {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly expiresAt: Date;
  /** A second factor was shown in it. */
  readonly hasSecondFactor: boolean;
}

/**
 * Who people are: passwords, OAuth, sessions. All of it is better-auth's; this is the door
 * to it, and turns what it says into our errors.
 */
export class IdentityGateway {
  constructor(
    private readonly auth: Auth,
    private readonly options: Pick<IdentityOptions, 'db' | 'publicUrl'>,
  ) {}

  /**
   * Answers a request to IDENTITY_PATH. Sessions come and go as cookies: no answer contains a token that a script
   * could read.
   * @throws AppError NOT_FOUND, RATE_LIMITED
   */
  async handle(request: Request): Promise<Response> {
    const path = identityPathOf(request.url, this.options.publicUrl) ?? '';
    if (!ROUTES.some((route) => route.test(`${request.method} ${path}`))) {
      throw new AppError('NOT_FOUND', 'There is nothing at this address.');
    }
    const headers = await withSessionCookie(this.auth, request.headers);
    const answer = await this.auth.handler(new Request(request, { headers }));
    if (answer.status !== 429) return withoutTokens(answer);
    const retryAfterS = Number(answer.headers.get('x-retry-after') ?? 60);
    throw new AppError('RATE_LIMITED', `Too many requests. Wait ${String(retryAfterS)} s.`, {
      details: { retryAfterS },
    });
  }

  /** The session that the headers carry, as cookie or bearer token. */
  async findSession(given: Headers): Promise<FoundSession | undefined> {
    const headers = await withSessionCookie(this.auth, given);
    const found = await this.auth.api.getSession({ headers });
    if (found === null) return undefined;
    const { session, user } = found;
    return {
      id: session.id as SessionId,
      userId: user.id as UserId,
      expiresAt: session.expiresAt,
      hasSecondFactor: session.secondFactorAt != null,
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
   * @returns a session's token, for `authorization: Bearer`
   * @throws AppError UNAUTHENTICATED, with `secondFactor` in its details when a code is missing; RATE_LIMITED
   */
  async signIn(
    { code, ...body }: { email: string; password: string; code: string | undefined },
    client: Client,
  ): Promise<string> {
    const headers = headersFrom(client);
    const asked = { body, headers, returnHeaders: true } as const;
    const answer = await askLibrary(() => this.auth.api.signInEmail(asked));
    const { token } = answer.response as { token?: string };
    if (token !== undefined) return token;
    if (code === undefined) throw secondFactorNeeded();
    headers.set('cookie', cookiesOf(answer.headers));
    return (await verifyCode(this.auth, headers, code)).token;
  }

  /** Whether the code is one of the person whose session the headers carry. @throws AppError RATE_LIMITED */
  async isCode(headers: Headers, code: string): Promise<boolean> {
    try {
      await verifyCode(this.auth, await withSessionCookie(this.auth, headers), code);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return false;
      throw error;
    }
  }

  async isPassword(userId: UserId, password: string): Promise<boolean> {
    const { internalAdapter, password: passwords } = await this.auth.$context;
    const hash = (await internalAdapter.findCredentialAccount(userId))?.password;
    if (hash == null || password.length > PASSWORD_CHARS.max) return false;
    return passwords.verify({ hash, password });
  }

  /**
   * Changes the password of the person whose session the headers carry.
   * @throws AppError BAD_USER_INPUT, RATE_LIMITED
   */
  async changePassword(
    given: Headers,
    body: { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void> {
    const headers = await withSessionCookie(this.auth, given);
    await askLibrary(() => this.auth.api.changePassword({ body, headers }));
  }

  /** @returns values of `set-cookie` that make a browser forget its cookies */
  async signOut(given: Headers): Promise<string[]> {
    const headers = await withSessionCookie(this.auth, given);
    const answer = await askLibrary(() => this.auth.api.signOut({ headers, returnHeaders: true }));
    return answer.headers.getSetCookie();
  }
}

/** An answer as a browser may have it: the library shows session tokens to scripts, in JSON. */
async function withoutTokens(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
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
