import { existsSync } from 'node:fs';
import path from 'node:path';
import { childEnvironment, type Config } from '../config/config.js';
import type { Logger } from '../platform/logger.js';
import { PredictorChild } from '../predictor/child.js';
import {
  compile,
  copyCheckpoint,
  listModelFolders,
  modelFolder,
  openModel,
  type Variant,
} from '../siglip/index.js';
import type { Say } from './startup.js';

/** Ships with the repository, so that the first run has something to run. */
export const DEMO_MODEL = 'gigarouter/demo-shapes';

/** Compiles the demo model where there is no model yet, and anew where it is out of date. */
export async function ensureModels(
  {
    modelsDir,
    modelVariant,
    demoModelDir,
  }: Pick<Config, 'modelsDir' | 'modelVariant' | 'demoModelDir'>,
  say: Say,
): Promise<void> {
  const slugs = await listModelFolders(modelsDir);
  const folder = modelFolder(modelsDir, DEMO_MODEL);
  if (slugs.length === 0 && existsSync(demoModelDir)) {
    await copyCheckpoint(demoModelDir, folder);
    await compile(folder, { int8: true });
    slugs.push(DEMO_MODEL);
    say(`models: compiled ${DEMO_MODEL}, which knows drawn shapes`);
  } else if (slugs.includes(DEMO_MODEL)) {
    // Whatever is wrong with it is no reason not to start.
    await compileAnew(folder, modelVariant, say).catch((error: unknown) => {
      say(`models: ${DEMO_MODEL} could not be compiled anew: ${(error as Error).message}`);
    });
  }
  say(`models: ${slugs.join(', ') || 'none'}`);
}

/** Where it was compiled by another version, or without what is wanted now. */
async function compileAnew(folder: string, wanted: Variant, say: Say): Promise<void> {
  const model = await openModel(folder).catch(() => undefined);
  if (model?.variants[wanted] !== undefined) return;
  await compile(folder, { int8: true });
  say(`models: compiled ${DEMO_MODEL} anew`);
}

/** A predictor for `modelsDir` as a child of this process, not started yet. It loads what calls run, no more. */
export function createPredictorChild(
  { modelVariant, shutdownTimeoutMs }: Pick<Config, 'modelVariant' | 'shutdownTimeoutMs'>,
  logger: Logger,
  env: Readonly<Record<string, string>> = {},
): PredictorChild {
  return new PredictorChild({
    // From src/ too, where tests run us.
    args: [path.resolve(import.meta.dirname, '../../dist/cli.js'), 'predictor', '--port', '0'],
    logger,
    env: childEnvironment({ PREDICTOR_VARIANTS: modelVariant, ...env }),
    stopTimeoutMs: shutdownTimeoutMs,
  });
}
