import cors from '@fastify/cors';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { Origins } from './origins.js';

/** Seconds that a browser may keep the answer to a preflight; Chromium keeps none for longer. */
const MAX_AGE_S = 7_200;

const EXPOSE = 'access-control-expose-headers';
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';

/**
 * Answer headers that scripts of other origins need not see: those that browsers always show (Fetch, CORS-safelisted), and
 * those that are the browser's own business. All others are exposed, so that none can be forgotten.
 */
const NOT_EXPOSED: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-language',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'date',
  'expires',
  'keep-alive',
  'last-modified',
  'pragma',
  'referrer-policy',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'vary',
  'x-content-type-options',
  'x-frame-options',
]);

/** Of answers that no hook sees when they are complete: event streams, and refusals of addresses that cannot be decoded. */
const ALWAYS_EXPOSED = ['x-request-id', 'x-should-retry'];

/**
 * Lets pages of allowed origins call every route, and refuses cookies from all others. Before any route: the hooks run
 * first, so that refusals carry the headers too; a browser shows an error without them as "network error".
 */
export async function registerCors(app: FastifyInstance, origins: Origins): Promise<void> {
  if (origins.hasOthers) {
    await app.register(cors, {
      delegator: ({ headers, method }, done) => {
        const { origin } = headers;
        done(null, {
          origin: origins.readableBy(origin) ?? false,
          credentials: origins.mayUseCookies(origin),
          exposedHeaders: ALWAYS_EXPOSED,
          methods: METHODS,
          maxAge: MAX_AGE_S,
          // Headers that are asked for are allowed: clients send many of their own, and none grants anything.
          preflight: isPreflight({ headers, method }),
        });
      },
    });
  }
  app.addHook('onRequest', (request, _reply, done) => {
    if (isPreflight(request) && origins.readableBy(request.headers.origin) === undefined) {
      done(unlistedOrigin(request.headers.origin));
    } else done(origins.trusts(request) ? undefined : foreignCookie(request.headers.origin));
  });
}

/** Lets scripts of allowed origins read every header of an answer. After all hooks that set headers. */
export function exposeHeaders(app: FastifyInstance, origins: Origins): void {
  if (!origins.hasOthers) return;
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (reply.hasHeader(EXPOSE)) reply.header(EXPOSE, exposedHeaders(reply));
    done(null, payload);
  });
}

/** The headers of an answer that no hook has seen, such as to an address that cannot be decoded. */
export function addCorsHeaders(
  origins: Origins,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): void {
  if (!origins.hasOthers) return;
  reply.header('vary', 'Origin');
  const readableBy = origins.readableBy(headers.origin);
  if (readableBy === undefined) return;
  reply.header('access-control-allow-origin', readableBy).header(EXPOSE, ALWAYS_EXPOSED.join(', '));
  if (origins.mayUseCookies(headers.origin)) {
    reply.header('access-control-allow-credentials', 'true');
  }
}

/** Names of the headers of an answer that is complete. */
function exposedHeaders(reply: FastifyReply): string {
  const names = Object.keys(reply.getHeaders()).filter(
    (name) => !NOT_EXPOSED.has(name) && !name.startsWith('access-control-'),
  );
  return [...new Set([...names, ...ALWAYS_EXPOSED])].sort().join(', ');
}

function isPreflight({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

function unlistedOrigin(origin = ''): AppError {
  return new AppError(
    'FORBIDDEN',
    `Pages from ${origin.slice(0, 200)} are not allowed to call this server. The operator can allow the origin with CORS_ORIGINS.`,
  );
}

function foreignCookie(origin: string | undefined): AppError {
  return new AppError(
    'FORBIDDEN',
    origin === undefined
      ? 'Requests that use the session cookie and can change data must state their origin. Send the "Origin" header, or a key or token as "authorization".'
      : 'Pages from other origins cannot use the session cookie. Send a key or token as "authorization", or ask the operator to add the origin to CORS_ORIGINS.',
  );
}
