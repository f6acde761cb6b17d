import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { handleProtocols } from 'graphql-ws';
import { type Authenticate, authenticationHooks } from '../http/authentication.js';
import { BODY_BYTES_MAX } from '../http/body.js';
import { refuseOtherMethods } from '../http/methods.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { Metrics } from '../platform/metrics.js';
import { rejectAccountHeaderHook } from './account-header.js';
import type { Connections } from './connections.js';
import type { GraphQLContext } from './context.js';
import { createEventStreamHandler } from './event-stream.js';
import type { Subscriptions } from './subscriptions.js';
import { createWebSocketHandler, FRAME_BYTES_MAX } from './web-socket.js';

export interface LiveServerOptions {
  /** Path of the endpoint. */
  readonly url: string;
  /** Lets a caller in, or not. @throws AppError */
  readonly admit: (actor: Actor) => void;
  readonly connections: Connections;
  readonly subscriptions: Subscriptions;
  readonly authenticate: Authenticate;
}

/** Before any route: what comes as an upgrade goes through the same hooks and routes. */
export async function registerWebSockets(
  app: FastifyInstance,
  connections: Connections,
): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false, handleProtocols },
    errorHandler: (_error, socket) => {
      socket.terminate();
    },
    preClose(done) {
      connections.drain();
      app.websocketServer.close();
      done();
    },
  });
}

/** Serves subscriptions as server-sent events. @returns what serves them over WebSocket at another route */
export function registerLive(app: FastifyInstance, options: LiveServerOptions) {
  const authentication = authenticationHooks(options.authenticate);
  const methods = ['GET', 'POST'];
  const url = `${options.url}/stream`;
  app.route({
    url,
    method: methods,
    config: { errorShape: 'graphql', anonymousLimit: 'own' },
    bodyLimit: BODY_BYTES_MAX,
    onRequest: [rejectAccountHeaderHook, authentication.onRequest, admission(options.admit)],
    handler: createEventStreamHandler({ ...options, contextOf }),
  });
  refuseOtherMethods(app, url, methods, { errorShape: 'graphql' });
  return createWebSocketHandler({ ...options, contextOf });
}

/** Hook that lets callers in, or not; a WebSocket says who calls in its first message only. */
export function admission(admit: (actor: Actor) => void) {
  return (request: FastifyRequest, _reply: unknown, done: (error?: Error) => void): void => {
    try {
      if (!request.ws) admit(request.actor ?? anonymous(request.ip));
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/** Shows what holds connections open, and what happens on them. */
export function watchConnections(metrics: Metrics, connections: Connections): void {
  const watch = (
    name: string,
    help: string,
    label: string,
    read: (figures: Connections['figures']) => ReadonlyMap<string, number>,
  ) => {
    metrics.watch({
      name: `gigarouter_live_${name}`,
      help,
      labelNames: [label],
      read: () =>
        [...read(connections.figures)].map(([key, value]) => ({ labels: { [label]: key }, value })),
    });
  };
  watch('connections', 'Connections that are open.', 'transport', ({ transports }) => transports);
  watch('subscriptions', 'Subscriptions that run.', 'field', (figures) => figures.subscriptions);
  watch('events_total', 'Events that went out.', 'field', ({ events }) => events);
  watch('endings_total', 'Connections that the server ended.', 'reason', ({ endings }) => endings);
}

/** Of an operation that outlives its request. */
function contextOf(request: FastifyRequest, actor: Actor): GraphQLContext {
  return {
    requestId: request.id,
    actor,
    signal: NEVER,
    credentials: { authorization: request.headers.authorization, cookie: request.headers.cookie },
    userAgent: request.headers['user-agent'],
    authMs: 0,
    allowCompression: () => undefined,
    setHeader: () => undefined,
  };
}

const NEVER = new AbortController().signal;
