import type { FastifyRequest } from 'fastify';
import {
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  GraphQLSchema,
  parse,
} from 'graphql';
import { CloseCode, type Context, makeServer } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { AppError } from '../errors.js';
import type { Authenticate } from '../http/authentication.js';
import { toAppError } from '../http/to-app-error.js';
import { type Actor, anonymous } from '../platform/actor.js';
import { rejectAccountHeader } from './account-header.js';
import { type Connection, type Connections, counted, type Ending } from './connections.js';
import type { GraphQLContext } from './context.js';
import type { Results, Subscriptions } from './subscriptions.js';

export interface WebSocketOptions {
  readonly connections: Connections;
  readonly subscriptions: Subscriptions;
  readonly authenticate: Authenticate;
  /** Lets a caller in, or not. @throws AppError */
  readonly admit: (actor: Actor) => void;
  readonly contextOf: (request: FastifyRequest, actor: Actor) => GraphQLContext;
}

/** Of a frame, in bytes. */
export const FRAME_BYTES_MAX = 64 * 1024;
const INIT_MS = 3_000;
const PING_MS = 15_000;
const SUBSCRIPTIONS_MAX = 20;
/** What may wait in a socket, beside one event of each subscription, before its reader is given up. */
const UNSENT_BYTES_MAX = 256 * 1024;

/** How a connection is closed; clients of graphql-ws come back by themselves, but after 4401. */
const CLOSINGS: Readonly<Record<Ending, readonly [code: number, reason: string]>> = {
  revoked: [CloseCode.Unauthorized, 'The key or session is no longer valid'],
  changed: [CloseCode.Forbidden, 'The rights have changed: connect again'],
  slow: [1013, 'Too slow: connect again, and read'],
  stopping: [1001, 'The server is stopping: connect again'],
};

/** What graphql-ws is told of an operation that was started here: that it is a subscription. */
const STARTED = { schema: new GraphQLSchema({}), document: parse('subscription { started }') };

interface Extra {
  readonly request: FastifyRequest;
  readonly connection: Connection;
}

/** Subscriptions over WebSocket, by the protocol `graphql-transport-ws`. */
export function createWebSocketHandler(options: WebSocketOptions) {
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: INIT_MS,
    onConnect: async ({ connectionParams, extra }) => {
      await identify(options.authenticate, extra, connectionParams);
      options.admit(extra.connection.actor);
      return true;
    },
    onSubscribe: async (context, _id, payload) => {
      const { request, connection } = context.extra;
      if (Object.keys(context.subscriptions).length > SUBSCRIPTIONS_MAX) {
        return options.subscriptions.refusal(tooManySubscriptions()).errors.map(asError);
      }
      const graphqlContext = options.contextOf(request, connection.actor);
      const opened = await options.subscriptions.open(payload, graphqlContext);
      if ('errors' in opened) return opened.errors.map(asError);
      return { ...STARTED, results: counted(opened, connection) };
    },
    subscribe: (args) => (args as typeof args & { results: Results }).results as never,
    // They are formatted, and no GraphQLErrors any more, which graphql-ws would format itself.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
    onError: (_context, _id, _payload, errors) => errors.map((error) => error.toJSON()),
  });

  return (socket: WebSocket, request: FastifyRequest): void => {
    const end = (ending: Ending) => {
      socket.close(...CLOSINGS[ending]);
      // Who does not answer the closing within a while is not waited for.
      setTimeout(() => {
        socket.terminate();
      }, 1_000).unref();
    };
    let connection: Connection;
    try {
      const actor = request.actor ?? anonymous(request.ip);
      connection = options.connections.open('websocket', actor, request.headers, end);
    } catch (error) {
      close(socket, error);
      return;
    }
    keepAlive(socket, options.connections);
    const closed = server.opened(
      {
        protocol: socket.protocol,
        // Resolves when the bytes are with the system: until then no further event is taken.
        send: (data) =>
          new Promise((resolve, reject) => {
            if (socket.readyState !== socket.OPEN) resolve();
            else
              socket.send(data, (error) => {
                if (error == null) resolve();
                else reject(error);
              });
          }),
        close: (code, reason) => {
          socket.close(code, reason);
        },
        onMessage: (take) => {
          socket.on('message', (data: Buffer) => {
            // Whoever asks and asks without reading what is answered.
            if (socket.bufferedAmount > UNSENT_BYTES_MAX) {
              options.connections.countSlow();
              end('slow');
              return;
            }
            take(data.toString()).catch((error: unknown) => {
              close(socket, error);
            });
          });
        },
      },
      { request, connection },
    );
    socket.once('close', (code: number, reason: Buffer) => {
      connection.left();
      // Whatever fails as its subscriptions end, their reader has left.
      closed(code, reason.toString()).catch(() => undefined);
    });
  };
}

function asError({ message, ...rest }: GraphQLFormattedError): GraphQLError {
  return Object.assign(new GraphQLError(message), { toJSON: () => ({ message, ...rest }) });
}

function tooManySubscriptions(): AppError {
  return new AppError(
    'RATE_LIMITED',
    `A connection can have at most ${String(SUBSCRIPTIONS_MAX)} subscriptions. Complete one, or open another connection.`,
  );
}

/** Who calls, by `authorization` of the first message; else as the headers said. @throws AppError */
async function identify(
  authenticate: Authenticate,
  { request, connection }: Extra,
  params: Context['connectionParams'],
): Promise<void> {
  const shown = Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  rejectAccountHeader(shown);
  const { authorization } = shown;
  if (authorization === undefined) return;
  if (typeof authorization !== 'string') {
    throw new AppError('UNAUTHENTICATED', 'Send "authorization" as "Bearer …".');
  }
  const headers = { authorization };
  connection.identify(await authenticate({ headers, ip: request.ip }), headers);
}

/** By error code; others: try again later. */
const CLOSE_CODES: Readonly<Record<string, number>> = {
  BAD_USER_INPUT: CloseCode.BadRequest,
  UNAUTHENTICATED: CloseCode.Unauthorized,
  FORBIDDEN: CloseCode.Forbidden,
  INTERNAL: 1011,
};

/** Closes with what the error says, as far as a caller may know it. */
function close(socket: WebSocket, error: unknown): void {
  const { code, message } = toAppError(error);
  const closeCode = CLOSE_CODES[code] ?? 1013;
  // A reason has 123 bytes at most.
  socket.close(
    closeCode,
    Buffer.from(message)
      .subarray(0, 120)
      .toString()
      .replace(/\uFFFD$/, ''),
  );
}

/** Who does not answer a ping before the next one is gone, or does not read. */
function keepAlive(socket: WebSocket, connections: Connections): void {
  let isAnswered = true;
  socket.on('pong', () => (isAnswered = true));
  const timer = setInterval(() => {
    if (isAnswered) {
      isAnswered = false;
      socket.ping();
    } else {
      connections.countSlow();
      socket.terminate();
    }
  }, PING_MS).unref();
  socket.once('close', () => {
    clearInterval(timer);
  });
}
