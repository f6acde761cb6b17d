// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { startBackground } from './background.js';
import type { Config } from './config.js';
import { AppError } from './errors.js';
import { createSchema } from './graphql/schema.js';
import { registerGraphQL } from './graphql/server.js';
import { registerOperationsRoutes } from './http/operations.routes.js';
import { type Authenticate, decorateWithActor } from './http/authentication.js';
import { createHttpServer } from './http/server.js';
import { CALL_BYTES_MAX } from './inference/index.js';
import { readCreditOffer } from './payments/index.js';
import { type Clock, systemClock } from './platform/clock.js';
import { type Database, openDatabase } from './platform/database.js';
import { ACCOUNT_CHANGED } from './platform/announcer.js';
import type { KeyId, ModelId } from './platform/ids.js';
import { listen } from './platform/listener.js';
import { createLogger, type Logger } from './platform/logger.js';
import { createMetrics, type Metrics } from './platform/metrics.js';
import { listMigrations, pendingMigrations } from './platform/migrations.js';
import { type PredictorAddress, PredictorClient } from './predictor/client.js';
import { VERSION } from './platform/version.js';
import { registerDocs } from './rest/docs.routes.js';
import { registerIdentityRoutes } from './rest/identity.routes.js';
import { registerMailLinkRoutes } from './rest/mail-link.routes.js';
import { registerPaymentsRoutes } from './rest/payments.routes.js';
import { registerRoutes } from './rest/register-routes.js';
import { createRoutes } from './rest/routes.js';
import { WAIT_MAX_S } from './rest/metered-calls.js';
import { createResolvers, createSources } from './resolvers.js';
import { createServices, type Services } from './services.js';

export interface App {
  readonly server: FastifyInstance;
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly services: Services;
  /** Answers what is in flight, refuses the rest, then closes the database. Safe to repeat. */
  stop(): Promise<void>;
}

export interface AppParts {
  clock?: Clock;
  logger?: Logger;
  /** Where the predictor answers now; by default what `config.predictorUrl` says. */
  predictorAddress?: () => PredictorAddress | undefined;
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
  const server = createHttpServer({
    logger,
    metrics,
    trustProxy: config.trustProxy,
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
    },
  });
  const { predictorUrl, predictor: predictorConfig } = config;
  const configured =
    predictorUrl === undefined ? undefined : { url: predictorUrl, token: predictorConfig.token };
  const predictor = new PredictorClient(parts.predictorAddress ?? (() => configured));
  const clock = parts.clock ?? systemClock;
  const offer = readCreditOffer(await readFile(config.creditPacksFile, 'utf8'));
  const services = createServices(config, database, { clock, logger, predictor, offer });
  watchServices(metrics, services);
  decorateWithActor(server);
  const bodyBytesMax = CALL_BYTES_MAX;
  const authenticate: Authenticate = (request) => services.authenticator.authenticate(request);
  const connections = await registerGraphQL(server, {
    schema: createSchema(createResolvers(services), createSources(services)),
    introspection: config.introspection,
    logger,
    metrics,
    authenticate,
    bodyBytesMax,
    connections: config.live,
    publicUrl: config.publicUrl,
  });
  const routes = createRoutes(services, config.publicUrl);
  await registerRoutes(server, routes, { authenticate, bodyBytesMax });
  await registerDocs(server, routes, { publicUrl: config.publicUrl, version: VERSION });

  await registerMailLinkRoutes(server, {
    identity: services.identity,
    publicUrl: config.publicUrl,
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
  registerIdentityRoutes(server, { identity: services.identity, publicUrl: config.publicUrl });

  const background = startBackground(config, services, logger);
  await registerPaymentsRoutes(server, {
    payments: services.payments,
    events: services.stripeEvents,
    onEvent: () => {
      background.soon('events of Stripe');
    },
  });

  const { keys, live, announcer } = services;
  const listener = listen(databaseUrl, {
    api_key_changed: {
      onMessage: (keyId) => {
        keys.forget(keyId as KeyId);
        connections.rightsChanged(keyId);
      },
      onGap: () => {
        keys.forget();
      },
    },
    rights_changed: {
      onMessage: (id) => {
        connections.rightsChanged(id);
      },
      onGap: () => {
        connections.rightsChanged(undefined);
      },
    },
    [ACCOUNT_CHANGED]: {
      onMessage: (payload) => {
        live.accountsChanged(payload);
      },
      onGap: () => {
        live.anythingChanged();
      },
    },
    model_status_changed: {
      onMessage: (id) => {
        live.modelChanged(id as ModelId);
      },
      onGap: () => {
        live.modelChanged(undefined);
      },
    },
  });

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
        await Promise.all([background.stop(), listener.stop()]);
        live.stop();
        await announcer.flush();
        await services.keys.writeUses().catch((err: unknown) => {
          logger.warn({ err }, 'the last uses of keys could not be written');
        });
        await predictor.close();
        await database.close();
      })());
    },
  };
}

/** Counts that services keep, on /metrics. */
function watchServices(
  metrics: Metrics,
  { embeddings, credits, stripeEvents, usageReports, live }: Services,
): void {
  const caches = { text: embeddings.texts, image: embeddings.images };
  metrics.watch({
    name: 'gigarouter_embedding_lookups_total',
    help: 'Embeddings asked for: kept, being computed for somebody else, or computed.',
    labelNames: ['cache', 'outcome'],
    read: () =>
      Object.entries(caches).flatMap(([cache, { counts }]) =>
        Object.entries(counts).map(([outcome, value]: [string, number]) => ({
          labels: { cache, outcome },
          value,
        })),
      ),
  });
  metrics.watch({
    name: 'gigarouter_embedding_cache_bytes',
    help: 'Bytes of embeddings that are kept.',
    labelNames: ['cache'],
    read: () =>
      Object.entries(caches).map(([cache, { bytes }]) => ({ labels: { cache }, value: bytes })),
  });
  metrics.watch({
    name: 'gigarouter_ledger_waiting',
    help: 'Holds and captures that wait for their commit.',
    labelNames: [],
    read: () => [{ labels: {}, value: credits.waiting }],
  });
  metrics.watch({
    name: 'gigarouter_live_dropped_total',
    help: 'Events that nobody read: a newer one took their place, or their reader was too slow.',
    labelNames: [],
    read: () => [{ labels: {}, value: live.dropped }],
  });
  const inboxes = { stripe_events: stripeEvents, usage_reports: usageReports };
  for (const [name, service] of Object.entries(inboxes)) {
    metrics.watch({
      name: `gigarouter_${name}`,
      help: `Rows of ${name} that wait, and that were given up: somebody has to look at those.`,
      labelNames: ['state'],
      read: async () =>
        Object.entries(await service.counts()).map(([state, value]: [string, number]) => ({
          labels: { state },
          value,
        })),
    });
  }
}
