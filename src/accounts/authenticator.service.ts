import type { IncomingHttpHeaders } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { AccountsService } from './accounts.service.js';
import type { IdentityGateway } from './identity.gateway.js';
import type { KeysService } from './keys.service.js';

/** Wrong credentials from one address in a minute, before it has to wait. */
const FAILURES_PER_MINUTE = 30;

/** The header that says on which account a person acts. */
const ACCOUNT_HEADER = 'x-gigarouter-account';

/** Tells who sends a request: an API key, or a person with a session. */
export class Authenticator {
  private readonly failures = new RateLimiterMemory({ points: FAILURES_PER_MINUTE, duration: 60 });

  constructor(
    private readonly keys: Pick<KeysService, 'authenticate'>,
    private readonly identity: Pick<IdentityGateway, 'findSession'>,
    private readonly accounts: Pick<AccountsService, 'actorOf'>,
  ) {}

  /**
   * @param request `again`: asked anew for a caller that stays connected, whatever was known of it. That is no use of
   *   a session, and no guess.
   * @throws AppError UNAUTHENTICATED for a credential that is not valid; RATE_LIMITED after too many;
   *   UPSTREAM_UNAVAILABLE when the database is away: never "not valid" then
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
      // Keys that are known work on, whoever guesses from the same address.
      const admit = () => (again ? Promise.resolve() : this.refuseGuesser(ip));
      if (bearer?.startsWith('gr-')) {
        return await this.keys.authenticate(bearer, ip, { beforeLookUp: admit, again });
      }
      await admit();
      return await this.session(headers, { isBearer: bearer !== undefined, prolongs: !again }, ip);
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAUTHENTICATED' && !again) {
        await this.failures.penalty(ip);
      }
      throw error;
    }
  }

  private async session(
    headers: IncomingHttpHeaders,
    { isBearer, prolongs }: { isBearer: boolean; prolongs: boolean },
    ip: string,
  ): Promise<Actor> {
    const own = new Headers();
    if (headers.authorization !== undefined) own.set('authorization', headers.authorization);
    else if (headers.cookie !== undefined) own.set('cookie', headers.cookie);
    const session = await this.identity.findSession(own, { prolongs });
    if (session === undefined) {
      // Any site's cookies may come along; a bearer token is meant for us.
      if (!isBearer) return anonymous(ip);
      throw new AppError('UNAUTHENTICATED', 'The session is not valid. Sign in again.');
    }
    const wanted = headers[ACCOUNT_HEADER];
    const account = typeof wanted === 'string' ? wanted : undefined;
    const actor = await this.accounts.actorOf(session.userId, account, ip);
    return { ...actor, validUntil: session.expiresAt };
  }

  /** @throws AppError RATE_LIMITED */
  private async refuseGuesser(ip: string): Promise<void> {
    const state: RateLimiterRes | null = await this.failures.get(ip);
    if (state === null || state.consumedPoints < FAILURES_PER_MINUTE) return;
    const retryAfterS = Math.ceil(state.msBeforeNext / 1_000);
    throw new AppError('RATE_LIMITED', 'Too many wrong credentials came from this address. Wait.', {
      details: { retryAfterS },
    });
  }
}
