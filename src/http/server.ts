import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { newRequestId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { requestContext, runWithContext } from '../platform/request-context.js';
import { acceptJsonOnly, BODY_BYTES_MAX } from './body.js';
import { toAppError } from './errors.js';

export interface HttpOptions {
  logger: Logger;
  metrics: Metrics;
  trustProxy: string | undefined;
}

/** What a route may declare about itself. */
interface RouteConfig {
  /** GraphQL clients read `errors`, all others `error`. */
  errorShape?: 'graphql';
}

const CALLER_REQUEST_ID = /^[\w-]{8,64}$/;

/**
 * Fastify with what every route shares: request ids, limits, one error shape, one log line and one
 * measurement a request. Every answer carries `x-request-id` and `cache-control` (`no-store` unless
 * the route says otherwise).
 */
export function createHttpServer({ logger, metrics, trustProxy }: HttpOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    trustProxy: trustProxy ?? false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000 },
    routerOptions: { maxParamLength: 300 },
    // An address that cannot be decoded: no hook runs for it, so the id is set here.
    frameworkErrors: (error, request, reply) => {
      sendError(logger, error, request, reply.header('x-request-id', request.id));
    },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && CALLER_REQUEST_ID.test(given) ? given : newRequestId();
    },
  });
  acceptJsonOnly(app);

  app.addHook('onRequest', (request, reply, next) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    runWithContext({ requestId: request.id }, next);
  });
  let closing = false;
  app.addHook('preClose', (next) => {
    closing = true;
    next();
  });
  app.addHook('onSend', (_request, reply, payload, next) => {
    // A connection that was busy when the server began to close would stay open, idle, until it times out.
    if (closing) reply.header('connection', 'close');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    next(null, payload);
  });
  app.addHook('onResponse', (request, reply, next) => {
    const durationMs = reply.elapsedTime;
    const route = request.routeOptions.url ?? 'unknown';
    const { operation, code } = requestContext() ?? {};
    metrics.request(route, request.method, reply.statusCode, durationMs / 1000);
    logger.info(
      {
        requestId: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        durationMs: Math.round(durationMs * 100) / 100,
        ...(operation === undefined ? {} : { operation }),
        ...(code === undefined ? {} : { code }),
      },
      'request',
    );
    next();
  });

  app.setErrorHandler((error, request, reply) => sendError(logger, error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendError(
      logger,
      new AppError('NOT_FOUND', 'There is nothing at this address.'),
      request,
      reply,
    ),
  );
  return app;
}

/** Answers 405 with `Allow` for each method that a path does not take. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  allowed: readonly string[],
  config: RouteConfig = {},
): void {
  const others = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
    (method) => !allowed.includes(method),
  );
  app.route({
    url,
    method: others,
    config,
    handler: (request, reply) => {
      reply.header('allow', allowed.join(', '));
      throw new AppError(
        'METHOD_NOT_ALLOWED',
        `${request.method} is not possible here; use ${allowed.join(' or ')}.`,
      );
    },
  });
}

function sendError(
  logger: Logger,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const { code, message, details, status, cause } = toAppError(error);
  const context = requestContext();
  if (context !== undefined) context.code = code;
  if (code === 'INTERNAL')
    logger.error({ requestId: request.id, err: cause ?? error }, 'unexpected error');

  const { errorShape } = request.routeOptions.config as RouteConfig;
  const requestId = request.id;
  const retryAfterS = details?.retryAfterS;
  if (typeof retryAfterS === 'number') reply.header('retry-after', String(retryAfterS));
  else if (status === 503) reply.header('retry-after', '1');
  return reply
    .status(status)
    .header('cache-control', 'no-store')
    .send(
      errorShape === 'graphql'
        ? { errors: [{ message, extensions: { code, ...details, requestId } }] }
        : { error: { code, message, ...(details === undefined ? {} : { details }), requestId } },
    );
}
