import { availableParallelism } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { OAuthClient } from './accounts/index.js';
import type { MeterOptions } from './inference/index.js';
import type { WebhookOptions } from './notifications/index.js';
import { ConfigError, listOf, oauthClient, stripeOptions } from './config-values.js';
import type { StripeOptions } from './payments/index.js';
import type { CallLimitOptions } from './usage/index.js';
import { LOG_LEVELS } from './platform/logger.js';

export { ConfigError };

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1).max(600_000);
const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\/.+/, 'must be a postgresql:// URL');

/**
 * Every variable that the process reads, with its default. Kept equal to `.env.example` by a test.
 * Secrets have no default.
 */
export const environment = z.object({
  PORT: port.default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_CONNECTIONS_MAX: z.coerce.number().int().min(1).max(500).default(10),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds.default(5_000),
  DATABASE_CONNECT_TIMEOUT_MS: milliseconds.default(3_000),
  DATA_DIR: z.string().min(1).default('.data'),
  CATALOG_DIR: z.string().min(1).optional(),
  MODELS_DIR: z.string().min(1).optional(),
  HF_ENDPOINT: httpUrl.default('https://huggingface.co'),
  HF_TOKEN: z.string().min(1).optional(),
  PREDICTOR_URL: httpUrl.optional(),
  PREDICTOR_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  PREDICTOR_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  PREDICTOR_PREPACK: flag.default(false),
  PREDICTOR_BATCH_ROWS_MAX: z.coerce.number().int().min(1).max(1_024).default(16),
  PREDICTOR_BATCH_DELAY_MS: z.coerce.number().int().min(0).max(1_000).default(0),
  PREDICTOR_QUEUE_MAX: z.coerce.number().int().min(1).max(100_000).default(64),
  PUBLIC_URL: httpUrl.optional(),
  AUTH_SECRET: z.string().min(32, 'must have 32 characters or more').optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/.+/, 'must be an smtp:// or smtps:// URL')
    .optional(),
  MAIL_FROM: z.string().min(3).default('gigarouter <noreply@localhost>'),
  GITHUB_CLIENT_ID: z.string().min(1).optional(),
  GITHUB_CLIENT_SECRET: z.string().min(1).optional(),
  GOOGLE_CLIENT_ID: z.string().min(1).optional(),
  GOOGLE_CLIENT_SECRET: z.string().min(1).optional(),
  FREE_CREDIT_NANOS: z
    .string()
    .regex(/^\d{1,18}$/, 'must be whole nano-dollars')
    .default('100000000'),
  FREE_CREDIT_DAYS: z.coerce.number().int().min(1).max(3_650).default(30),
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_\S+$/, 'must be a secret key of Stripe, as sk_test_…')
    .optional(),
  STRIPE_WEBHOOK_SECRETS: z.string().min(1).optional(),
  STRIPE_API_URL: httpUrl.optional(),
  STRIPE_METER_EVENT: z.string().min(1).max(100).optional(),
  STRIPE_TAX: flag.default(false),
  STRIPE_INVOICES: flag.default(false),
  STRIPE_TIMEOUT_MS: milliseconds.default(20_000),
  STRIPE_DOUBLE_HOST: z.string().min(1).default('127.0.0.1'),
  STRIPE_DOUBLE_PORT: port.default(4242),
  CREDIT_PACKS_FILE: z.string().min(1).optional(),
  IMAGE_URL_ALLOW: z.string().min(1).optional(),
  IMAGE_URL_TIMEOUT_MS: milliseconds.default(10_000),
  WEBHOOK_ALLOW: z.string().min(1).optional(),
  WEBHOOK_TIMEOUT_MS: milliseconds.max(60_000).default(10_000),
  NOTIFICATION_KEEP_DAYS: z.coerce.number().int().min(7).max(3_650).default(90),
  CALL_TIMEOUT_MS: milliseconds.default(120_000),
  HOLD_MS: z.coerce.number().int().min(1_000).max(86_400_000).default(300_000),
  BATCH_DISCOUNT_PERCENT: z.coerce.number().int().min(0).max(90).default(50),
  UPLOAD_TTL_S: z.coerce.number().int().min(60).max(31_536_000).default(86_400),
  UPLOAD_ACCOUNT_MB: z.coerce.number().int().min(10).max(1_000_000).default(1_024),
  RATE_PER_MINUTE: z.coerce.number().int().min(1).max(10_000_000).default(6_000),
  CONCURRENCY_MAX: z.coerce.number().int().min(1).max(100_000).default(64),
  RATE_STORE: z.enum(['memory', 'postgres']).default('memory'),
  TEXT_CACHE_MB: z.coerce.number().int().min(0).max(100_000).default(128),
  IMAGE_CACHE_MB: z.coerce.number().int().min(0).max(100_000).default(128),
  INTROSPECTION: flag.default(true),
  TRUST_PROXY: z.string().min(1).optional(),
  METRICS_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  SHUTDOWN_TIMEOUT_MS: milliseconds.default(10_000),
});

