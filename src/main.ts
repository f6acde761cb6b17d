import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { createApp } from './app/app.js';
import { createPredictorChild, ensureModels } from './app/local-models.js';
import { ensureAuthSecret, ensureDemoKey } from './app/secrets.js';
import {
  applyMigrations,
  type Say,
  seedCatalogFolder,
  serveMails,
  startDatabase,
} from './app/startup.js';
import { startLocalStripe } from './app/stripe-simulator.js';
import { type Config, ConfigError, readConfig } from './config/config.js';
import { AppError } from './errors.js';
import { createLogger, type Logger, redact } from './platform/logger.js';
import { portOwner } from './platform/port-owner.js';
import { refuseUnsafeProduction } from './config/production.js';

/** Progress goes to stderr, for people; the log goes to stdout, for machines. */
const say: Say = (line) => process.stderr.write(`${line}\n`);

/**
 * Exit status after a failure that nothing handled (EX_SOFTWARE of sysexits.h): what the process knows may be wrong, and
 * a new one has to take over. `npm start` starts it (scripts/restarts.mjs).
 */
const EXIT_FAILED = 70;

/** How long V8's compiler threads may take to end their work. */
const COMPILERS_MS = 100;

/** What was started, in order; stopped in the reverse order. */
const running: (() => Promise<void>)[] = [];

let stopping: Promise<void> | undefined;

function stop(exitCode: number, timeoutMs: number): Promise<void> {
  return (stopping ??= (async () => {
    // A request that never ends must not keep the database running for ever.
    setTimeout(() => {
      say('Some requests did not end in time; they are cut off.');
      exit(Math.max(1, exitCode));
    }, timeoutMs + 5_000).unref();
    let code = exitCode;
    for (const stopOne of running.reverse()) {
      // What cannot be stopped must not keep the rest running.
      await stopOne().catch((error: unknown) => {
        say(`Not everything could be stopped: ${explain(error)}`);
        code = Math.max(1, exitCode);
      });
    }
    exit(code);
  })());
}

/**
 * Ends the process. Node joins V8's compiler threads then, and would wait for ever for one that waits for a garbage
 * collection, which is the main thread's to do (nodejs/node#54918): they get no more work, and time to end what they have.
 */
function exit(code: number): void {
  for (const flag of ['--no-sparkplug', '--no-maglev', '--no-turbofan']) setFlagsFromString(flag);
  setTimeout(() => process.exit(code), COMPILERS_MS);
}

/** Begins to stop; the process ends by itself, soon. */
function beginStop(exitCode: number, timeoutMs: number): void {
  stop(exitCode, timeoutMs).catch(() => {
    exit(Math.max(1, exitCode));
  });
}

async function main(config: Config): Promise<void> {
  const startedAt = performance.now();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping === undefined) say('Stopping …');
      beginStop(0, config.shutdownTimeoutMs);
    });
  }
  refuseUnsafeProduction(config);
  await refuseTakenPort(config);

  const database = await startDatabase(config, say);
  running.push(() => database.stop());
  await applyMigrations(config, database.url, say);
  if (database.embedded) await seedCatalogFolder(config, database.url, say);

  const logger = createLogger(config.logLevel);
  const predictor = config.predictorUrl === undefined ? await startPredictor(config, logger) : {};
  const authSecret = await ensureAuthSecret(config);
  const double = config.stripe === undefined ? await startDouble(config) : undefined;
  const mailsUrl = await startMails(config);
  const settings = { ...config, authSecret, stripe: config.stripe ?? double?.options };
  const app = await createApp(settings, database.url, { logger, ...predictor });
  running.push(() => stopWithin(config.shutdownTimeoutMs, app));
  // Before anything is answered: whoever waits for the server uses the key next.
  const wantsDemoKey = database.embedded && (!config.production || config.allowDemoKey);
  const demoKey = wantsDemoKey ? await ensureDemoKey(config, app.services) : undefined;
  await app.server.listen({ port: config.port, host: config.host });
  const [address] = app.server.addresses();
  const port = typeof address === 'object' ? address.port : config.port;
  double?.sendEventsTo(port);
  announce(config, { port, startedAt, demoKey, mailsUrl });
}

/** Payments without a Stripe account: nobody's money moves. */
async function startDouble(config: Config) {
  const double = await startLocalStripe(config, say);
  running.push(() => double.stop());
  return double;
}

/** @returns where to read the mails that are not sent; undefined when they are, and in production */
async function startMails(config: Config): Promise<string | undefined> {
  if (config.mail.smtpUrl !== undefined || config.production) return undefined;
  const viewer = await serveMails(config);
  running.push(() => viewer.stop());
  return viewer.url;
}

