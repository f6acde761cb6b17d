import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import { newRequestId } from '../platform/ids.js';
import { type Logger, redact } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { requestContext, runWithContext } from '../platform/request-context.js';
import { finishUnreadBodies } from '../platform/unread-body.js';
import { type AnonymousRequests, registerAnonymousLimit } from './anonymous-requests.js';
import { acceptJsonOnly, BODY_BYTES_MAX } from './body.js';
import { safeHeaders } from './browser.js';
import { registerCompression } from './compression.js';
import { type ConnectionLimitOptions, limitConnections } from './connection-limits.js';
import { addCorsHeaders, exposeHeaders, registerCors } from './cors.js';
import { toAppError } from './to-app-error.js';
import { takeEveryMethod } from './methods.js';
import { answerUnreadable } from './unreadable-request.js';
import { sendGraphQLError } from './graphql-error.js';
import type { Origins } from './origins.js';
import type { IsTrustedProxy } from './trusted-proxies.js';

export interface HttpOptions {
  logger: Logger;
  metrics: Metrics;
  trustProxy: string | undefined;
  isTrustedProxy: IsTrustedProxy;
  connectionLimits: Pick<ConnectionLimitOptions, 'connectionsMax' | 'connectionsPerAddress'>;
  anonymousRequests: AnonymousRequests;
  /** The longest that anybody may wait for an answer. */
  answerMsMax: number;
  origins: Origins;
  /** Whether people reach the server by https. */
  https: boolean;
  /** How an error is written at an address whose route does not say so. */
  renderErrorAt?: ((url: string) => RenderError | undefined) | undefined;
}

/** What a route may declare about itself. */
export interface RouteConfig {
  /** GraphQL clients read `errors`, all others `error`. */
  errorShape?: 'graphql';
  /** Or as clients of somebody else's API read errors. */
  renderError?: RenderError;
}

export type RenderError = (
  error: AppError,
  requestId: string,
) => { readonly status: number; readonly body: object; readonly contentType?: string };

declare module 'fastify' {
  interface FastifyContextConfig {
    errorShape?: RouteConfig['errorShape'];
    renderError?: RenderError;
  }
}

/**
 * The path of a request. Every server has to accept scheme and host before it, which proxies are sent (RFC 9112, 3.2.2);
 * they are the sender's choice, and routes expect none.
 */
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*\/?/i, '/');
}

const CALLER_REQUEST_ID = /^[\w-]{8,64}$/;

/** An id that a caller chose is logged and given back: one that looks like a credential is not taken. */
function isRequestId(given: string | string[] | undefined): given is string {
  return typeof given === 'string' && CALLER_REQUEST_ID.test(given) && redact(given) === given;
}

/**
 * Fastify with what every route shares: request ids, limits, one error shape, one log line and one
 * measurement a request. Every answer carries `x-request-id` and `cache-control` (`no-store` unless
 * the route says otherwise).
 */
