// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import type { FastifyInstance } from 'fastify';
import { type Background, startBackground } from './background.js';
import { subscribeToNotifications } from './pg-notifications.js';
import { type Config, defaultPublicUrl } from '../config/config.js';
import { AppError } from '../errors.js';
import { createSchema } from '../graphql/schema.js';
import { registerGraphQL } from '../graphql/server.js';
import { registerOperationsRoutes } from '../http/operations.routes.js';
import { type Authenticate, decorateWithActor } from '../http/authentication.js';
import { Origins } from '../http/origins.js';
import { decorateWithPublicUrl } from '../http/public-url.js';
import { AnonymousRequests } from '../http/anonymous-requests.js';
import { trustedProxies } from '../http/trusted-proxies.js';
import { createHttpServer } from '../http/server.js';
import { CALL_BYTES_MAX } from '../inference/index.js';
import { type Database, requireWritable } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { Metrics } from '../platform/metrics.js';
import { openServices, type ServicesParts } from './open-services.js';
import { listMigrations, pendingMigrations } from '../platform/migrations.js';
import { VERSION } from '../platform/version.js';
import { rendererAt } from '../rest/dialects.js';
import { registerDocs } from '../rest/docs.routes.js';
import { registerHome } from '../rest/home.routes.js';
import { registerIdentityRoutes } from '../rest/identity.routes.js';
import { registerMailLinkRoutes } from '../rest/mail-link.routes.js';
import { registerPaymentsRoutes } from '../rest/payments.routes.js';
import { registerRoutes } from '../rest/register-routes.js';
import { createRoutes } from '../rest/routes.js';
import { WAIT_MAX_S } from '../rest/metered-calls.js';
import { createResolvers, createSources } from './resolvers.js';
import type { Services } from './services.js';

export interface App {
  readonly server: FastifyInstance;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly services: Services;
  /** Answers what is in flight, refuses the rest, then closes the database. Safe to repeat. */
  stop(): Promise<void>;
}

const NO_BACKGROUND: Background = {
  soon: () => undefined,
  wanted: () => undefined,
  stop: () => Promise.resolve(),
};

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
  const origins = new Origins(config.cors, config.publicUrl);
  const isTrustedProxy = trustedProxies(config.trustProxy);
  const anonymousRequests = new AnonymousRequests(
    config.clients.anonymousPerMinute,
    isTrustedProxy,
  );
  const server = await createHttpServer({
    logger,
    metrics,
    trustProxy: config.trustProxy,
    origins,
    https: config.publicUrl.startsWith('https:'),
    renderErrorAt: rendererAt,
    isTrustedProxy,
    connectionLimits: config.clients,
    anonymousRequests,
    // A call may wait for its model first.
    answerMsMax: config.calls.timeoutMs + WAIT_MAX_S * 1_000,
  });
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
      requireWritable: () => requireWritable(database),
    },
  });
  decorateWithActor(server);
  decorateWithPublicUrl(server, {
    publicUrl: config.publicUrl,
    followsHost: config.publicUrl === defaultPublicUrl(config.port),
  });
  const bodyBytesMax = CALL_BYTES_MAX;
  const authenticate: Authenticate = async (request) => {
    const actor = await services.authenticator.authenticate(request);
    // A cookie that is no session, for example. Who stays connected was counted when the connection was opened.
    if (actor.accountId === undefined && request.again !== true)
      anonymousRequests.count(request.ip);
    return actor;
  };
  const connections = await registerGraphQL(server, {
    schema: createSchema(createResolvers(services), createSources(services)),
    introspection: config.introspection,
    logger,
    metrics,
    authenticate,
    bodyBytesMax,
    connections: config.live,
    explorerDir: config.explorerDir,
  });
  registerHome(server, config);
  const routes = createRoutes(services);
  await registerRoutes(server, routes, { authenticate, bodyBytesMax });
  await registerDocs(server, routes, {
    pathPrefix: new URL(config.publicUrl).pathname,
    version: VERSION,
  });

  await registerMailLinkRoutes(server, {
    links: services.mailLinks,
    publicUrl: config.publicUrl,
    waitlist: services.waitlist,
    acceptInvitation: async (request, token) => {
      const actor = await services.authenticator.authenticate(request);
      if (actor.userId === undefined) {
        throw new AppError(
          'UNAUTHENTICATED',
          'Sign in on this browser first, then open the link again.',
        );
      }
      await services.members.accept(actor, actor.userId, token);
    },
  });
  const { identity, signIn } = services;
  registerIdentityRoutes(server, { identity, signIn, publicUrl: config.publicUrl, origins });

  const background =
    parts.isCommand === true ? NO_BACKGROUND : startBackground(config, services, logger);
  await registerPaymentsRoutes(server, {
    payments: services.payments,
    events: services.stripeEvents,
    onEvent: () => {
      background.soon('events of Stripe');
    },
  });

  const listener = subscribeToNotifications(databaseUrl, { services, connections, background });

  let stopping: Promise<void> | undefined;
  return {
    server,
    database,
    metrics,
    logger,
    services,
    stop: () => {
      draining = true;
      return (stopping ??= (async () => {
        await server.close();
        services.batchWorker.stop();
        // `finish` ends deliveries that a turn of the background may wait for.
        await Promise.all([background.stop(), listener.stop(), opened.finish()]);
        await opened.close();
      })());
    },
  };
}
