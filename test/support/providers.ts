import { cpSync } from 'node:fs';
import path from 'node:path';
import { type Proxy, startProxy } from './proxy.js';
import { DEMO_MODEL, type TestPlatform } from './platform.js';
import { type PredictorProcess, startPredictorProcess } from './predictor.js';

/** A predictor process behind a proxy that counts, delays and cuts its runs. */
export interface TestProvider {
  readonly url: string;
  readonly proxy: Proxy;
  readonly predictor: PredictorProcess;
  /** Runs that reached the proxy. */
  runs(): number;
  /** What happens when a run reaches it; by default it is passed on. */
  onRun: () => 'pass' | 'cut' | Promise<'pass' | 'cut'>;
  stop(): Promise<void>;
}

export async function startProvider(modelsDir: string, env = {}): Promise<TestProvider> {
  const predictor = await startPredictorProcess(modelsDir, env);
  const proxy = await startProxy(() => Number(new URL(predictor.url).port));
  let runs = 0;
  const provider: TestProvider = {
    url: `http://127.0.0.1:${String(proxy.port)}`,
    proxy,
    predictor,
    runs: () => runs,
    onRun: () => 'pass',
    stop: async () => {
      await proxy.close();
      await predictor.end('SIGKILL');
    },
  };
  proxy.hooks.toServer = async (bytes) => {
    if (!/^POST \S+\/infer /.test(bytes.toString('latin1', 0, 300))) return true;
    runs += 1;
    return (await provider.onRun()) === 'pass';
  };
  return provider;
}

/** The demo model's files again, under another slug; a predictor that is started later serves it too. */
export function installCopy({ modelsDir }: Pick<TestPlatform, 'modelsDir'>, slug: string): string {
  const folder = path.join(modelsDir, slug);
  cpSync(path.join(modelsDir, DEMO_MODEL), folder, { recursive: true });
  return folder;
}
