import { METHODS } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';
import type { RouteConfig } from './server.js';

/** Lets routes be declared for each method that Node reads, so that none is taken for an unknown address. */
export function takeEveryMethod(app: FastifyInstance): void {
  for (const method of METHODS) {
    // CONNECT is an event of its own in Node: no route sees it.
    if (method !== 'CONNECT' && !app.supportedMethods.includes(method)) app.addHttpMethod(method);
  }
}

/** Answers 405 with `Allow` for each method that a path does not take, before its body is read. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  allowed: readonly string[],
  config: RouteConfig = {},
): void {
  app.route({
    url,
    method: app.supportedMethods.filter((method) => !allowed.includes(method)),
    config,
    onRequest: (request, reply, next) => {
      reply.header('allow', allowed.join(', '));
      const message = `${request.method} is not allowed for this URL. Use ${allowed.join(' or ')}.`;
      next(new AppError('METHOD_NOT_ALLOWED', message));
    },
    handler: () => undefined,
  });
}