export async function createHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const { logger, metrics, trustProxy, answerMsMax, origins } = options;
  const headers = safeHeaders(options.https);
  const send = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    sendError({ logger, renderErrorAt: options.renderErrorAt }, error, request, reply);
  const app = fastify({
    logger: false,
    trustProxy: trustProxy ?? false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // Fastify's own refusal while it closes would skip every hook; see below.
    return503OnClosing: false,
    // To send all of a request: a batch has up to 100 MiB.
    requestTimeout: 300_000,
    // Of a connection on which nothing moves: a call that runs must not be cut off by it.
    connectionTimeout: answerMsMax + 30_000,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    routerOptions: { maxParamLength: 300 },
    clientErrorHandler: answerUnreadable,
    rewriteUrl: ({ url = '/' }) => originForm(url),
    // An address that cannot be decoded: no hook runs for it, so the headers are set here.
    frameworkErrors: (error, request, reply) => {
      addCorsHeaders(origins, request, reply);
      void reply.headers(headers).header('x-request-id', request.id);
      send(error, request, reply);
    },
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return isRequestId(given) ? given : newRequestId();
    },
  });
  acceptJsonOnly(app);
  takeEveryMethod(app);
  const { isTrustedProxy, connectionLimits } = options;
  finishUnreadBodies(app.server);
  limitConnections(app.server, { ...connectionLimits, isTrustedProxy });
  endUnusedConnections(app);

  app.addHook('onRequest', (request, reply, next) => {
    void reply.headers(headers).header('x-request-id', request.id);
    runWithContext({ requestId: request.id }, next);
  });
  await registerCors(app, origins);
  registerAnonymousLimit(app, options.anonymousRequests);
  registerCompression(app);
  let closing = false;
  app.addHook('preClose', (next) => {
    closing = true;
    next();
  });
  app.addHook('onRequest', (_request, _reply, next) => {
    next(
      closing ? new AppError('UPSTREAM_UNAVAILABLE', 'The server is stopping. Retry.') : undefined,
    );
  });
  app.addHook('onSend', ({ raw }, reply, payload, next) => {
    // Fastify hangs up on a body that it refuses, at once: a sender that is still busy would never see the answer.
    if (!raw.complete) reply.removeHeader('connection');
    // A connection that was busy when the server began to close would stay open, idle, until it times out.
    if (closing) reply.header('connection', 'close');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    next(null, payload);
  });
  exposeHeaders(app, origins);
  app.addHook('onResponse', ({ headers, raw }, _reply, next) => {
    // A refused upgrade. Node leaves its socket to us, and the WebSocket plugin closes those that reached its own hook.
    if (headers.upgrade !== undefined) raw.socket.destroySoon();
    next();
  });
  app.addHook('onResponse', (request, reply, next) => {
    const durationMs = reply.elapsedTime;
    const route = request.routeOptions.url ?? 'unknown';
    const { operation, code } = requestContext() ?? {};
    metrics.request(route, request.method, reply.statusCode, durationMs / 1000);
    logger.info(
      {
        requestId: request.id,
        ipAddress: request.ip,
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

  // Before the body of such a request is looked at.
  app.addHook('onRequest', (request, _reply, next) => {
    next(request.is404 ? nothingHere() : undefined);
  });
  app.setErrorHandler(send);
  app.setNotFoundHandler((request, reply) => send(nothingHere(), request, reply));
  return app;
}

const nothingHere = () => new AppError('NOT_FOUND', 'There is nothing at this address.');

const UNUSED_MS = 500;

/**
 * Node takes a connection for idle only after its first request. One that has sent none, as clients open them in
 * advance, would hold up the end of the server; it gets a moment for what is under way.
 */
function endUnusedConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  const isUsed = ({ socket }: IncomingMessage) => {
    unused.delete(socket);
  };
  app.server.on('request', isUsed).on('upgrade', isUsed);
  app.addHook('preClose', (next) => {
    setTimeout(() => {
      for (const socket of unused) socket.destroy();
    }, UNUSED_MS).unref();
    next();
  });
}

/** Whether a stream broke off because whoever asked for it has left. */
function endedByClient(error: unknown, { raw }: FastifyReply): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' && (raw.socket === null || raw.socket.destroyed);
}

function sendError(
  { logger, renderErrorAt }: Pick<HttpOptions, 'logger' | 'renderErrorAt'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const appError = toAppError(error);
  const { code, message, details, status, cause } = appError;
  const context = requestContext();
  if (context !== undefined) context.code = code;
  if (code === 'INTERNAL' && !endedByClient(error, reply))
    logger.error({ requestId: request.id, err: cause ?? error }, 'unexpected error');

  const { errorShape, renderError = errorShape ? undefined : renderErrorAt?.(request.url) } =
    request.routeOptions.config;
  const requestId = request.id;
  const retryAfterS = details?.retryAfterS;
  if (typeof retryAfterS === 'number') reply.header('retry-after', String(retryAfterS));
  else if (status === 503) reply.header('retry-after', '1');
  reply.header('cache-control', 'no-store');
  if (renderError !== undefined) {
    const rendered = renderError(appError, requestId);
    return (
      reply
        .status(rendered.status)
        .header('content-type', rendered.contentType ?? 'application/json; charset=utf-8')
        // Clients made by Stainless, as OpenAI's, would repeat every 409.
        .header('x-should-retry', String(appError.isRetryable))
        // As bytes, since Fastify would add a charset to the media type.
        .send(Buffer.from(JSON.stringify(rendered.body)))
    );
  }
  if (errorShape === 'graphql') return sendGraphQLError(request, reply, appError);
  return reply.status(status).send({
    error: { code, message, ...(details === undefined ? {} : { details }), requestId },
  });
}
