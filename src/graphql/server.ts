import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { AppError } from '../errors.js';
import {
  type Authenticate,
  authenticationHooks,
  callerSignal,
  isAnonymous,
} from '../http/authentication.js';
import { refuseOtherMethods } from '../http/methods.js';
import { type Actor, anonymous } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { type ConnectionLimits, Connections } from './connections.js';
import type { GraphQLContext } from './context.js';
import { DirectExecution } from './direct-execution.js';
import { registerExplorer } from './explorer.js';
import { createFormatError } from './format-error.js';
import { guardGet } from './get-requests.js';
import { KnownOperations } from './known-operations.js';
import { DOCUMENT_LIMITS } from './limits.js';
import { limitsPlugin } from './limits.plugin.js';
import { registerLive, registerWebSockets, watchConnections } from './live-server.js';
import { createCostCheck } from './cost-check.js';
import { observePlugin } from './observe.plugin.js';
import { registerSchema } from './schema.routes.js';
import { SELECTIONS_MAX } from './operation-shape.js';
import { Subscriptions } from './subscriptions.js';

export interface GraphQLOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  logger: Logger;
  metrics: Metrics;
  authenticate: Authenticate;
  /** Longest body of a caller who may run models; others get what every route gets. */
  bodyBytesMax: number;
  connections: ConnectionLimits;
  /** Absolute; the files of the explorer. */
  explorerDir: string;
}

/** One request's context. What most requests never ask for is made when it is asked for. */
class RequestBoundContext implements GraphQLContext {
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

/**
 * Serves `schema` at `/graphql`, its subscriptions there and at `/graphql/stream`, and an explorer to browsers. Everything that Apollo would
 * decide by NODE_ENV is decided here. Stops with the server.
 * @returns what stays open, to be told when rights change
 */
export async function registerGraphQL(
  app: FastifyInstance,
  options: GraphQLOptions,
): Promise<Connections> {
  const { schema, logger, metrics, authenticate } = options;
  const formatError = createFormatError(logger);
  const contextOf = (request: FastifyRequest, reply: FastifyReply): GraphQLContext =>
    new RequestBoundContext(request, reply, authenticate);
  const checkCost = createCostCheck(schema);
  const known = new KnownOperations(schema);
  const direct = new DirectExecution({
    known,
    checkCost,
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
    // By `guardGet`, for requests that carry a cookie; bodies have to be JSON, which no form can send.
    csrfPrevention: false,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: apolloLogger(logger),
    parseOptions: DOCUMENT_LIMITS.parse,
    validationOptions: DOCUMENT_LIMITS.validation,
    executionOptions: { maxCoercionErrors: 5 },
    maxRecursiveSelections: SELECTIONS_MAX,
    plugins: [
      // The page loads scripts from Apollo's servers.
      ApolloServerPluginLandingPageDisabled(),
      // It wraps every field, for 1.7 times the time; the headers come from `observePlugin`.
      ApolloServerPluginCacheControlDisabled(),
      observePlugin(metrics),
      limitsPlugin(checkCost, (text, document, operation) => {
        known.learn(text, document, operation);
      }),
    ],
  });
  await apollo.start();
  // Fastify drains by itself. Apollo's drain plugin would wait for Fastify, and Fastify here for Apollo.
  app.addHook('onClose', () => apollo.stop());

  const handler = fastifyApolloHandler(apollo, {
    context: (request, reply) => Promise.resolve(contextOf(request, reply)),
  });
  const throughApollo = async (request: FastifyRequest, reply: FastifyReply) => {
    refuseBadAddress(request);
    const body: unknown = await handler.call(app, request, reply);
    return reply.sent ? reply : reply.send(body);
  };

  const connections = new Connections({ authenticate, limits: options.connections });
  await registerWebSockets(app, connections);
  const subscriptions = new Subscriptions({ ...options, checkCost, formatError });
  const live = registerLive(app, { ...options, connections, subscriptions });
  watchConnections(metrics, connections);

  registerSchema(app, options);
  const explorer = await registerExplorer(app, options.explorerDir);

  const { onRequest, preParsing } = authenticationHooks(authenticate);
  const route = {
    url: '/graphql',
    config: { errorShape: 'graphql', anonymousLimit: 'own' },
    bodyLimit: options.bodyBytesMax,
    preParsing,
    handler: (request: FastifyRequest, reply: FastifyReply) =>
      direct.answer(request, reply) ? reply : throughApollo(request, reply),
  } as const;
  app.route({ ...route, method: 'POST', onRequest });
  app.route({
    ...route,
    method: 'GET',
    onRequest: [explorer, guardGet, onRequest],
    wsHandler: live,
  });
  refuseOtherMethods(app, '/graphql', ['GET', 'POST'], { errorShape: 'graphql' });
  return connections;
}

/** Apollo makes a URL of what the request says. @throws AppError BAD_REQUEST when that is none */
function refuseBadAddress({ protocol, hostname, url }: FastifyRequest): void {
  if (URL.canParse(url, `${protocol}://${hostname}/`)) return;
  throw new AppError('BAD_REQUEST', 'The request path and Host header do not form a valid URL.');
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
