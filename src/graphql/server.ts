import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { refuseOtherMethods } from '../http/server.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { DirectExecution } from './direct-execution.js';
import { createFormatError } from './format-error.js';
import { KnownOperations } from './known-operations.js';
import { limitsPlugin } from './limits.plugin.js';
import { createMeter } from './meter.js';
import { observePlugin } from './observe.plugin.js';

export interface GraphQLOptions {
  schema: GraphQLSchema;
  introspection: boolean;
  logger: Logger;
  metrics: Metrics;
}

/** One object a request; domains hang their loaders on it. */
export interface GraphQLContext {
  readonly requestId: string;
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
  const contextOf = ({ id }: FastifyRequest): GraphQLContext => ({ requestId: id });
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
  // Fastify drains by itself. Apollo's drain plugin would wait for Fastify, and Fastify here for Apollo.
  app.addHook('onClose', () => apollo.stop());

  const handler = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(contextOf(request)),
  });
  const throughApollo = async (request: FastifyRequest, reply: FastifyReply) => {
    const body: unknown = await handler.call(app, request, reply);
    return reply.sent ? reply : reply.send(body);
  };

  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    config: { errorShape: 'graphql' },
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
