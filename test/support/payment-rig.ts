import { spawn } from 'node:child_process';
import path from 'node:path';
import { startStripeSimulator, type StripeSimulator } from '@gigarouter/stripe-simulator';
import { applyMigrations } from '../../src/app/startup.js';
import { readConfig } from '../../src/config/config.js';
import { STRIPE_API_VERSION } from '../../src/payments/index.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import { postmasterOf } from './chaos.js';
import { temporaryFolder } from './folder.js';
import { processesNaming, type ServerProcess, startServer, until } from './process.js';
import { type Proxy, startProxy, through } from './proxy.js';
import type { Random } from './random.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SERVERS = 2;
const SECRET = 'whsec_of_the_soak';

/** Everything that takes part in payments, as processes that can be killed; Stripe survives in ours. */
export interface PaymentRig {
  /** Of a load balancer before the servers; without a slash at the end. */
  readonly url: string;
  /** Where the servers write mails to. */
  readonly outboxDir: string;
  readonly double: StripeSimulator;
  /** Address of the database past the proxy; another one after each restart. */
  databaseUrl(): string;
  /** The database, by way of the same proxy as the servers. */
  readonly db: Database;
  readonly toPostgres: Proxy;
  readonly toStripe: Proxy;
  /** Of all that ask the servers. */
  readonly toServers: Proxy;
  readonly servers: readonly KeptServer[];
  /** Kills one with SIGKILL; it is started again at once. */
  killServer(): void;
  /** Kills it with SIGKILL, and starts it again after a while. */
  killPostgres(downMs: number): Promise<void>;
  /** Starts it when it has ended, and changes nothing when it runs. */
  restartPostgres(): Promise<void>;
  /** Resolves when every server is ready. */
  allUp(): Promise<void>;
  /** Runs a command of ours to its end, past the proxy. */
  gigarouter(...args: string[]): Promise<Ended>;
  /** @returns ids of processes that are left, which should be none */
  stop(): Promise<number[]>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface PaymentRigOptions {
  /** Folders of PostgreSQL and of the servers; by default below a new one. */
  readonly postgresDir?: string;
  readonly serverDir?: string;
  /** Settings of the servers, besides. */
  readonly env?: Readonly<Record<string, string>>;
  readonly postgresSettings?: Readonly<Record<string, string>>;
  /** Time at Stripe, in Unix seconds. */
  readonly stripeNow?: () => number;
}

/** @param random which server is asked, or killed */
export async function startPaymentRig(
  random: Random,
  options: PaymentRigOptions = {},
): Promise<PaymentRig> {
  const folder = temporaryFolder();
  const dataDir = options.postgresDir ?? path.join(folder.path, 'data');
  // Processes are killed, not the machine: what was handed to the kernel stays.
  const settings = { fsync: 'off', ...options.postgresSettings };
  const startPostgres = () => startEmbeddedPostgres(dataDir, { settings });
  let postgres = await startPostgres();
  const startAgain = async () => {
    let reason: unknown;
    const started = until('PostgreSQL to start again', () =>
      // What is left of the one that was killed may be in the way for a moment.
      startPostgres().catch((error: unknown) => {
        reason = error;
        return undefined;
      }),
    );
    postgres = await started.catch((error: unknown) => {
      throw new Error(`${String(error)}\n${String(reason)}`, { cause: reason });
    });
  };
  await applyMigrations(readConfig({}), postgres.url, () => undefined);
  const toPostgres = await startProxy(() => Number(new URL(postgres.url).port));
  const { stripeNow: now } = options;
  const double = await startStripeSimulator(now === undefined ? {} : { now });
  const toStripe = await startProxy(() => Number(new URL(double.url).port));
  const env = {
    DATA_DIR: options.serverDir ?? path.join(folder.path, 'server'),
    AUTH_SECRET: 'the same on every server, and long enough',
    // Nobody listens there: payments need no predictor.
    PREDICTOR_URL: 'http://127.0.0.1:9',
    STRIPE_SECRET_KEY: 'sk_test_soak',
    STRIPE_WEBHOOK_SECRETS: SECRET,
    STRIPE_API_URL: `http://localhost:${String(toStripe.port)}`,
    // What does not answer is asked again soon.
    STRIPE_TIMEOUT_MS: '5000',
    DATABASE_CONNECT_TIMEOUT_MS: '20000',
    ...options.env,
  };
  const servers = Array.from(
    { length: SERVERS },
    () => new KeptServer({ ...env, DATABASE_URL: through(toPostgres, postgres.url) }),
  );
  const portOfOne = () => random.pick(servers.flatMap(({ port }) => port ?? []));
  // Port 1 refuses, as a balancer without servers does.
  const balancer = await startProxy(() => portOfOne() ?? 1);
  const url = `http://127.0.0.1:${String(balancer.port)}`;
  double.addEndpoint({
    url: `${url}/webhooks/stripe`,
    secret: SECRET,
    apiVersion: STRIPE_API_VERSION,
  });
  const db = openDatabase({
    url: through(toPostgres, postgres.url),
    connectionsMax: 8,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });

  const rig: PaymentRig = {
    url,
    outboxDir: path.join(env.DATA_DIR, 'outbox'),
    double,
    databaseUrl: () => postgres.url,
    db,
    toPostgres,
    toStripe,
    toServers: balancer,
    servers,
    killServer: () => {
      const ready = servers.filter(({ port }) => port !== undefined);
      // Now and then one that starts.
      random.pick(ready.length > 0 && random.chance(0.8) ? ready : servers)?.kill();
    },
    killPostgres: async (downMs) => {
      process.kill(postmasterOf(dataDir), 'SIGKILL');
      toPostgres.cut();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      await startAgain();
    },
    restartPostgres: startAgain,
    allUp: async () => {
      await until(
        'every server to be ready',
        () => servers.every(({ port }) => port !== undefined) || undefined,
        60_000,
      );
    },
    gigarouter: (...args) => runCommand({ ...env, DATABASE_URL: postgres.url }, args),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await double.stop();
      await db.close();
      await balancer.close();
      await toStripe.close();
      await toPostgres.close();
      await postgres.stop();
      // The servers by their ids, PostgreSQL by the folder that it names.
      const left = servers.flatMap((server) => server.left());
      folder.remove();
      return [...left, ...processesNaming(folder.path)];
    },
  };
  try {
    await rig.allUp();
  } catch (error) {
    await rig.stop();
    throw error;
  }
  return rig;
}

