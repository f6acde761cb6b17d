import path from 'node:path';
import type { OAuthClient } from '../accounts/index.js';
import type { ConnectionLimits } from '../graphql/connections.js';
import type { AllowedOrigins } from '../http/origins.js';
import type { MeterOptions } from '../inference/index.js';
import type { WebhookOptions } from '../notifications/index.js';
import { ConfigError, listOf, oauthClient, stripeOptions } from './values.js';
import type { StripeOptions } from '../payments/index.js';
import type { CallLimitOptions } from '../usage/index.js';
import { environment } from './environment.js';
import type { LOG_LEVELS } from '../platform/logger.js';
import type { PredictorSettings } from '../predictor/predictor-settings.js';
import type { Variant } from '../siglip/index.js';

export { ConfigError };

export interface Config {
  nodeEnv: string | undefined;
  /** Whether the public reaches the server: NODE_ENV says so, or `publicUrl` begins with https. */
  production: boolean;
  /** In production too. */
  allowStripeDouble: boolean;
  allowDemoKey: boolean;
  /** 0 lets the system choose. */
  port: number;
  host: string;
  /** undefined: the embedded PostgreSQL is used. */
  databaseUrl: string | undefined;
  /** The same database past a pooler, for what needs a session of its own (LISTEN); undefined: `databaseUrl` does. */
  databaseDirectUrl: string | undefined;
  databaseConnectionsMax: number;
  databaseStatementTimeoutMs: number;
  databaseConnectTimeoutMs: number;
  /** Absolute. */
  dataDir: string;
  /** Absolute; one YAML file a model. */
  catalogDir: string;
  migrationsDir: string;
  /** Absolute; `<owner>/<name>/` for each model. */
  modelsDir: string;
  /** Precision that callers get of each model that has it; of the others they get fp32. */
  modelVariant: Variant;
  /** Where `models pull` downloads from. */
  hub: { endpoint: string; token: string | undefined };
  /** Absolute; the files of the GraphQL explorer. */
  explorerDir: string;
  /** Absolute; the built pages. */
  webDir: string;
  /** Absolute; the checkpoint that the first start compiles. */
  demoModelDir: string;
  /** Of another predictor; undefined: a child of this process serves `modelsDir`. */
  predictorUrl: string | undefined;
  predictor: PredictorSettings;
  /** Where people reach the server, for links in mails; without a slash at the end. */
  publicUrl: string;
  /** Other origins whose pages may call the server from a browser. */
  cors: AllowedOrigins;
  /** Signs sessions; undefined: the server makes one and keeps it in `dataDir`. */
  authSecret: string | undefined;
  /** `smtpUrl` undefined: mails are written to `outboxDir`. */
  mail: { smtpUrl: string | undefined; from: string; outboxDir: string };
  /** Loopback port of the mail viewer, which shows `mail.outboxDir` in development. */
  mailViewerPort: number;
  oauth: { github: OAuthClient | undefined; google: OAuthClient | undefined };
  freeCredit: { nanos: bigint; days: number };
  /** API keys that an account may have at a time. */
  keysPerAccount: number;
  /** Organizations that a person may have made at a time. */
  organizationsPerPerson: number;
  /** undefined: payments go to the local double, which main starts. */
  stripe: StripeOptions | undefined;
  stripeDouble: { host: string; port: number; file: string } & Pick<
    StripeOptions,
    'tax' | 'invoices' | 'timeoutMs'
  >;
  /** Name of the meter's event that usage is mirrored as; undefined: it is not. */
  stripeMeterEvent: string | undefined;
  /** Absolute. */
  creditPacksFile: string;
  /** Between two checks of a model that can be called. */
  modelCheckMs: number;
  /** Between two looks at what the Hub says of a model; undefined: nobody looks. */
  hubSyncMs: number | undefined;
  imageUrl: { allow: readonly string[]; timeoutMs: number };
  webhooks: WebhookOptions;
  /** Days that notifications and the log of their deliveries are kept. */
  notificationKeepDays: number;
  calls: MeterOptions;
  uploads: { folder: string; ttlS: number; accountBytesMax: number };
  limits: CallLimitOptions;
  /** What may come from whom is not known: connections at a time, requests in a minute. 0: no limit. */
  clients: { connectionsMax: number; connectionsPerAddress: number; anonymousPerMinute: number };
  /** Connections that stay open for subscriptions, on this server. */
  live: ConnectionLimits;
  /** Bytes of embeddings that are kept, for all accounts together. */
  caches: { textBytesMax: number; imageBytesMax: number };
  introspection: boolean;
  /** Addresses or CIDR ranges, comma-separated, whose `X-Forwarded-*` headers count; undefined: nobody's. */
  trustProxy: string | undefined;
  /** Bearer token for `/metrics`; undefined: open. */
  metricsToken: string | undefined;
  logLevel: (typeof LOG_LEVELS)[number];
  shutdownTimeoutMs: number;
}

