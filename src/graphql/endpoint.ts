import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { AppError } from '../errors.js';
import { type Authenticate, authenticationHooks } from '../http/authentication.js';
import { refuseOtherMethods } from '../http/methods.js';
import type { Actor } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { rejectAccountHeaderHook } from './account-header.js';
import type { Connections } from './connections.js';
import type { GraphQLContext } from './context.js';
import { createCostCheck } from './cost-check.js';
import { DirectExecution } from './direct-execution.js';
import type { ExplorerAt } from './explorer.js';
import type { FormatError } from './format-error.js';
import { guardGet } from './get-requests.js';
import { KnownOperations } from './known-operations.js';
import { DOCUMENT_LIMITS } from './limits.js';
import { limitsPlugin } from './limits.plugin.js';
import { admission, registerLive } from './live-server.js';
import { observePlugin } from './observe.plugin.js';
import { SELECTIONS_MAX } from './operation-shape.js';
import { RequestBoundContext } from './request-context.js';
import { Subscriptions } from './subscriptions.js';

export interface EndpointOptions {
  /** Its path; subscriptions are at `/stream` below it, too. */
  readonly url: string;
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  /** Lets a caller in, or not. @throws AppError */
  readonly admit: (actor: Actor) => void;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly authenticate: Authenticate;
  readonly bodyBytesMax: number;
  readonly connections: Connections;
  readonly explorerAt: ExplorerAt;
  readonly formatError: FormatError;
}

/**
 * Serves a schema at a path, its subscriptions there and at `/stream`, and an explorer to browsers. Everything that
 * Apollo would decide by NODE_ENV is decided here. Stops with the server.
 */
export async function registerEndpoint(
  app: FastifyInstance,
  options: EndpointOptions,
): Promise<void> {
  const { url, schema, logger, metrics, authenticate, formatError } = options;
  const contextOf = (request: FastifyRequest, reply: FastifyReply): GraphQLContext =>
    new RequestBoundContext(request, reply, authenticate);
  const checkCost = createCostCheck(schema);
  const known = new KnownOperations(schema);
  const direct = new DirectExecution({
    url,
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
      limitsPlugin({ url, checkCost }, (text, document, operation) => {
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

  const subscriptions = new Subscriptions({ ...options, checkCost });
  const live = registerLive(app, { ...options, subscriptions });
  const explorer = options.explorerAt(url);
  const admit = admission(options.admit);

  const { onRequest, preParsing } = authenticationHooks(authenticate);
  const route = {
    url,
    config: { errorShape: 'graphql', anonymousLimit: 'own' },
    bodyLimit: options.bodyBytesMax,
    preParsing,
    handler: (request: FastifyRequest, reply: FastifyReply) =>
      direct.answer(request, reply) ? reply : throughApollo(request, reply),
  } as const;
  app.route({ ...route, method: 'POST', onRequest: [rejectAccountHeaderHook, onRequest, admit] });
  app.route({
    ...route,
    method: 'GET',
    onRequest: [explorer, guardGet, rejectAccountHeaderHook, onRequest, admit],
    wsHandler: live,
  });
  refuseOtherMethods(app, url, ['GET', 'POST'], { errorShape: 'graphql' });
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
