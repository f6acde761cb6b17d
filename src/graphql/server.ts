import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { refuseOtherMethods } from '../http/server.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { createFormatError } from './format-error.js';
import { limitsPlugin } from './limits.plugin.js';
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
export async function registerGraphQL(app: FastifyInstance, options: GraphQLOptions): Promise<void> {
  const apollo = new ApolloServer<GraphQLContext>({
    schema: options.schema,
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    formatError: createFormatError(options.logger),
    logger: apolloLogger(options.logger),
    parseOptions: { maxLexicalTokens: 1_500 },
    validationOptions: { maxErrors: 5 },
    executionOptions: { maxCoercionErrors: 5 },
    maxRecursiveSelections: 1_000,
    plugins: [
      // The page loads scripts from Apollo's servers.
      ApolloServerPluginLandingPageDisabled(),
      // It wraps every field, for 1.7 times the time; the headers come from `observePlugin`.
      ApolloServerPluginCacheControlDisabled(),
      observePlugin(options.metrics),
      limitsPlugin(),
    ],
  });
  await apollo.start();
  // Fastify drains by itself. Apollo's drain plugin would wait for Fastify, and Fastify here for Apollo.
  app.addHook('onClose', () => apollo.stop());

  app.route({
    url: '/graphql',
    method: ['GET', 'POST'],
    config: { errorShape: 'graphql' },
    handler: fastifyApolloHandler(apollo, {
      context: (request) => Promise.resolve({ requestId: request.id }),
    }),
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