/** The environment of a child: all of ours, with some variables changed. */
export function childEnvironment(changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}

/** The package's folder: `src/` and `dist/` lie directly below it. */
const PACKAGE_DIR = path.resolve(import.meta.dirname, '../..');

/**
 * Reads the configuration from environment variables. An empty variable counts as not set.
 * @throws ConfigError with one line a problem; values are not repeated, as they may be secret.
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = environment.safeParse(set);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(
      `The configuration is not valid:\n${lines.join('\n')}\nSee .env.example.`,
    );
  }
  const values = result.data;
  if (values.HOLD_MS <= values.CALL_TIMEOUT_MS) {
    throw new ConfigError(
      'HOLD_MS must be more than CALL_TIMEOUT_MS: a call is paid from its hold.',
    );
  }
  if (values.DATABASE_DIRECT_URL !== undefined && values.DATABASE_URL === undefined) {
    throw new ConfigError('DATABASE_DIRECT_URL needs DATABASE_URL: it leads to the same database.');
  }
  return {
    nodeEnv: values.NODE_ENV,
    production:
      values.NODE_ENV === 'production' || values.PUBLIC_URL?.startsWith('https://') === true,
    allowStripeDouble: values.ALLOW_STRIPE_DOUBLE,
    allowDemoKey: values.ALLOW_DEMO_KEY,
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    databaseDirectUrl: values.DATABASE_DIRECT_URL,
    databaseConnectionsMax: values.DATABASE_CONNECTIONS_MAX,
    databaseStatementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
    databaseConnectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
    dataDir: path.resolve(values.DATA_DIR),
    catalogDir: path.resolve(values.CATALOG_DIR ?? path.join(PACKAGE_DIR, 'prisma/seed/models')),
    migrationsDir: path.join(PACKAGE_DIR, 'prisma/migrations'),
    modelsDir: path.resolve(values.MODELS_DIR ?? path.join(values.DATA_DIR, 'models')),
    modelVariant: values.MODEL_VARIANT,
    demoModelDir: path.join(PACKAGE_DIR, 'models/demo-shapes'),
    explorerDir: path.join(PACKAGE_DIR, 'explorer'),
    webDir: path.join(PACKAGE_DIR, 'web/dist'),
    hub: { endpoint: values.HF_ENDPOINT, token: values.HF_TOKEN },
    predictorUrl: values.PREDICTOR_URL,
    predictor: {
      token: values.PREDICTOR_TOKEN,
      threads: values.PREDICTOR_THREADS,
      variants: values.PREDICTOR_VARIANTS,
      prepack: values.PREDICTOR_PREPACK,
      rules: {
        rowsMax: values.PREDICTOR_BATCH_ROWS_MAX,
        delayMs: values.PREDICTOR_BATCH_DELAY_MS,
        queueMax: values.PREDICTOR_QUEUE_MAX,
      },
    },
    publicUrl: values.PUBLIC_URL ?? defaultPublicUrl(values.PORT),
    cors: values.CORS_ORIGINS ?? { named: new Set(), any: false },
    authSecret: values.AUTH_SECRET,
    mail: {
      smtpUrl: values.SMTP_URL,
      from: values.MAIL_FROM,
      outboxDir: path.resolve(values.DATA_DIR, 'outbox'),
    },
    mailViewerPort: values.MAIL_VIEWER_PORT,
    oauth: {
      github: oauthClient('GITHUB', values.GITHUB_CLIENT_ID, values.GITHUB_CLIENT_SECRET),
      google: oauthClient('GOOGLE', values.GOOGLE_CLIENT_ID, values.GOOGLE_CLIENT_SECRET),
    },
    stripe: stripeOptions(values),
    stripeDouble: {
      host: values.STRIPE_DOUBLE_HOST,
      port: values.STRIPE_DOUBLE_PORT,
      file: path.resolve(values.DATA_DIR, 'stripe-double.json'),
      tax: values.STRIPE_TAX,
      invoices: values.STRIPE_INVOICES,
      timeoutMs: values.STRIPE_TIMEOUT_MS,
    },
    stripeMeterEvent: values.STRIPE_METER_EVENT,
    creditPacksFile: path.resolve(
      values.CREDIT_PACKS_FILE ?? path.join(PACKAGE_DIR, 'prisma/seed/credit-packs.yaml'),
    ),
    freeCredit: { nanos: BigInt(values.FREE_CREDIT_NANOS), days: values.FREE_CREDIT_DAYS },
    keysPerAccount: values.KEYS_PER_ACCOUNT,
    organizationsPerPerson: values.ORGANIZATIONS_PER_PERSON,
    modelCheckMs: values.MODEL_CHECK_MINUTES * 60_000,
    hubSyncMs: values.HUB_SYNC_HOURS === 0 ? undefined : values.HUB_SYNC_HOURS * 3_600_000,
    imageUrl: {
      allow: listOf(values.IMAGE_URL_ALLOW),
      timeoutMs: values.IMAGE_URL_TIMEOUT_MS,
    },
    webhooks: { allow: listOf(values.WEBHOOK_ALLOW), timeoutMs: values.WEBHOOK_TIMEOUT_MS },
    notificationKeepDays: values.NOTIFICATION_KEEP_DAYS,
    calls: {
      timeoutMs: values.CALL_TIMEOUT_MS,
      holdMs: values.HOLD_MS,
      batchDiscountPercent: values.BATCH_DISCOUNT_PERCENT,
      paidMs: values.CACHE_TTL_S * 1_000,
    },
    uploads: {
      folder: path.resolve(values.DATA_DIR, 'uploads'),
      ttlS: values.UPLOAD_TTL_S,
      accountBytesMax: values.UPLOAD_ACCOUNT_MB * 2 ** 20,
    },
    limits: {
      ratePerMinute: values.RATE_PER_MINUTE,
      concurrencyMax: values.CONCURRENCY_MAX,
      store: values.RATE_STORE,
    },
    clients: {
      connectionsMax: values.CONNECTIONS_MAX,
      connectionsPerAddress: values.CONNECTIONS_PER_ADDRESS,
      anonymousPerMinute: values.ANONYMOUS_PER_MINUTE,
    },
    live: {
      connectionsMax: values.LIVE_CONNECTIONS_MAX,
      perAccount: values.LIVE_CONNECTIONS_PER_ACCOUNT,
      perAddress: values.LIVE_CONNECTIONS_PER_ADDRESS,
      // What docs/live.md promises; tests cannot wait for it.
      recheckMs: 30_000,
    },
    caches: {
      textBytesMax: values.TEXT_CACHE_MB * 2 ** 20,
      imageBytesMax: values.IMAGE_CACHE_MB * 2 ** 20,
    },
    introspection: values.INTROSPECTION,
    trustProxy: values.TRUST_PROXY,
    metricsToken: values.METRICS_TOKEN,
    logLevel: values.LOG_LEVEL,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS,
  };
}

/** Where people reach a server of which PUBLIC_URL does not say it. */
export function defaultPublicUrl(port: number): string {
  return `http://localhost:${String(port)}`;
}