/** The catalog is served while models load. */
async function startPredictor(config: Config, logger: Logger) {
  await ensureModels(config, say);
  const child = createPredictorChild(config, logger);
  running.push(() => child.stop());
  child.start().catch((err: unknown) => {
    logger.error({ err }, 'the predictor could not be started');
  });
  return { predictorAddress: child.address, predictorRetryAfterS: child.retryAfterS };
}

async function stopWithin(
  timeoutMs: number,
  app: Awaited<ReturnType<typeof createApp>>,
): Promise<void> {
  const cutOff = setTimeout(() => {
    say(`Requests in flight did not end within ${String(timeoutMs)} ms; they are cut off.`);
    app.server.server.closeAllConnections();
  }, timeoutMs);
  await app.stop();
  clearTimeout(cutOff);
}

/** Before anything is started: a second `npm start` should end at once and disturb nothing. */
function refuseTakenPort({ port, host }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') {
        reject(
          new ConfigError(
            `Cannot listen on ${host}:${String(port)}: ${error.message}. Set HOST and PORT.`,
          ),
        );
        return;
      }
      const owner = portOwner(port) ?? 'another process';
      reject(
        new ConfigError(
          `Port ${String(port)} is in use by ${owner}. Stop it, or choose another port: PORT=${String(port + 1)} npm start`,
        ),
      );
    });
    probe.listen(port, host, () =>
      probe.close(() => {
        resolve();
      }),
    );
  });
}

function announce(
  { host, mail, cors }: Config,
  started: {
    port: number;
    startedAt: number;
    demoKey: string | undefined;
    mailsUrl: string | undefined;
  },
): void {
  const { port, startedAt, demoKey, mailsUrl } = started;
  const name = ['0.0.0.0', '127.0.0.1', '::', '::1'].includes(host) ? 'localhost' : host;
  const url = `http://${name}:${String(port)}`;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const read = mailsUrl === undefined ? '' : `; read them at ${mailsUrl}`;
  const mails =
    mail.smtpUrl === undefined
      ? `mails are not sent but written to ${mail.outboxDir}${read}\n`
      : '';
  say(`
gigarouter is ready after ${seconds} s. Open ${url} in a browser; the API is at ${url}/graphql
${mails}
Reading the catalog needs no sign-in. Try:

  curl -s ${url}/graphql -H 'content-type: application/json' \\
    -d '{"query":"{ models(first: 3) { totalCount edges { node { slug name status } } } }"}'

${demoKey === undefined ? SEED_HINT : demoCall(url, demoKey)}
${otherOrigins(cors)}
Ctrl-C stops everything.
`);
}

/** Which pages of other origins may call, or how to let them. */
function otherOrigins({ named, any }: Config['cors']): string {
  const allowed = [...named, ...(any ? ['every origin (without cookies)'] : [])];
  return allowed.length === 0
    ? 'Web pages of other origins are refused. To let one call: CORS_ORIGINS=http://localhost:3000 npm start'
    : `Web pages that may call: ${allowed.join(', ')}`;
}

const SEED_HINT = `If the catalog is empty, fill it: npm run gigarouter -- seed
`;

/** A call that classifies a picture of the repository. */
function demoCall(url: string, key: string): string {
  return `A key with some credit: ${key}
Classify a picture with it:

  export KEY=${key}
  echo '{"query":"mutation ($image: String!) { classifyImage(input: { model: \\"gigarouter/demo-shapes\\", image: { base64: $image }, labels: [\\"red circle\\", \\"green heart\\", \\"cat\\"] }) { classification { labels { label score } } cost { chargedNanos balanceNanos } } }","variables":{"image":"'$(base64 < models/demo-shapes/samples/green-heart.png | tr -d '\\n')'"}}' |
    curl -s ${url}/graphql -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d @-
`;
}

/** Errors that say by themselves what to do; others keep their stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof AppError) return error.message;
  return error instanceof Error ? redact(error.stack ?? error.message) : String(error);
}

// A terminal, pipe or file that takes no more words is no reason to end.
process.stderr.on('error', () => undefined);

process.on('uncaughtException', (error) => {
  say(`gigarouter failed: ${explain(error)}`);
  beginStop(EXIT_FAILED, 1_000);
});

try {
  await main(readConfig());
} catch (error) {
  say(`gigarouter did not start: ${explain(error)}`);
  for (let cause = (error as Error).cause; cause instanceof Error; cause = cause.cause) {
    say(`  because: ${redact(cause.message)}`);
  }
  await stop(1, 1_000);
}
