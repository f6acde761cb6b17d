// Before anything that is decorated: type-graphql asks for it when classes are defined.
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.js';
import { readCreditOffer } from '../payments/index.js';
import { type Database, openDatabase } from '../platform/database.js';
import { createLogger, type Logger } from '../platform/logger.js';
import { createMetrics, type Metrics } from '../platform/metrics.js';
import { type PredictorAddress, PredictorClient } from '../predictor/client.js';
import { createServices, type Services } from './services.js';
import { registerServiceMetrics } from './service-metrics.js';

export interface ServicesParts {
  logger?: Logger;
  /** Where the predictor answers now; by default what `config.predictorUrl` says. */
  predictorAddress?: () => PredictorAddress | undefined;
  /** Seconds that a start of it takes; undefined while nobody knows. */
  predictorRetryAfterS?: () => number | undefined;
}

export interface OpenServices {
  readonly database: Database;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly services: Services;
  /** Ends the sending of mails and webhooks. Safe to repeat. */
  readonly finish: () => Promise<void>;
  /** Finishes what they have begun, then closes the database. */
  readonly close: () => Promise<void>;
}

/** The services on a migrated database: for the app, and for a command, which needs neither schema nor server. */
export async function openServices(
  config: Config,
  databaseUrl: string,
  parts: ServicesParts = {},
): Promise<OpenServices> {
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
    onUnprepared: () => {
      logger.warn(
        {},
        'a connection pooler does not keep prepared statements: statements are planned at each call',
      );
    },
    onConnectionLost: (err) => {
      logger.warn({ err }, 'a database connection was lost');
    },
  });
  const { predictorUrl, predictor: predictorConfig } = config;
  const configured =
    predictorUrl === undefined ? undefined : { url: predictorUrl, token: predictorConfig.token };
  const predictor = new PredictorClient(
    parts.predictorAddress ?? (() => configured),
    parts.predictorRetryAfterS,
  );
  const offer = readCreditOffer(await readFile(config.creditPacksFile, 'utf8'));
  const services = createServices(config, { db: database, logger, predictor, offer });
  registerServiceMetrics(metrics, services);
  const finish = async () => {
    await Promise.all([services.notifications.stop(), services.mailQueue.stop()]);
  };
  return {
    database,
    metrics,
    logger,
    services,
    finish,
    close: async () => {
      await finish();
      services.live.stop();
      await services.announcer.flush();
      await services.keyAuthenticator.writeUses().catch((err: unknown) => {
        logger.warn({ err }, 'the last uses of keys could not be written');
      });
      await Promise.all([
        predictor.close(),
        services.predictors.close(),
        services.hub.close(),
        services.passwords.stop(),
      ]);
      await database.close();
    },
  };
}
