import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticate } from '../http/authentication.js';
import { requireScope } from '../platform/actor.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { type ConnectionLimits, Connections } from './connections.js';
import { registerEndpoint } from './endpoint.js';
import { registerExplorer } from './explorer.js';
import { createFormatError } from './format-error.js';
import { registerWebSockets, watchConnections } from './live-server.js';
import { publicSchemaOf } from './public-schema.js';
import { registerSchema } from './schema.routes.js';

export interface GraphQLOptions {
  /** With all that operators may do. */
  schema: GraphQLSchema;
  /** Of the public schema, by everybody. */
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

/**
 * Serves the public schema at `/graphql`, and the whole at `/graphql/operator`, to operators only. Nothing at the first
 * shows what the second has: not introspection, not suggestions, not validation messages. Stops with the server.
 * @returns what stays open, to be told when rights change
 */
export async function registerGraphQL(
  app: FastifyInstance,
  options: GraphQLOptions,
): Promise<Connections> {
  const { schema, introspection, logger, metrics, authenticate } = options;
  const connections = new Connections({ authenticate, limits: options.connections });
  await registerWebSockets(app, connections);
  watchConnections(metrics, connections);
  const publicSchema = publicSchemaOf(schema);
  registerSchema(app, { schema: publicSchema, introspection });
  const explorerAt = await registerExplorer(app, options.explorerDir);
  const shared = { ...options, connections, explorerAt, formatError: createFormatError(logger) };
  await registerEndpoint(app, {
    ...shared,
    url: '/graphql',
    schema: publicSchema,
    admit: () => undefined,
  });
  await registerEndpoint(app, {
    ...shared,
    url: '/graphql/operator',
    schema,
    // Nobody else gets so far.
    introspection: true,
    admit: (actor) => {
      requireScope(actor, 'operator');
    },
  });
  return connections;
}
