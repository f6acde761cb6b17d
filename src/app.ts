// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { CatalogResolver, CatalogService } from './catalog/index.js';
import type { Config } from './config.js';
import { NodeResolver } from './graphql/node.resolver.js';
import { createSchema } from './graphql/schema.js';
import { registerGraphQL } from './graphql/server.js';
import { registerOperationsRoutes } from './http/operations.routes.js';
import { createHttpServer } from './http/server.js';
import { type Clock, systemClock } from './platform/clock.js';
import { type Database, openDatabase } from './platform/database.js';
import { createLogger, type Logger } from './platform/logger.js';
import { createMetrics, type Metrics } from './platform/metrics.js';
import { listMigrations, pendingMigrations } from './platform/migrations.js';

export interface App {
  readonly server: FastifyInstance;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Answers what is in flight, refuses the rest, then closes the database. Safe to repeat. */
  stop(): Promise<void>;
}

export interface AppParts {
  clock?: Clock;
  logger?: Logger;
}

/** The domains' resolvers over their services: every `new` of both is here. */
function createResolvers(database: Pick<Database, 'query'>, clock: Clock): object[] {
  const catalog = new CatalogResolver(new CatalogService(database, clock));
  return [catalog, new NodeResolver(new Map([['mdl', catalog.findNode]]))];
}

/** The schema without a database, for printing it. */
export function createPrintableSchema(): GraphQLSchema {
  const query = () => Promise.reject(new Error('The schema is only printed.'));
  return createSchema(createResolvers({ query }, systemClock));
}

/**
 * The composition root: builds the app on a migrated database; does not listen yet.
 * @param databaseUrl of the database to use, embedded or not.
 */
export async function createApp(
  config: Config,
  databaseUrl: string,
  parts: AppParts = {},
): Promise<App> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  const metrics: Metrics = createMetrics(() => database.poolUse());
  const database = openDatabase({
    url: databaseUrl,
    connectionsMax: config.databaseConnectionsMax,
    statementTimeoutMs: config.databaseStatementTimeoutMs,
    connectTimeoutMs: config.databaseConnectTimeoutMs,
    onStatement: () => {
      metrics.statement();
    },
    onConnectionLost: (err) => {
      logger.warn({ err }, 'a database connection was lost');
    },
  });

  let draining = false;
  const server = createHttpServer({ logger, metrics, trustProxy: config.trustProxy });
  const migrations = await listMigrations(config.migrationsDir);
  registerOperationsRoutes(server, {
    metrics,
    metricsToken: config.metricsToken,
    readiness: {
      isDraining: () => draining,
      pendingMigrations: () =>
        pendingMigrations(
          (sql, values) => database.query<{ migration_name: string }>(sql, values),
          migrations,
        ),
    },
  });
  await registerGraphQL(server, {
    schema: createSchema(createResolvers(database, parts.clock ?? systemClock)),
    introspection: config.introspection,
    logger,
    metrics,
  });

  let stopping: Promise<void> | undefined;
  return {
    server,
    database,
    metrics,
    logger,
    stop: () => {
      draining = true;
      return (stopping ??= server.close().then(() => database.close()));
    },
  };
}
