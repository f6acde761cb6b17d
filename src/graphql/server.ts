import type { IncomingHttpHeaders } from 'node:http';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { limitBody } from '../http/body.js';
import { refuseOtherMethods } from '../http/server.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import type { GraphQLContext } from './context.js';
import { DirectExecution } from './direct-execution.js';
import { createFormatError } from './format-error.js';
import { KnownOperations } from './known-operations.js';
import { limitsPlugin } from './limits.plugin.js';
import { createMeter } from './meter.js';
import { observePlugin } from './observe.plugin.js';
import { isAnonymous } from './plain-request.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** undefined: nobody is signed in. */
    actor: Actor | undefined;
    /** Milliseconds that finding out took. */
    authMs: number;
  }
}

export interface GraphQLOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  logger: Logger;
  metrics: Metrics;
  /** Who sends a request; asked only when it carries credentials. @throws AppError UNAUTHENTICATED */
  authenticate: (request: { headers: IncomingHttpHeaders; ip: string }) => Promise<Actor>;
  /** Longest body of a caller who may run models; others get what every route gets. */
  bodyBytesMax: number;
}

/** One request's context. What most requests never ask for is made when it is asked for. */
class RequestBoundContext implements GraphQLContext {
  private controller: AbortController | undefined;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  get requestId(): string {
    return this.request.id;
  }

  get actor(): Actor {
    return this.request.actor ?? anonymous(this.request.ip);
  }

  get authorization(): string | undefined {
    return this.request.headers.authorization;
  }

  get authMs(): number {
    return this.request.authMs;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      const { raw } = this.reply;
      raw.once('close', () => {
        if (!raw.writableFinished)
          controller.abort(new DOMException('The caller left.', 'AbortError'));
      });
      this.controller = controller;
    }
    return this.controller.signal;
  }

  setHeader(name: string, value: string): void {
    this.reply.header(name, value);
  }
}

/**
 * Serves `schema` at `/graphql`. Everything that Apollo would decide by NODE_ENV is decided here.
 * Stops with the server.
 */
export async function registerGraphQL(
  app: FastifyInstance,
  options: GraphQLOptions,
): Promise<void> {
  const { schema, logger, metrics } = options;
  const formatError = createFormatError(logger);
  const contextOf = (request: FastifyRequest, reply: FastifyReply): GraphQLContext =>
    new RequestBoundContext(request, reply);
  const meter = createMeter(schema);
  const known = new KnownOperations(schema);
  const direct = new DirectExecution({
    known,
    meter,
    metrics,
    formatError,
    contextOf,
    fallback: (request, reply) => throughApollo(request, reply),
  });
  const apollo = new ApolloServer<GraphQLContext>({
    schema,
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: apolloLogger(logger),
    parseOptions: { maxLexicalTokens: 1_500 },
    validationOptions: { maxErrors: 5 },
    executionOptions: { maxCoercionErrors: 5 },
    maxRecursiveSelections: 1_000,
    plugins: [
      // The page loads scripts from Apollo's servers.
      ApolloServerPluginLandingPageDisabled(),
      // It wraps every field, for 1.7 times the time; the headers come from `observePlugin`.
      ApolloServerPluginCacheControlDisabled(),
      observePlugin(metrics),
      limitsPlugin(meter, (text, document, operation) => {
        known.learn(text, document, operation);
      }),
    ],
  });
  await apollo.start();
  app.decorateRequest('actor', undefined);
  app.decorateRequest('authMs', 0);
  // Fastify drains by itself. Apollo's drain plugin would wait for Fastify, and Fastify here for Apollo.
  app.addHook('onClose', () => apollo.stop());

  const handler = fastifyApolloHandler(apollo, {
    context: (request, reply) => Promise.resolve(contextOf(request, reply)),
  });
  const throughApollo = async (request: FastifyRequest, reply: FastifyReply) => {
    const body: unknown = await handler.call(app, request, reply);
    return reply.sent ? reply : reply.send(body);
  };

  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    config: { errorShape: 'graphql' },
    bodyLimit: options.bodyBytesMax,
    // Before the body is read: who may not send a large one is refused at its head.
    onRequest: (request, _reply, done) => {
      if (isAnonymous(request)) {
        done();
        return;
      }
      const startedAt = performance.now();
      options.authenticate(request).then((actor) => {
        request.actor = actor;
        request.authMs = performance.now() - startedAt;
        done();
      }, done);
    },
    preParsing: (request, _reply, payload, done) => {
      if (request.actor?.scopes.has('inference') === true) done(null, payload);
      else limitBody(request, payload, done);
    },
    handler: (request, reply) =>
      direct.answer(request, reply) ? reply : throughApollo(request, reply),
  });
  refuseOtherMethods(app, '/graphql', ['GET', 'POST'], { errorShape: 'graphql' });
}

/** Apollo's own remarks; they never hold what a caller sent. */
function apolloLogger(logger: Logger) {
  return {
    debug: (message?: string) => {
      logger.debug({}, message ?? '');
    },
    info: (message?: string) => {
      logger.info({}, message ?? '');
    },
    warn: (message?: string) => {
      logger.warn({}, message ?? '');
    },
    error: (message?: string) => {
      logger.error({}, message ?? '');
    },
  };
}
