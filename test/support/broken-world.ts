import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { compile } from '../../src/siglip/index.js';
import { createTestDatabase } from './database.js';
import { temporaryFolder } from './folder.js';
import { bearer, DEMO_MODEL, newCaller } from './platform.js';
import { type PredictorProcess, startPredictorProcess } from './predictor.js';
import { type ServerProcess, startServer, until } from './process.js';

const PRELOAD = path.resolve(import.meta.dirname, 'observed-process.mjs');
const OBSERVED = { NODE_OPTIONS: `--import=${PRELOAD}` };

/** What a process holds, after its garbage is collected. */
export interface Holding {
  /** Of the JavaScript heap and of buffers beside it. */
  readonly bytes: number;
  /** Open files and sockets. */
  readonly handles: number;
  /** By their kind, as Node names them. */
  readonly resources: Readonly<Record<string, number>>;
}

/** A process that broken requests are sent to. */
export interface Victim {
  readonly port: number;
  readonly pid: number;
  /** Everything that it wrote so far. */
  log(): string;
  isAlive(): boolean;
  observe(): Promise<Holding>;
}

/** The api with a double of Stripe and a mail viewer in its process, and a predictor: real processes. */
export interface BrokenWorld {
  readonly api: Victim;
  readonly predictor: Victim;
  readonly stripePort: number;
  readonly mailViewerPort: number;
  /** A key with some credit, and a file of its account. */
  readonly secret: string;
  readonly fileId: string;
  stop(): Promise<void>;
}

export async function startBrokenWorld(): Promise<BrokenWorld> {
  const folder = temporaryFolder();
  const modelsDir = path.join(folder.path, 'models');
  cpSync(path.resolve('models/demo-shapes'), path.join(modelsDir, DEMO_MODEL), { recursive: true });
  await compile(path.join(modelsDir, DEMO_MODEL), { int8: false });
  const database = await createTestDatabase();
  const predictor = await startPredictorProcess(modelsDir, { ...OBSERVED, LOG_LEVEL: 'error' });
  const api = startServer({
    ...OBSERVED,
    DATABASE_URL: database.url,
    DATA_DIR: path.join(folder.path, 'data'),
    MODELS_DIR: modelsDir,
    PREDICTOR_URL: predictor.url,
    STRIPE_DOUBLE_PORT: '0',
    MAIL_VIEWER_PORT: '0',
    LOG_LEVEL: 'error',
  });
  const url = await api.ready();
  const secret = await newKey(database.url);
  const fileId = await newFile(url, secret);
  return {
    api: apiVictim(api, url),
    predictor: predictorVictim(predictor),
    stripePort: Number(/double of Stripe at http:\/\/localhost:(\d+)/.exec(api.progress())?.[1]),
    mailViewerPort: Number(/read them at http:\/\/localhost:(\d+)/.exec(api.progress())?.[1]),
    secret,
    fileId,
    stop: async () => {
      await predictor.end('SIGKILL');
      await database.drop();
      folder.remove();
    },
  };
}

async function newKey(databaseUrl: string): Promise<string> {
  const logger = createLogger('silent');
  const app = await createApp(readConfig({}), databaseUrl, { logger, isCommand: true });
  const { secret } = await newCaller({ app, url: '' }, 1_000_000_000n);
  await app.stop();
  return secret;
}

async function newFile(url: string, secret: string): Promise<string> {
  const body = new FormData();
  const lines = '{"custom_id":"a"}\n'.repeat(20_000);
  body.append('purpose', 'batch');
  body.append('file', new Blob([lines]), 'lines.jsonl');
  const answer = await fetch(`${url}/v1/files`, { method: 'POST', body, headers: bearer(secret) });
  return ((await answer.json()) as { id: string }).id;
}

function apiVictim({ child, progress, log }: ServerProcess, url: string): Victim {
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return victim({ pid: child.pid ?? 0, url, log: () => progress() + log(), isAlive });
}

function predictorVictim({ child, url, log }: PredictorProcess): Victim {
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return victim({ pid: child.pid ?? 0, url, log, isAlive });
}

function victim(process_: {
  pid: number;
  url: string;
  log: () => string;
  isAlive: () => boolean;
}): Victim {
  const { pid, url, log, isAlive } = process_;
  const seen = () => log().match(/^observed: .*$/gm) ?? [];
  return {
    pid,
    log,
    isAlive,
    port: Number(new URL(url).port),
    observe: async () => {
      const before = seen().length;
      process.kill(pid, 'SIGUSR2');
      const line = await until('a look into the process', () => seen()[before]);
      const handles = readdirSync(`/proc/${String(pid)}/fd`).length;
      const figures = JSON.parse(line.slice('observed: '.length)) as Omit<Holding, 'handles'>;
      return { ...figures, handles };
    },
  };
}
