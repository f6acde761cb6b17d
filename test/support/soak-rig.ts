import { cpSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { seedCatalogFolder } from '../../src/app/startup.js';
import { readConfig } from '../../src/config/config.js';
import { compile } from '../../src/siglip/index.js';
import { temporaryFolder } from './folder.js';
import { type PaymentRig, startPaymentRig } from './payment-rig.js';
import { DEMO_MODEL } from './platform.js';
import { type PredictorProcess, startPredictorProcess } from './predictor.js';
import { type Proxy, startProxy } from './proxy.js';
import type { Random } from './random.js';
import { mountedDisk, type SmallDisk } from './small-disk.js';

const PRELOAD = pathToFileURL(path.join(import.meta.dirname, 'skewed-clock.mjs')).href;
const MIB = 2 ** 20;

/** The whole platform as processes that can be killed, on disks that can be full, with clocks that can be wrong. */
export interface SoakRig {
  readonly payments: PaymentRig;
  readonly toPredictor: Proxy;
  /** Kills it with SIGKILL, and starts it again after a while. */
  killPredictor(downMs: number): Promise<void>;
  /** Undefined where this process may not mount a file system. */
  readonly disks: { readonly servers: SmallDisk; readonly postgres: SmallDisk } | undefined;
  /** Uploads of all accounts. */
  readonly uploadsDir: string;
  /** Sets every server's clock wrong, while they run. */
  skewServers(ms: number): void;
  /** Sets Stripe's clock wrong. */
  skewStripe(seconds: number): void;
  /** @returns ids of processes that are left, which should be none */
  stop(): Promise<number[]>;
}

export async function startSoakRig(random: Random): Promise<SoakRig> {
  const folder = temporaryFolder();
  const modelsDir = path.join(folder.path, 'models');
  cpSync(path.resolve('models/demo-shapes'), path.join(modelsDir, DEMO_MODEL), { recursive: true });
  await compile(path.join(modelsDir, DEMO_MODEL), { int8: false });
  let predictor: PredictorProcess = await startPredictorProcess(modelsDir);
  const toPredictor = await startProxy(() => Number(new URL(predictor.url).port));
  const skewFile = path.join(folder.path, 'skew-ms');
  writeFileSync(skewFile, '0');
  let stripeSkewS = 0;

  const servers = mountedDisk(64 * MIB);
  const postgres = mountedDisk(768 * MIB);
  const disks = servers === undefined || postgres === undefined ? undefined : { servers, postgres };
  const serverDir = disks?.servers.path ?? path.join(folder.path, 'server');
  const payments = await startPaymentRig(random, {
    serverDir,
    ...(disks === undefined ? {} : { postgresDir: disks.postgres.path }),
    // What is kept of the write-ahead log fits on the disk many times.
    postgresSettings: { min_wal_size: '32MB', max_wal_size: '64MB' },
    stripeNow: () => Math.floor(Date.now() / 1_000) + stripeSkewS,
    env: {
      MODELS_DIR: modelsDir,
      PREDICTOR_URL: `http://127.0.0.1:${String(toPredictor.port)}`,
      NODE_OPTIONS: `--import=${PRELOAD}`,
      CLOCK_SKEW_FILE: skewFile,
      // What is held for a call that a killed server ran is free again soon.
      CALL_TIMEOUT_MS: '8000',
      HOLD_MS: '9000',
    },
  });
  await seedCatalogFolder(readConfig({}), payments.databaseUrl(), () => undefined);

  return {
    payments,
    toPredictor,
    disks,
    uploadsDir: path.join(serverDir, 'uploads'),
    killPredictor: async (downMs) => {
      await predictor.end('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, downMs));
      predictor = await startPredictorProcess(modelsDir);
    },
    skewServers: (ms) => {
      writeFileSync(skewFile, String(ms));
    },
    skewStripe: (seconds) => {
      stripeSkewS = seconds;
    },
    stop: async () => {
      const left = await payments.stop();
      await toPredictor.close();
      await predictor.end('SIGKILL');
      disks?.servers.remove();
      disks?.postgres.remove();
      rmSync(folder.path, { recursive: true, force: true });
      return left;
    },
  };
}
