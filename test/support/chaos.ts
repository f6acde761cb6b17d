import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import { type ServerProcess, startServer, until } from './process.js';
import { type PredictorProcess, startPredictorProcess } from './predictor.js';
import { type Proxy, startProxy, through } from './proxy.js';

export const VICTIMS = ['api', 'predictor', 'postgres'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Where in a call a process is killed; each is seen from outside, on the wire. */
export const POINTS = [
  'after the hold',
  'during inference',
  'before the capture',
  'during the commit',
  'after the commit',
] as const;
export type Point = (typeof POINTS)[number];

/** The processes of a platform, each of which can be killed and started again. */
export interface Rig {
  readonly databaseUrl: string;
  readonly apiUrl: string;
  /** Kills a process when a call has reached the point for the nth time. @returns whether it has */
  arm(point: Point, victim: Victim, nth: number): () => boolean;
  /** Kills a process now. */
  kill(victim: Victim): void;
  /** What passes between the api and PostgreSQL. */
  readonly toPostgres: Proxy;
  /** Starts whatever was killed. */
  repair(): Promise<void>;
  stop(): Promise<void>;
}

/** As short as they may be, so that what was left is settled soon. */
const TIMES = { CALL_TIMEOUT_MS: '900', HOLD_MS: '1000' };

/** A connection takes as long as a slow and busy machine needs. One that is refused or cut fails at once. */
const PATIENT = { DATABASE_CONNECT_TIMEOUT_MS: '60000' };

/** @param env of the api, besides */
export async function startRig(
  dataDir: string,
  modelsDir: string,
  env: Record<string, string> = {},
): Promise<Rig> {
  let postgres = await startEmbeddedPostgres(dataDir);
  const toPostgres = await startProxy(() => Number(new URL(postgres.url).port));
  const databaseUrl = through(toPostgres, postgres.url);
  let predictor: PredictorProcess = await startPredictorProcess(modelsDir);
  const toPredictor = await startProxy(() => Number(new URL(predictor.url).port));
  let api: ServerProcess;
  let apiUrl: string;
  const startApi = async () => {
    api = startServer({
      ...TIMES,
      ...PATIENT,
      DATABASE_URL: databaseUrl,
      PREDICTOR_URL: `http://127.0.0.1:${String(toPredictor.port)}`,
      MODELS_DIR: modelsDir,
      CONCURRENCY_MAX: '1000',
      ...env,
    });
    apiUrl = await api.ready();
  };
  await startApi();

  const dead = new Set<Victim>();
  const kill = (victim: Victim) => {
    dead.add(victim);
    if (victim === 'api') api.child.kill('SIGKILL');
    else if (victim === 'predictor') predictor.child.kill('SIGKILL');
    else process.kill(postmasterOf(dataDir), 'SIGKILL');
  };
  const revive: Record<Victim, () => Promise<void>> = {
    postgres: async () => {
      toPostgres.cut();
      postgres = await until('PostgreSQL to start again', () =>
        // What is left of the one that was killed may be in the way for a moment.
        startEmbeddedPostgres(dataDir).catch(() => undefined),
      );
    },
    predictor: async () => {
      predictor = await startPredictorProcess(modelsDir);
    },
    api: startApi,
  };

  return {
    databaseUrl,
    toPostgres,
    kill,
    get apiUrl() {
      return apiUrl;
    },
    arm: (point, victim, nth) =>
      watch({ toPostgres, toPredictor }, point, nth, () => {
        kill(victim);
      }),
    repair: async () => {
      toPostgres.hooks = {};
      toPredictor.hooks = {};
      for (const victim of ['postgres', 'predictor', 'api'] as const) {
        if (!dead.delete(victim)) continue;
        if (victim === 'api') await api.ended();
        await revive[victim]();
      }
    },
    stop: async () => {
      api.child.kill('SIGKILL');
      await predictor.end('SIGKILL');
      await toPredictor.close();
      await toPostgres.close();
      await postgres.stop();
    },
  };
}

/** Calls `act` once, when the point is reached for the nth time. */
function watch(
  { toPostgres, toPredictor }: { toPostgres: Proxy; toPredictor: Proxy },
  point: Point,
  nth: number,
  act: () => void,
): () => boolean {
  let seen = 0;
  let done = false;
  const reached = (): boolean => {
    if (done) return false;
    seen += 1;
    if (seen < nth) return false;
    done = true;
    act();
    return true;
  };
  // A capture in the JSON of a statement; a run of the predictor in the head of a request.
  const isCapture = (bytes: Buffer) => bytes.includes('"charge":"');
  const isInference = (bytes: Buffer) => bytes.includes('/infer');
  let capturing = false;
  switch (point) {
    case 'after the hold':
      toPredictor.hooks = { toServer: (bytes) => !(isInference(bytes) && reached()) };
      break;
    case 'during inference':
      toPredictor.hooks = {
        toServer: (bytes) => {
          // The request is passed on, and the process dies while it is worked on.
          if (isInference(bytes)) setTimeout(reached, 1);
          return true;
        },
      };
      break;
    case 'before the capture':
      toPostgres.hooks = { toServer: (bytes) => !(isCapture(bytes) && reached()) };
      break;
    case 'during the commit':
      toPostgres.hooks = {
        toServer: (bytes) => {
          if (isCapture(bytes)) setImmediate(reached);
          return true;
        },
      };
      break;
    case 'after the commit':
      toPostgres.hooks = {
        toServer: (bytes) => {
          if (isCapture(bytes)) capturing = true;
          return true;
        },
        toClient: () => {
          if (!capturing) return true;
          capturing = false;
          return !reached();
        },
      };
      break;
  }
  return () => done;
}

/** Process id of the PostgreSQL that runs on a data folder. */
export function postmasterOf(dataDir: string): number {
  const [pid] = readFileSync(path.join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split(
    '\n',
  );
  return Number(pid);
}
