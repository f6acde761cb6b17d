// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { type Background, startBackground } from './background.js';
import type { Config } from './config.js';
import { AppError } from './errors.js';
import { createSchema } from './graphql/schema.js';
import { registerGraphQL } from './graphql/server.js';
import { registerOperationsRoutes } from './http/operations.routes.js';
import { type Authenticate, decorateWithActor } from './http/authentication.js';
import { createHttpServer } from './http/server.js';
import { CALL_BYTES_MAX } from './inference/index.js';
import { WANTED_CHANNEL } from './operations/index.js';
import { readCreditOffer } from './payments/index.js';
import { type Clock, systemClock } from './platform/clock.js';
import { type Database, openDatabase } from './platform/database.js';
import type { KeyId } from './platform/ids.js';
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
import { createResolvers } from './resolvers.js';
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

const NO_BACKGROUND: Background = {
  soon: () => undefined,
  wanted: () => undefined,
  stop: () => Promise.resolve(),
};

export interface AppParts {
  clock?: Clock;
  logger?: Logger;
  /** Does nothing by itself: the services are wanted for a command. */
  isCommand?: true;
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
  await registerGraphQL(server, {
    schema: createSchema(createResolvers(services)),
    introspection: config.introspection,
    logger,
    metrics,
    authenticate,
    bodyBytesMax,
  });
  const routes = createRoutes(services, config.publicUrl);
  await registerRoutes(server, routes, { authenticate, bodyBytesMax });
  await registerDocs(server, routes, { publicUrl: config.publicUrl, version: VERSION });

  await registerMailLinkRoutes(server, {
    identity: services.identity,
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
  registerIdentityRoutes(server, { identity: services.identity, publicUrl: config.publicUrl });

  const background =
    parts.isCommand === true ? NO_BACKGROUND : startBackground(config, services, logger);
  await registerPaymentsRoutes(server, {
    payments: services.payments,
    events: services.stripeEvents,
    onEvent: () => {
      background.soon('events of Stripe');
    },
  });

  const changedKeys = listen(databaseUrl, 'api_key_changed', {
    onMessage: (keyId) => {
      services.keys.forget(keyId as KeyId);
    },
    onGap: () => {
      services.keys.forget();
    },
  });

  const wantedJobs = listen(databaseUrl, WANTED_CHANNEL, {
    onMessage: (name) => {
      background.wanted(name);
    },
    // What was wanted meanwhile comes by its own time.
    onGap: () => undefined,
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
        await Promise.all([
          background.stop(),
          services.notifications.stop(),
          changedKeys.stop(),
          wantedJobs.stop(),
        ]);
        await services.keys.writeUses().catch((err: unknown) => {
          logger.warn({ err }, 'the last uses of keys could not be written');
        });
        await Promise.all([predictor.close(), services.predictors.close(), services.hub.close()]);
        await database.close();
      })());
    },
  };
}

/** Counts that services keep, on /metrics. */
function watchServices(
  metrics: Metrics,
  { embeddings, credits, stripeEvents, usageReports, notifications, backgroundJobs }: Services,
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
    name: 'gigarouter_background_turns_total',
    help: 'Turns of background work of this process, by how they ended.',
    labelNames: ['work', 'outcome'],
    read: () =>
      backgroundJobs.counts.flatMap(({ name, turns, failures }) => [
        { labels: { work: name, outcome: 'ok' }, value: turns - failures },
        { labels: { work: name, outcome: 'error' }, value: failures },
      ]),
  });
  metrics.watch({
    name: 'gigarouter_background_seconds_total',
    help: 'Time that turns of background work took.',
    labelNames: ['work'],
    read: () =>
      backgroundJobs.counts.map(({ name, totalMs }) => ({
        labels: { work: name },
        value: totalMs / 1_000,
      })),
  });
  metrics.watch({
    name: 'gigarouter_background_failures_in_row',
    help: 'Turns of background work that failed one after the other, up to now.',
    labelNames: ['work'],
    read: () =>
      backgroundJobs.counts.map(({ name, failuresInRow }) => ({
        labels: { work: name },
        value: failuresInRow,
      })),
  });
  const inboxes = {
    stripe_events: stripeEvents,
    usage_reports: usageReports,
    notification_deliveries: notifications,
  };
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
