import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { checkTensors } from './architecture.js';
import type { ModelConfig } from './model-config.js';
import { type CheckpointLayout, findLayout, type Layout } from './layouts/layout.js';
import { listFiles } from './models-folder.js';
import { Weights } from './weights.js';

const CONFIG_BYTES_MAX = 2 ** 20;

/** How a cosine becomes a logit: `scale · cosine + bias`. Trained values, from the checkpoint. */
export interface Scoring {
  /** `exp(logit_scale)`; about 112 for SO400M. */
  readonly logitScale: number;
  /** 0 where the model was trained without one. */
  readonly logitBias: number;
}

/** A folder with a checkpoint whose config and tensors fit each other. Close `weights` when done. */
export interface Checkpoint {
  /** Absolute, with every link resolved. */
  readonly folder: string;
  readonly layout: CheckpointLayout;
  readonly config: ModelConfig;
  /** The layout's config files as they are, in its order, for the hash. */
  readonly configFiles: ReadonlyMap<string, Uint8Array>;
  readonly weights: Weights;
  readonly scoring: Scoring;
}

/**
 * Opens a folder with a checkpoint of any layout, and checks all that can be checked without reading the weights.
 *
 * @throws AppError BAD_USER_INPUT that names the file, setting or tensor at fault
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const resolved = await realpath(folder).catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', `Folder ${folder} not found.`, { cause });
  });
  const found = findLayout(await listFiles(resolved));
  if (!('weights' in found)) {
    throw new AppError('BAD_USER_INPUT', `${folder} holds ready-made graphs, no checkpoint.`);
  }
  const { layout, weights: weightFile } = found;
  const configFiles = await readConfigFiles(resolved, layout);
  const config = layout.read(textsOf(configFiles));
  const weights = await Weights.open(resolved, weightFile);
  try {
    checkTensors(config, weights.tensors);
    const scoring = await readScoring(weights, config);
    return { folder: resolved, layout, config, configFiles, weights, scoring };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

/** The description in a folder that may hold no weights yet. @throws AppError BAD_USER_INPUT */
export async function readConfig<T>(
  folder: string,
  layout: Pick<Layout, 'configFiles'> & { readonly read: (files: Map<string, string>) => T },
): Promise<T> {
  return layout.read(textsOf(await readConfigFiles(folder, layout)));
}

/** Texts that a layout reads, as they are. @throws AppError BAD_USER_INPUT that names the one that is missing */
export async function readConfigFiles(
  folder: string,
  { configFiles: { required, optional } }: Pick<Layout, 'configFiles'>,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of [...required, ...optional]) {
    const file = path.join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) {
      if (optional.includes(name)) continue;
      throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
    }
    if (found.size > CONFIG_BYTES_MAX) {
      throw new AppError('BAD_USER_INPUT', `${name} has ${String(found.size)} bytes.`);
    }
    files.set(name, await readFile(file));
  }
  return files;
}

export function textsOf(files: ReadonlyMap<string, Uint8Array>): Map<string, string> {
  const decoder = new TextDecoder();
  return new Map([...files].map(([name, bytes]) => [name, decoder.decode(bytes)]));
}

async function readScoring(weights: Weights, { names }: ModelConfig): Promise<Scoring> {
  const read = async (name: string) => {
    const tensor = weights.get(name);
    const [value] = await weights.fileOf(tensor).read(tensor);
    return value ?? NaN;
  };
  const logScale = await read(names.logitScale);
  const logitBias = names.logitBias === undefined ? 0 : await read(names.logitBias);
  const logitScale = Math.exp(logScale);
  // The scale of a trained model is clipped to 100, SigLIP's are near 120.
  if (!Number.isFinite(logitBias) || !(logitScale > 0 && logitScale < 1e6)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `"${names.logitScale}" ${String(logScale)} and the bias ${String(logitBias)} give no logits.`,
    );
  }
  return { logitScale, logitBias };
}
