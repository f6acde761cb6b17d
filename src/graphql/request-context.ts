import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticate, callerSignal, isAnonymous } from '../http/authentication.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { GraphQLContext } from './context.js';

/** One request's context. What most requests never ask for is made when it is asked for. */
export class RequestBoundContext implements GraphQLContext {
  private left: AbortSignal | undefined;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    private readonly authenticate: Authenticate,
  ) {}

  readonly authenticateAgain = (): Promise<Actor> => {
    const { request } = this;
    if (isAnonymous(request)) return Promise.resolve(anonymous(request.ip));
    return this.authenticate({ headers: request.headers, ip: request.ip, again: true });
  };

  get requestId(): string {
    return this.request.id;
  }

  get actor(): Actor {
    return this.request.actor ?? anonymous(this.request.ip);
  }

  get credentials(): GraphQLContext['credentials'] {
    const { authorization, cookie } = this.request.headers;
    return { authorization, cookie };
  }

  get userAgent(): string | undefined {
    return this.request.headers['user-agent'];
  }

  get authMs(): number {
    return this.request.authMs;
  }

  get signal(): AbortSignal {
    return (this.left ??= callerSignal(this.reply));
  }

  allowCompression(): void {
    this.reply.mayCompress = true;
  }

  readonly setHeader = (name: string, value: string | string[]): void => {
    this.reply.header(name, value);
  };
}
