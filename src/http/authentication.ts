import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../platform/actor.js';
import { limitBody } from './body.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** undefined: nobody is signed in. */
    actor: Actor | undefined;
    /** Milliseconds that finding out took. */
    authMs: number;
  }
}

/** Who sends a request; `again`: who stays connected, asked anew. @throws AppError UNAUTHENTICATED */
export type Authenticate = (request: {
  headers: IncomingHttpHeaders;
  ip: string;
  again?: boolean;
}) => Promise<Actor>;

/** Before any route that uses `authenticationHooks`. */
export function decorateWithActor(app: FastifyInstance): void {
  app.decorateRequest('actor', undefined);
  app.decorateRequest('authMs', 0);
}

/** True when nothing in the request says who sent it. */
export function isAnonymous({ headers }: FastifyRequest): boolean {
  return headers.authorization === undefined && headers.cookie === undefined;
}

/**
 * Finds out who calls before the body is read: who may not send a large one is refused at its head. Asks only
 * when the request carries credentials.
 */
export function authenticationHooks(authenticate: Authenticate) {
  return {
    onRequest: (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
      if (isAnonymous(request)) {
        done();
        return;
      }
      const startedAt = performance.now();
      authenticate(request).then((actor) => {
        request.actor = actor;
        request.authMs = performance.now() - startedAt;
        done();
      }, done);
    },
    preParsing: (
      request: FastifyRequest,
      _reply: FastifyReply,
      payload: Parameters<typeof limitBody>[1],
      done: Parameters<typeof limitBody>[2],
    ) => {
      if (request.actor?.scopes.has('inference') === true) done(null, payload);
      else limitBody(request, payload, done);
    },
  };
}

/** Aborted when the caller leaves before the answer is out. */
export function callerSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) {
      controller.abort(new DOMException('The client disconnected.', 'AbortError'));
    }
  });
  return controller.signal;
}
