import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FormattedExecutionResult } from 'graphql';
import { AppError } from '../errors.js';
import { type Actor, anonymous } from '../platform/actor.js';
import { type Connection, type Connections, counted, type Ending } from './connections.js';
import type { GraphQLContext } from './context.js';
import type { Results, SubscriptionRequest, Subscriptions } from './subscriptions.js';

export interface EventStreamOptions {
  readonly connections: Connections;
  readonly subscriptions: Subscriptions;
  readonly contextOf: (request: FastifyRequest, actor: Actor) => GraphQLContext;
}

const PING_MS = 15_000;
/** A reader that takes nothing for this long is given up. */
const STALLED_MS = 30_000;

/** What is told last. When the server stops nothing is: a stream that breaks off is opened again by its client. */
const LAST_WORDS: Readonly<Record<Exclude<Ending, 'stopping'>, AppError>> = {
  revoked: new AppError('UNAUTHENTICATED', 'The key or session is no longer valid.'),
  changed: new AppError('FORBIDDEN', 'Your permissions have changed. Subscribe again.'),
  slow: new AppError('OVERLOADED', 'The client read events too slowly. Subscribe again.'),
};

/**
 * One subscription as server-sent events, by the protocol of graphql-sse, a connection each ("distinct
 * connections mode"). Not by its handler: that one gathers what a slow reader does not take, without end. Here
 * an event is taken when the one before is with the system.
 */
export function createEventStreamHandler(options: EventStreamOptions) {
  const { connections, subscriptions } = options;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const asked = requestOf(request);
    const actor = request.actor ?? anonymous(request.ip);
    const { raw } = reply;
    const begun: { stream?: Stream } = {};
    const connection = connections.open('sse', actor, request.headers, (ending) => {
      if (begun.stream === undefined) raw.destroy();
      else begun.stream.end(ending);
    });
    raw.once('close', () => {
      connection.left();
    });
    // What goes wrong with a reader's connection ends in `close`.
    raw.on('error', () => undefined);
    const opened = await subscriptions.open(asked, options.contextOf(request, actor));
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      // It ends with its stream: a server that stops does not wait for a next request on it.
      connection: 'close',
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies that gather answers would hold events back.
      'x-accel-buffering': 'no',
    });
    if ('errors' in opened) {
      raw.end(`${eventOf({ errors: opened.errors })}${COMPLETE}`);
      return;
    }
    begun.stream = new Stream(raw, { connection, connections, subscriptions, ...opened });
    await begun.stream.run();
  };
}

const COMPLETE = 'event: complete\ndata:\n\n';

function eventOf(result: FormattedExecutionResult): string {
  return `event: next\ndata: ${JSON.stringify(result)}\n\n`;
}

/** A subscription on its way to a reader. */
class Stream {
  private readonly results: Results;
  private isOver = false;

  constructor(
    private readonly raw: ServerResponse,
    private readonly parts: {
      readonly connection: Connection;
      readonly connections: Connections;
      readonly subscriptions: Subscriptions;
      readonly field: string;
      readonly results: Results;
    },
  ) {
    this.results = counted(parts, parts.connection);
  }

  async run(): Promise<void> {
    const { raw } = this;
    const pings = setInterval(() => {
      if (!raw.writableNeedDrain && !raw.writableEnded) raw.write(':\n\n');
    }, PING_MS).unref();
    const leave = () => {
      this.leave();
    };
    raw.once('close', leave);
    // Some browsers say that it is open with the first bytes only.
    raw.write(':\n\n');
    if (raw.destroyed) leave();
    try {
      for await (const result of this.results) {
        if (!(await this.flushed(eventOf(result)))) break;
      }
    } finally {
      clearInterval(pings);
    }
    if (!this.isOver) raw.end(COMPLETE);
  }

  end(ending: Ending): void {
    this.isOver = true;
    this.leave();
    const { raw } = this;
    if (ending === 'stopping') raw.end();
    else {
      const { errors } = this.parts.subscriptions.refusal(LAST_WORDS[ending]);
      raw.end(`${eventOf({ errors })}${COMPLETE}`);
    }
    // What the reader does not take is not waited for.
    setTimeout(() => {
      raw.destroy();
    }, 1_000).unref();
  }

  /** Ends the subscription. Whatever fails as it ends, its reader has left. */
  private leave(): void {
    this.results.return?.().catch(() => undefined);
  }

  /** Resolves when the system has it; false: it never will. */
  private flushed(text: string): Promise<boolean> {
    const { raw } = this;
    return new Promise((resolve) => {
      const stalled = setTimeout(() => {
        this.parts.connections.countSlow();
        raw.destroy();
      }, STALLED_MS).unref();
      const settle = (isOut: boolean) => {
        clearTimeout(stalled);
        raw.off('close', gone);
        resolve(isOut);
      };
      const gone = () => {
        settle(false);
      };
      if (raw.destroyed || raw.writableEnded) gone();
      else {
        raw.once('close', gone);
        raw.write(text, (error) => {
          settle(error == null);
        });
      }
    });
  }
}

/** Of the body, or of the address for a GET: EventSource sends nothing else. @throws AppError */
function requestOf({ method, body, query }: FastifyRequest): SubscriptionRequest {
  if (method === 'POST') {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw new AppError('BAD_REQUEST', 'Send {"query": "subscription { … }"} as JSON.');
    }
    return body;
  }
  const { variables, ...asked } = query as { variables?: unknown };
  if (typeof variables !== 'string') return { ...asked, variables };
  try {
    return { ...asked, variables: JSON.parse(variables) as unknown };
  } catch (cause) {
    throw new AppError('BAD_REQUEST', '"variables" must be JSON.', { cause });
  }
}
