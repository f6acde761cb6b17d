import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import { ACCOUNT_HEADER, type Actor, anonymous } from '../platform/actor.js';
import type { IdentityGateway } from './identity.gateway.js';
import type { KeyAuthenticator } from './key-authenticator.service.js';
import type { MembersRights } from './members-rights.service.js';
import type { ProofsService } from './proofs.service.js';
import { FailedCredentials } from './failed-credentials.service.js';
import { sharedLookup } from './shared-lookup.js';

/** As the identity library makes them; their signature may follow. */
const SESSION_TOKEN = /^([A-Za-z0-9]{32})(?:\.[\w+/=%-]{1,128})?$/;

const KNOWN_TOKENS_MAX = 10_000;
const KNOWN_TOKEN_MS = 60_000;

export interface AuthenticatorParts {
  readonly keys: Pick<KeyAuthenticator, 'authenticate'>;
  readonly identity: Pick<IdentityGateway, 'findSession' | 'findTokens'>;
  readonly rights: Pick<MembersRights, 'actorOf'>;
  readonly proofs: Pick<ProofsService, 'requireRecent'>;
}

/** Tells who sends a request: an API key, or a person with a session. */
export class Authenticator {
  private readonly failures = new FailedCredentials();
  private readonly findToken = sharedLookup((tokens: readonly string[]) =>
    this.parts.identity.findTokens(tokens),
  );
  /** Tokens that existed a moment ago: nothing follows from that but a look-up less. */
  private readonly knownTokens = new LRUCache<string, true>({
    max: KNOWN_TOKENS_MAX,
    ttl: KNOWN_TOKEN_MS,
  });

  constructor(private readonly parts: AuthenticatorParts) {}

  /**
   * @param request `again`: asked anew for a caller that stays connected, whatever was known of it. That is no
   *   guess.
   * @throws AppError UNAUTHENTICATED for a credential that is not valid; RATE_LIMITED instead, once too many from
   *   its address were not; UPSTREAM_UNAVAILABLE when the database is away: never "not valid" then
   */
  async authenticate(request: {
    headers: IncomingHttpHeaders;
    ip: string;
    again?: boolean;
  }): Promise<Actor> {
    const { headers, ip, again = false } = request;
    const bearer = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (headers.authorization !== undefined && bearer === undefined) {
      throw new AppError('UNAUTHENTICATED', 'Send the key as "authorization: Bearer gr-…".');
    }
    try {
      if (bearer?.startsWith('gr-')) {
        const actor = await this.parts.keys.authenticate(bearer, ip, { again });
        refuseOtherAccount(actor, headers[ACCOUNT_HEADER]);
        return actor;
      }
      // A cookie that we did not sign is refused without a look-up.
      if (bearer !== undefined) await this.refuseUnknownToken(bearer);
      return await this.session(headers, bearer !== undefined, ip);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED' || again) throw error;
      throw this.failures.add(ip, error);
    }
  }

  private async session(
    headers: IncomingHttpHeaders,
    isBearer: boolean,
    ip: string,
  ): Promise<Actor> {
    const own = new Headers();
    if (headers.authorization !== undefined) own.set('authorization', headers.authorization);
    else if (headers.cookie !== undefined) own.set('cookie', headers.cookie);
    const session = await this.parts.identity.findSession(own);
    if (session === undefined) {
      // Any site's cookies may come along; a bearer token is meant for us.
      if (!isBearer) return anonymous(ip);
      throw sessionNotValid();
    }
    const wanted = headers[ACCOUNT_HEADER];
    const account = typeof wanted === 'string' ? wanted : undefined;
    const { id: sessionId, expiresAt: validUntil } = session;
    const requireRecentProof = () => this.parts.proofs.requireRecent(sessionId);
    const base = { ipAddress: ip, sessionId, validUntil, requireRecentProof };
    return this.parts.rights.actorOf(session, account, base);
  }

  /** Keeps guesses away from the identity library, which asks the database for each. @throws AppError UNAUTHENTICATED */
  private async refuseUnknownToken(bearer: string): Promise<void> {
    const token = SESSION_TOKEN.exec(bearer)?.[1];
    if (token === undefined) throw notOurs(bearer);
    if (this.knownTokens.has(token)) return;
    if ((await this.findToken(token)) === undefined) throw sessionNotValid();
    this.knownTokens.set(token, true);
  }
}

function sessionNotValid(): AppError {
  return new AppError('UNAUTHENTICATED', 'The session is not valid. Sign in again.');
}

/** How keys of other services begin, as `sk-proj-` and `hf_`: that much is no secret. */
const FOREIGN_PREFIX = /^[a-z]{1,6}\d?[-_](?:(?:proj|live|test|or|ant)[-_])?/i;

/** Neither a key nor a session of this server: as a rule that of another service. */
function notOurs(bearer: string): AppError {
  const prefix = FOREIGN_PREFIX.exec(bearer)?.[0];
  const what =
    prefix === undefined
      ? 'This is neither an API key of this server nor a session.'
      : `This is not an API key of this server: it begins with "${prefix}".`;
  return new AppError(
    'UNAUTHENTICATED',
    `${what} API keys start with "gr-", followed by 46 characters. Create one with the createApiKey mutation.`,
  );
}

/** A key belongs to one account: acting on that one although another was named would surprise its caller. */
function refuseOtherAccount(
  { accountId }: Pick<Actor, 'accountId'>,
  wanted: string | string[] | undefined,
): void {
  if (wanted === undefined || wanted === '' || wanted === accountId) return;
  throw new AppError(
    'FORBIDDEN',
    `The API key belongs to ${String(accountId)}, but ${ACCOUNT_HEADER} names another account. Omit the header, or send a key of that account.`,
  );
}
