import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { until } from './process.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface PredictorProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Everything that it wrote. */
  log(): string;
  /** Sends the signal, and resolves with the exit status. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** The compiled predictor, with its models warm, on a port of its own. */
export async function startPredictorProcess(
  modelsDir: string,
  env: Record<string, string> = {},
): Promise<PredictorProcess> {
  const child = spawn(process.execPath, ['dist/cli.js', 'predictor', '--port', '0'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', MODELS_DIR: modelsDir, PREDICTOR_THREADS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  }
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await until('the predictor to be ready', () => {
    if (child.exitCode !== null) throw new Error(`It ended instead:\n${log}`);
    return /predictor: (http:\S+)\/v2/.exec(log)?.[1];
  });
  return {
    child,
    url,
    log: () => log,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
