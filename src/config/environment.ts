import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { listOf } from './values.js';
import { originFault } from '../http/origins.js';
import { LOG_LEVELS } from '../platform/logger.js';
import type { Variant } from '../siglip/index.js';

const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1).max(600_000);
const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
  .transform((url) => url.replace(/\/+$/, ''));
const origins = z.string().transform((list, context) => {
  const entries = listOf(list);
  for (const entry of entries) {
    const message = originFault(entry);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }
  return { named: new Set(entries.filter((entry) => entry !== '*')), any: entries.includes('*') };
});
const variant = z.enum(['fp32', 'int8']);
const variants = z
  .enum(['fp32,int8', 'fp32', 'int8'])
  .transform((list) => list.split(',') as Variant[]);
const postgresUrl = z.string().regex(/^postgres(ql)?:\/\/.+/, 'must be a postgresql:// URL');

/**
 * Every variable that the process reads (by config.ts), with its default. Kept equal to `.env.example` by a
 * test.
 * Secrets have no default.
 */
export const environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: port.default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_DIRECT_URL: postgresUrl.optional(),
  DATABASE_CONNECTIONS_MAX: z.coerce.number().int().min(1).max(500).default(10),
  DATABASE_STATEMENT_TIMEOUT_MS: milliseconds.default(5_000),
  DATABASE_CONNECT_TIMEOUT_MS: milliseconds.default(3_000),
  DATA_DIR: z.string().min(1).default('.data'),
  CATALOG_DIR: z.string().min(1).optional(),
  MODELS_DIR: z.string().min(1).optional(),
  MODEL_VARIANT: variant.default('fp32'),
  HF_ENDPOINT: httpUrl.default('https://huggingface.co'),
  HF_TOKEN: z.string().min(1).optional(),
  PREDICTOR_URL: httpUrl.optional(),
  PREDICTOR_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  PREDICTOR_THREADS: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  PREDICTOR_VARIANTS: variants.default(['fp32', 'int8']),
  PREDICTOR_PREPACK: flag.default(false),
  PREDICTOR_BATCH_ROWS_MAX: z.coerce.number().int().min(1).max(1_024).default(16),
  PREDICTOR_BATCH_DELAY_MS: z.coerce.number().int().min(0).max(1_000).default(0),
  PREDICTOR_QUEUE_MAX: z.coerce.number().int().min(1).max(100_000).default(64),
  PUBLIC_URL: httpUrl.optional(),
  CORS_ORIGINS: origins.optional(),
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
  KEYS_PER_ACCOUNT: z.coerce.number().int().min(1).max(100_000).default(100),
  ORGANIZATIONS_PER_PERSON: z.coerce.number().int().min(0).max(10_000).default(10),
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
  MAIL_VIEWER_PORT: port.default(8025),
  STRIPE_DOUBLE_HOST: z.string().min(1).default('127.0.0.1'),
  STRIPE_DOUBLE_PORT: port.default(4242),
  ALLOW_STRIPE_DOUBLE: flag.default(false),
  ALLOW_DEMO_KEY: flag.default(false),
  CREDIT_PACKS_FILE: z.string().min(1).optional(),
  IMAGE_URL_ALLOW: z.string().min(1).optional(),
  IMAGE_URL_TIMEOUT_MS: milliseconds.default(10_000),
  MODEL_CHECK_MINUTES: z.coerce.number().min(0.1).max(1_440).default(10),
  HUB_SYNC_HOURS: z.coerce.number().min(0).max(8_760).default(24),
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
  LIVE_CONNECTIONS_MAX: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
  LIVE_CONNECTIONS_PER_ACCOUNT: z.coerce.number().int().min(0).max(1_000_000).default(100),
  LIVE_CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(0).max(1_000_000).default(200),
  CONNECTIONS_MAX: z.coerce.number().int().min(0).max(1_000_000).default(20_000),
  CONNECTIONS_PER_ADDRESS: z.coerce.number().int().min(0).max(1_000_000).default(500),
  ANONYMOUS_PER_MINUTE: z.coerce.number().int().min(0).max(10_000_000).default(3_000),
  TEXT_CACHE_MB: z.coerce.number().int().min(0).max(100_000).default(128),
  IMAGE_CACHE_MB: z.coerce.number().int().min(0).max(100_000).default(128),
  CACHE_TTL_S: z.coerce.number().int().min(1).max(2_592_000).default(86_400),
  INTROSPECTION: flag.default(true),
  TRUST_PROXY: z.string().min(1).optional(),
  METRICS_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
  SHUTDOWN_TIMEOUT_MS: milliseconds.default(10_000),
});
