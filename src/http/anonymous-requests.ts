import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';
import { NetworkCounter } from '../platform/network-counter.js';
import { type Authenticate, isAnonymous } from './authentication.js';
import type { IsTrustedProxy } from './trusted-proxies.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * `own`: the route finds out who calls, and counts those of whom it does not (`AnonymousRequests.count`). `none`: its
     * callers have no other credential than what they send, as Stripe, or are the operator's own probes. By default
     * every request counts, as credentials that nobody looks at prove nothing.
     */
    anonymousLimit?: 'own' | 'none';
  }
}

const WINDOW_MS = 60_000;

/** Limits requests whose caller is not known, by the network that they come from (IPv4 address, IPv6 /64). */
export class AnonymousRequests {
  private readonly requests = new NetworkCounter(WINDOW_MS);

  /** @param perMinute of one network; 0: no limit. @param isTrustedProxy requests of the proxy itself do not count */
  constructor(
    private readonly perMinute: number,
    private readonly isTrustedProxy: IsTrustedProxy,
  ) {}

  /** One more. @throws AppError RATE_LIMITED, with `retryAfterS` */
  count(ipAddress: string): void {
    if (this.perMinute === 0 || this.isTrustedProxy(ipAddress)) return;
    const { count, nextS } = this.requests.add(ipAddress);
    if (count <= this.perMinute) return;
    throw new AppError(
      'RATE_LIMITED',
      `Your network has sent more than ${String(this.perMinute)} requests in a minute without a valid credential. Send an API key or sign in, or try again in ${String(nextS)} s.`,
      { details: { retryAfterS: nextS, limit: this.perMinute } },
    );
  }

  /** The same authentication, which counts whoever turns out to be nobody: by a cookie that is no session, for example. */
  counting(authenticate: Authenticate): Authenticate {
    return async (request) => {
      const actor = await authenticate(request);
      // Who stays connected was counted when the connection was opened.
      if (actor.accountId === undefined && request.again !== true) this.count(request.ip);
      return actor;
    };
  }
}

/** Before any route. */
export function registerAnonymousLimit(app: FastifyInstance, requests: AnonymousRequests): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { anonymousLimit } = request.routeOptions.config;
    try {
      if (anonymousLimit === undefined || (anonymousLimit === 'own' && isAnonymous(request))) {
        requests.count(request.ip);
      }
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}
