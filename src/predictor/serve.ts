import type { Logger } from '../platform/logger.js';
import type { Variant } from '../siglip/index.js';
import { Batcher, type BatchRules } from './batcher.js';
import { Executor, type ExecutorOptions } from './executor.js';
import { createPredictorMetrics } from './predictor-metrics.js';
import { createPredictorServer } from './server.js';
import { ServedModels } from './served-models.js';

export interface PredictorOptions {
  /** Holds `<owner>/<name>/`, compiled. */
  readonly modelsDir: string;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly token: string | undefined;
  readonly version: string;
  /** Loaded of each model that has them; fp32 of one that has none of them. */
  readonly variants: readonly Variant[];
  readonly executor: ExecutorOptions;
  readonly rules: BatchRules;
  readonly logger: Logger;
  /** The inference thread died, and with it all that was loaded: the process has to end. */
  readonly onDeath: (error: Error) => void;
}

export interface Predictor {
  readonly url: string;
  /** Refuses what comes, finishes what it has, then ends the inference thread. */
  stop(): Promise<void>;
}

/** Serves the models of a folder. Resolves when all are warm; it is alive, but not ready, before. */
export async function startPredictor(options: PredictorOptions): Promise<Predictor> {
  const { logger } = options;
  let ready = false;
  const executor = new Executor(options.executor, options.onDeath);
  const models = new ServedModels(options.modelsDir, options.variants, executor);
  const metrics = createPredictorMetrics(() => batcher.size);
  const batcher: Batcher = new Batcher(
    (graph, input) => executor.run(graph, input),
    options.rules,
    metrics,
  );
  const server = createPredictorServer({
    models,
    batcher,
    metrics,
    logger,
    token: options.token,
    version: options.version,
    isReady: () => ready,
  });
  const url = await server.listen({ host: options.host, port: options.port });
  await models.loadAll({
    onLoaded: (slug, variant, int8Kernels) => {
      const kernels = int8Kernels === undefined ? '' : `, ${int8Kernels} kernels`;
      logger.info({ model: slug }, `model loaded: ${variant}${kernels}`);
    },
    onBroken: (slug, variant, err) => {
      logger.error({ model: slug, err }, `cannot serve ${variant ?? 'the model'}`);
    },
  });
  ready = true;
  return {
    url,
    stop: async () => {
      ready = false;
      await server.close();
      await executor.stop();
    },
  };
}
