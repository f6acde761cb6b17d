import type { FastifyInstance } from 'fastify';
import { type Config, defaultPublicUrl } from '../config/config.js';
import { AnonymousRequests } from '../http/anonymous-requests.js';
import { type Authenticate, decorateWithActor } from '../http/authentication.js';
import { registerOperationsRoutes } from '../http/operations.routes.js';
import { Origins } from '../http/origins.js';
import { decorateWithPublicUrl } from '../http/public-url.js';
import { createHttpServer } from '../http/server.js';
import { trustedProxies } from '../http/trusted-proxies.js';
import { requireWritable } from '../platform/database.js';
import { listMigrations, pendingMigrations } from '../platform/migrations.js';
import { rendererAt } from '../rest/dialects.js';
import { WAIT_MAX_S } from '../rest/metered-calls.js';
import type { OpenServices } from './open-services.js';

export interface WebServer {
  readonly server: FastifyInstance;
  readonly origins: Origins;
  readonly authenticate: Authenticate;
}

/**
 * The HTTP server with its limits, and the routes of whoever operates it. Does not listen yet.
 * @param isDraining true from the moment that a stop was asked for
 */
export async function createWebServer(
  config: Config,
  { database, metrics, logger, services }: OpenServices,
  isDraining: () => boolean,
): Promise<WebServer> {
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
      isDraining,
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
  const authenticate = anonymousRequests.counting((request) =>
    services.authenticator.authenticate(request),
  );
  return { server, origins, authenticate };
}
