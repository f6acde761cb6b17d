import { createPredictorChild } from '../app/local-models.js';
import type { Config } from '../config/config.js';
import { createLogger } from '../platform/logger.js';
import type { PredictorAddress } from '../predictor/client.js';
import type { Variant } from '../siglip/index.js';

/** The predictor that PREDICTOR_URL names, or a child for this one command that loads one variant. */
export async function reachPredictor(
  config: Config,
  variant: Variant,
): Promise<{
  address: () => PredictorAddress | undefined;
  stop: () => Promise<void>;
}> {
  const { predictorUrl, predictor } = config;
  if (predictorUrl !== undefined) {
    const address = { url: predictorUrl, token: predictor.token };
    return { address: () => address, stop: () => Promise.resolve() };
  }
  const logger = createLogger('error', process.stderr);
  const child = createPredictorChild({ ...config, modelVariant: variant }, logger, {
    LOG_LEVEL: 'error',
  });
  await child.start();
  return { address: child.address, stop: () => child.stop() };
}
