import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../src/config/config.js';
import { type Proxy, startProxy } from './proxy.js';
import { DEMO_MODEL, startPlatform, type TestPlatform } from './platform.js';
import { type PredictorProcess, startPredictorProcess } from './predictor.js';

/** A proxy before a predictor, that counts, delays and cuts its runs. */
export interface RunsGate {
  readonly url: string;
  readonly proxy: Proxy;
  /** Runs that reached the proxy. */
  runs(): number;
  /** What happens when a run reaches it; by default it is passed on. @param tower `image` or `text` */
  onRun: (tower: string) => 'pass' | 'cut' | Promise<'pass' | 'cut'>;
  /** Lets so many more runs pass, and holds all that follow. @returns what lets them go */
  hold(after?: number): () => void;
}

async function startGate(port: () => number): Promise<RunsGate> {
  const proxy = await startProxy(port);
  let runs = 0;
  const gate: RunsGate = {
    url: `http://127.0.0.1:${String(proxy.port)}`,
    proxy,
    runs: () => runs,
    onRun: () => 'pass',
    hold: (after = 0) => {
      let letGo: (answer: 'pass') => void = () => undefined;
      const held = new Promise<'pass'>((resolve) => (letGo = resolve));
      let passed = 0;
      gate.onRun = () => ((passed += 1) <= after ? 'pass' : held);
      return () => {
        gate.onRun = () => 'pass';
        letGo('pass');
      };
    },
  };
  proxy.hooks.toServer = async (bytes) => {
    const tower = /^POST \S+\.(image|text)\/infer /.exec(bytes.toString('latin1', 0, 300))?.[1];
    if (tower === undefined) return true;
    runs += 1;
    return (await gate.onRun(tower)) === 'pass';
  };
  return gate;
}

/** A predictor process behind such a proxy. */
export interface TestProvider extends RunsGate {
  readonly predictor: PredictorProcess;
  stop(): Promise<void>;
}

export async function startProvider(modelsDir: string, env = {}): Promise<TestProvider> {
  const predictor = await startPredictorProcess(modelsDir, env);
  const gate = await startGate(() => Number(new URL(predictor.url).port));
  const stop = async () => {
    await gate.proxy.close();
    await predictor.end('SIGKILL');
  };
  return Object.assign(gate, { predictor, stop });
}

export interface GatedPlatform extends TestPlatform {
  readonly gate: RunsGate;
}

/** The platform with such a proxy before its predictor: a run is held for as long as a test needs. */
export async function startGatedPlatform(
  config: Partial<Config> = {},
  { predictorEnv = {}, ...parts }: { background?: boolean; predictorEnv?: object } = {},
): Promise<GatedPlatform> {
  let predictorUrl = '';
  const gate = await startGate(() => Number(new URL(predictorUrl).port));
  const predictorAddress = () => ({ url: gate.url, token: undefined });
  const t = await startPlatform(config, { ...predictorEnv }, { ...parts, predictorAddress });
  predictorUrl = t.predictorUrl;
  const stop = async () => {
    await gate.proxy.close();
    await t.stop();
  };
  // Other servers of a test go through it too.
  return { ...t, predictorUrl: gate.url, gate, stop };
}

/** Makes every check due, and long so: a clock may step back. */
export const makeChecksDue = ({ database }: Pick<TestPlatform, 'database'>) =>
  database.query(`UPDATE model_check SET due_at = 'epoch'`);

/** The demo model's files again, under another slug; a predictor that is started later serves it too. */
export function installCopy({ modelsDir }: Pick<TestPlatform, 'modelsDir'>, slug: string): string {
  const folder = path.join(modelsDir, slug);
  cpSync(path.join(modelsDir, DEMO_MODEL), folder, { recursive: true });
  return folder;
}
