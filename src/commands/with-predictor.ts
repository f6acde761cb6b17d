import type { Services } from '../app/services.js';
import type { Say } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import { type Author, SYSTEM } from '../platform/actor.js';
import { asAdmin } from './admin-app.js';
import { reachPredictor } from './reach-predictor.js';

/** With the predictor that PREDICTOR_URL names, or one of its own: a running server keeps its to itself. */
export async function withPredictor(
  say: Say,
  work: (services: Services, by: Author) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  const { address, stop } = await reachPredictor(config, config.modelVariant);
  try {
    await asAdmin(say, (services, by) => work(services, { ...SYSTEM, ...by }), {
      predictorAddress: address,
    });
  } finally {
    await stop();
  }
}
