import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startStripeSimulator, type StripeSimulator } from '@gigarouter/stripe-simulator';
import { STRIPE_API_VERSION } from '../../src/payments/index.js';
import { errorOf, type GraphQLAnswer, postGraphQL } from './app.js';
import { temporaryFolder } from './folder.js';
import { SECRETS } from './payments.js';
import { bearer, startPlatform, type TestPlatform } from './platform.js';
import { freePort } from './port.js';
import { killLeftServers, startServer } from './process.js';

const DAY_MS = 86_400_000;
/** Two days, and half an hour to tell it by: nothing else lasts so long. */
export const SKEW_MS = 2 * DAY_MS + 30 * 60_000;

export const SIDES = ['ahead', 'behind'] as const;
export type Side = (typeof SIDES)[number];
export const otherOf = (side: Side): Side => (side === 'ahead' ? 'behind' : 'ahead');

const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'skewed-clock.mjs')).href;

export interface SkewedServers {
  /** A server whose clock is right; it does no background work. */
  readonly platform: TestPlatform;
  readonly double: StripeSimulator;
  readonly urls: Readonly<Record<Side, string>>;
  readonly outboxDir: string;
  /** Sends an operation to a server, and fails unless it succeeds. */
  ask(
    side: Side,
    credential: string,
    query: string,
    variables?: object,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
  ): Promise<any>;
  send(side: Side, credential: string, query: string, variables?: object): Promise<GraphQLAnswer>;
  stop(): Promise<void>;
}

/** Two servers on one database, with a Stripe double: one's clock is two days ahead, the other's two days behind. */
export async function startSkewedServers(): Promise<SkewedServers> {
  const folder = temporaryFolder();
  const platform = await startPlatform({}, {}, { background: false });
  const double = await startStripeSimulator();
  const start = async (side: Side) => {
    const port = await freePort();
    const server = startServer({
      NODE_OPTIONS: `--import=${PRELOAD}`,
      CLOCK_SKEW_MS: String(side === 'ahead' ? SKEW_MS : -SKEW_MS),
      PORT: String(port),
      DATABASE_URL: platform.database.url,
      DATA_DIR: folder.path,
      MODELS_DIR: platform.modelsDir,
      PREDICTOR_URL: platform.predictorUrl,
      AUTH_SECRET: 'the same secret on all of the servers',
      STRIPE_SECRET_KEY: 'sk_test_double',
      STRIPE_API_URL: double.url,
      STRIPE_WEBHOOK_SECRETS: SECRETS[0],
      WEBHOOK_ALLOW: '127.0.0.1',
      RATE_STORE: 'postgres',
    });
    const url = new URL(await server.ready()).origin;
    const endpoint = { secret: SECRETS[0], apiVersion: STRIPE_API_VERSION };
    double.addEndpoint({ ...endpoint, url: `${url}/webhooks/stripe` });
    return url;
  };
  // One after the other: both want to seed the catalog.
  const urls = { ahead: await start('ahead'), behind: await start('behind') };
  const send: SkewedServers['send'] = (side, credential, query, variables) =>
    postGraphQL(urls[side], { query, variables }, bearer(credential));
  return {
    platform,
    double,
    urls,
    outboxDir: path.join(folder.path, 'outbox'),
    send,
    ask: async (side, credential, query, variables) => {
      const { body } = await postGraphQL(urls[side], { query, variables }, bearer(credential));
      const error = errorOf({ body });
      if (error !== undefined) throw new Error(`${side}: ${JSON.stringify(error)}`);
      return body.data;
    },
    stop: async () => {
      await killLeftServers();
      await double.stop();
      await platform.stop();
      folder.remove();
    },
  };
}
