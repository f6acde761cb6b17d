import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { checkTensors } from './architecture.js';
import { CONFIG_FILE, parseConfig, type SiglipConfig } from './config.js';
import { SafetensorsFile } from './safetensors.js';

/** The layout that `timm/ViT-SO400M-14-SigLIP-384` and its siblings are published in. */
export const WEIGHTS_FILE = 'open_clip_model.safetensors';

const CONFIG_BYTES_MAX = 2 ** 20;

/** How a cosine becomes a logit: `scale · cosine + bias`. Trained values, from the checkpoint. */
export interface Scoring {
  /** `exp(logit_scale)`; about 112 for SO400M. */
  readonly logitScale: number;
  readonly logitBias: number;
}

/** A folder with a checkpoint whose config and tensors fit each other. Close `weights` when done. */
export interface Checkpoint {
  /** Absolute, with every link resolved. */
  readonly folder: string;
  readonly config: SiglipConfig;
  /** The config file as it is, for the hash. */
  readonly configBytes: Uint8Array;
  readonly weights: SafetensorsFile;
  readonly scoring: Scoring;
}

/**
 * Opens a folder with `open_clip_config.json` and `open_clip_model.safetensors`, and checks all that can
 * be checked without reading the weights.
 *
 * @throws AppError BAD_USER_INPUT that names the file, setting or tensor at fault
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const resolved = await realpath(folder).catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', `There is no folder ${folder}.`, { cause });
  });
  const configBytes = await readConfigFile(path.join(resolved, CONFIG_FILE));
  const config = parseConfig(new TextDecoder().decode(configBytes));
  const file = path.join(resolved, WEIGHTS_FILE);
  await checkInside(file, resolved);
  const weights = await SafetensorsFile.open(file);
  try {
    checkTensors(config, weights.tensors);
    return { folder: resolved, config, configBytes, weights, scoring: await readScoring(weights) };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

async function readConfigFile(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${CONFIG_FILE}.`);
  if (found.size > CONFIG_BYTES_MAX) {
    throw new AppError('BAD_USER_INPUT', `${CONFIG_FILE} has ${String(found.size)} bytes.`);
  }
  return readFile(file);
}

/**
 * ONNX Runtime refuses weights that lie, resolved, outside of the graph's folder (onnxruntime#27353), and
 * a checkpoint in the Hugging Face cache is such a link. Better here than when the model is loaded.
 */
async function checkInside(file: string, folder: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  if (target.startsWith(folder + path.sep)) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${WEIGHTS_FILE} is a link to ${target}, outside of its folder, which ONNX Runtime refuses. Copy the file, or make a hard link: it takes no space.`,
  );
}

async function readScoring(weights: SafetensorsFile): Promise<Scoring> {
  const [logScale] = await weights.read(weights.get('logit_scale'));
  const [logitBias] = await weights.read(weights.get('logit_bias'));
  const logitScale = Math.exp(logScale ?? NaN);
  if (logitBias === undefined || !Number.isFinite(logitBias) || !Number.isFinite(logitScale)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${WEIGHTS_FILE}: "logit_scale" ${String(logScale)} and "logit_bias" ${String(logitBias)} give no logits.`,
    );
  }
  return { logitScale, logitBias };
}