/** A server that is started again whenever it ends, as a supervisor does. */
export class KeptServer {
  /** While it is ready. */
  port: number | undefined;
  /** What it said when it ended although it was ready and nobody killed it. */
  readonly failures: string[] = [];
  private current: ServerProcess | undefined;
  private stopped = false;
  private readonly pids: number[] = [];
  private readonly ended: ServerProcess[] = [];
  private readonly kept: Promise<void>;

  constructor(private readonly env: Record<string, string>) {
    this.kept = this.keep();
    // One that never becomes ready is missed by `allUp`.
    this.kept.catch(() => undefined);
  }

  kill(): void {
    this.port = undefined;
    this.current?.child.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.kill();
    await this.kept;
  }

  /** Number of processes that have ended. */
  get ends(): number {
    return this.ended.length;
  }

  /** Whether the present process has said so on stderr. */
  says(what: string): boolean {
    return this.current?.progress().includes(what) === true;
  }

  /** Log lines of all its processes that a pattern matches. */
  linesWith(pattern: RegExp): string[] {
    const all = [...this.ended, ...(this.current === undefined ? [] : [this.current])];
    return all.flatMap((one) => one.log().split('\n')).filter((line) => pattern.test(line));
  }

  /** Ids of those that have not ended. */
  left(): number[] {
    return this.pids.filter((pid) => processesNaming('dist/main.js').includes(pid));
  }

  private async keep(): Promise<void> {
    while (!this.stopped) {
      const server = startServer(this.env);
      this.current = server;
      this.pids.push(server.child.pid ?? 0);
      // It may be killed, or find the database away, while it starts.
      const port = await until(
        'a server to be ready, or to end',
        () => (hasEnded(server) ? 0 : /http:\S+?:(\d+)\/graphql/.exec(server.progress())?.[1]),
        60_000,
      );
      const isReady = !hasEnded(server);
      if (isReady) this.port = Number(port);
      await server.ended();
      this.port = undefined;
      this.ended.push(server);
      if (isReady && server.child.signalCode !== 'SIGKILL') this.failures.push(server.progress());
    }
  }
}

function hasEnded({ child }: ServerProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function runCommand(env: Record<string, string>, args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', LOG_LEVEL: 'silent', ...env },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}