export interface Config {
  /** 0 lets the system choose. */
  port: number;
  host: string;
  /** undefined: the embedded PostgreSQL is used. */
  databaseUrl: string | undefined;
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
  /** Where `models pull` downloads from. */
  hub: { endpoint: string; token: string | undefined };
  /** Absolute; the checkpoint that the first start compiles. */
  demoModelDir: string;
  /** Of another predictor; undefined: a child of this process serves `modelsDir`. */
  predictorUrl: string | undefined;
  predictor: {
    /** Bearer token that a predictor asks for, and that is shown to one at `predictorUrl`. */
    token: string | undefined;
    /** Threads of one run. */
    threads: number;
    prepack: boolean;
    rules: { rowsMax: number; delayMs: number; queueMax: number };
  };
  /** Where people reach the server, for links in mails; without a slash at the end. */
  publicUrl: string;
  /** Signs sessions; undefined: the server makes one and keeps it in `dataDir`. */
  authSecret: string | undefined;
  /** `smtpUrl` undefined: mails are written to `outboxDir`. */
  mail: { smtpUrl: string | undefined; from: string; outboxDir: string };
  oauth: { github: OAuthClient | undefined; google: OAuthClient | undefined };
  freeCredit: { nanos: bigint; days: number };
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
  imageUrl: { allow: readonly string[]; timeoutMs: number };
  webhooks: WebhookOptions;
  /** Days that notifications and the log of their deliveries are kept. */
  notificationKeepDays: number;
  calls: MeterOptions;
  uploads: { folder: string; ttlS: number; accountBytesMax: number };
  limits: CallLimitOptions;
  /** Bytes of embeddings that are kept. */
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
const PACKAGE_DIR = path.resolve(import.meta.dirname, '..');

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
  return {
    port: values.PORT,
    host: values.HOST,
    databaseUrl: values.DATABASE_URL,
    databaseConnectionsMax: values.DATABASE_CONNECTIONS_MAX,
    databaseStatementTimeoutMs: values.DATABASE_STATEMENT_TIMEOUT_MS,
    databaseConnectTimeoutMs: values.DATABASE_CONNECT_TIMEOUT_MS,
    dataDir: path.resolve(values.DATA_DIR),
    catalogDir: path.resolve(values.CATALOG_DIR ?? path.join(PACKAGE_DIR, 'prisma/seed/models')),
    migrationsDir: path.join(PACKAGE_DIR, 'prisma/migrations'),
    modelsDir: path.resolve(values.MODELS_DIR ?? path.join(values.DATA_DIR, 'models')),
    demoModelDir: path.join(PACKAGE_DIR, 'models/demo-shapes'),
    hub: { endpoint: values.HF_ENDPOINT, token: values.HF_TOKEN },
    predictorUrl: values.PREDICTOR_URL,
    predictor: {
      token: values.PREDICTOR_TOKEN,
      threads: values.PREDICTOR_THREADS,
      prepack: values.PREDICTOR_PREPACK,
      rules: {
        rowsMax: values.PREDICTOR_BATCH_ROWS_MAX,
        delayMs: values.PREDICTOR_BATCH_DELAY_MS,
        queueMax: values.PREDICTOR_QUEUE_MAX,
      },
    },
    publicUrl: values.PUBLIC_URL ?? `http://localhost:${String(values.PORT)}`,
    authSecret: values.AUTH_SECRET,
    mail: {
      smtpUrl: values.SMTP_URL,
      from: values.MAIL_FROM,
      outboxDir: path.resolve(values.DATA_DIR, 'outbox'),
    },
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
