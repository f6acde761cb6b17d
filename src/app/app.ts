// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { createFormatError } from '../graphql/format-error.js';
import { PageOperations } from '../graphql/page-operations.js';
import { registerGraphQL } from '../graphql/server.js';
import { CALL_BYTES_MAX } from '../inference/index.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { registerPublicPages } from '../pages/public-pages.js';
import type { Metrics } from '../platform/metrics.js';
import { NO_BACKGROUND, startBackground } from './background.js';
import { openServices, type ServicesParts } from './open-services.js';
import { subscribeToNotifications } from './pg-notifications.js';
import { createServicesSchema } from './resolvers.js';
import { registerRest } from './rest-routes.js';
import type { Services } from './services.js';
import { createWebServer } from './web-server.js';

export interface App {
  readonly server: FastifyInstance;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly services: Services;
  /** Answers what is in flight, refuses the rest, then closes the database. Safe to repeat. */
  stop(): Promise<void>;
}

export interface AppParts extends ServicesParts {
  /** Does nothing by itself: a test makes each turn. */
  isCommand?: true;
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
  const opened = await openServices(config, databaseUrl, parts);
  const { database, metrics, logger, services } = opened;
  let draining = false;
  const web = await createWebServer(config, opened, () => draining);
  const { server, authenticate } = web;
  const schema = createServicesSchema(services);
  const connections = await registerGraphQL(server, {
    schema,
    introspection: config.introspection,
    logger,
    metrics,
    authenticate,
    bodyBytesMax: CALL_BYTES_MAX,
    connections: config.live,
    explorerDir: config.explorerDir,
  });
  const background =
    parts.isCommand === true ? NO_BACKGROUND : startBackground(config, services, logger);
  await registerRest(web, { config, services, background });
  await registerPublicPages(server, {
    ...web,
    webDir: config.webDir,
    operations: new PageOperations(schema, metrics, createFormatError(logger)),
  });
  const listener = subscribeToNotifications(config.databaseDirectUrl ?? databaseUrl, {
    services,
    connections,
    background,
    logger,
  });

  const stop = async () => {
    draining = true;
    await server.close();
    services.batchWorker.stop();
    // `finish` ends deliveries that a turn of the background may wait for.
    await Promise.all([background.stop(), listener.stop(), opened.finish()]);
    await opened.close();
  };
  let stopping: Promise<void> | undefined;
  return { server, database, metrics, logger, services, stop: () => (stopping ??= stop()) };
}
