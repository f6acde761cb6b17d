import { AppError } from '../errors.js';
import { type OpenClipConfig, openClipConfigSchema } from './config-schema.js';
import { describeIssue } from './describe-issue.js';
import { type Activation, TIMM_MODELS } from './timm-models.js';

/** The size and kind of one transformer tower. */
export interface TowerConfig {
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** A divisor of `width`. */
  readonly heads: number;
  readonly mlpWidth: number;
  readonly layerNormEpsilon: number;
  readonly activation: Activation;
}

export interface VisionConfig extends TowerConfig {
  /** Pixels of one side of the square input. */
  readonly imageSize: number;
  /** Pixels of one side; rows and columns of the image that no whole patch covers are never read. */
  readonly patchSize: number;
  /** Patches of an image: the square of `floor(imageSize / patchSize)`. */
  readonly tokens: number;
}

export interface TextConfig extends TowerConfig {
  /** Ids of a text, always: shorter ones are padded, longer ones cut. The last position is the feature. */
  readonly contextLength: number;
  /** Ids are 0 to `vocabSize − 1`. A tokenizer may know more (open_clip#735): those must not be sent. */
  readonly vocabSize: number;
}

/** How a picture becomes the vision tower's input. */
export interface PreprocessConfig {
  /** Pixels of one side. */
  readonly imageSize: number;
  /** `squash`: both axes to `imageSize`, each on its own; nothing is cropped. */
  readonly resizeMode: 'squash';
  /** Pillow's, with antialias. */
  readonly interpolation: 'bicubic';
  /** Red, green, blue, on the scale 0–1. The graphs normalise: `(value / 255 − mean) / std`. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** All that `open_clip_config.json` says about a SigLIP checkpoint, in our words. */
export interface SiglipConfig {
  /** Length of an embedding. */
  readonly embedDim: number;
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  readonly preprocess: PreprocessConfig;
  /** Cleaning of a prompt before it is tokenised; open_clip's name for it. */
  readonly textCleaning: 'canonicalize';
}

export const CONFIG_FILE = 'open_clip_config.json';

/** timm builds every SigLIP vision tower with this (timm/layers/norm.py). */
const VISION_LAYER_NORM_EPSILON = 1e-6;

/**
 * Reads the text of `open_clip_config.json`.
 *
 * @throws AppError BAD_USER_INPUT that names the first setting that is missing, unknown, or asks for
 *   what the graphs do not do
 */
export function parseConfig(json: string): SiglipConfig {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${CONFIG_FILE} is not JSON.`, { cause });
  }
  const parsed = openClipConfigSchema.safeParse(value);
  if (!parsed.success) throw fault(describeIssue(parsed.error));
  const vision = visionConfig(parsed.data);
  const text = textConfig(parsed.data);
  const { model_cfg: model, preprocess_cfg: preprocess } = parsed.data;
  // Without a projection (timm_proj "none") the image's embedding is as wide as its tower.
  checkEqual('model_cfg.embed_dim', model.embed_dim, 'the width of the vision tower', vision.width);
  const imageSize = preprocess.size ?? vision.imageSize;
  checkEqual('preprocess_cfg.size', imageSize, 'the image size of the model', vision.imageSize);
  return {
    embedDim: model.embed_dim,
    vision,
    text,
    preprocess: {
      imageSize,
      resizeMode: preprocess.resize_mode,
      interpolation: preprocess.interpolation,
      mean: preprocess.mean,
      std: preprocess.std,
    },
    textCleaning: model.text_cfg.tokenizer_kwargs.clean,
  };
}

function visionConfig({ model_cfg: { vision_cfg: config } }: OpenClipConfig): VisionConfig {
  const defaults = TIMM_MODELS.get(config.timm_model_name);
  if (!defaults) throw fault(`${config.timm_model_name} is unknown`);
  const kwargs = config.timm_model_kwargs;
  const imageSize = config.image_size;
  const kwargsSize = kwargs.img_size ?? imageSize;
  checkEqual('vision_cfg.image_size', imageSize, 'timm_model_kwargs.img_size', kwargsSize);
  const patchSize = kwargs.patch_size ?? defaults.patchSize;
  const width = kwargs.embed_dim ?? defaults.width;
  const heads = kwargs.num_heads ?? defaults.heads;
  checkHeads('vision_cfg', width, heads);
  const tokens = Math.floor(imageSize / patchSize) ** 2;
  if (tokens === 0) {
    throw fault(`an image of ${String(imageSize)} pixels has no patch of ${String(patchSize)}`);
  }
  return {
    width,
    depth: kwargs.depth ?? defaults.depth,
    heads,
    mlpWidth: Math.trunc(width * (kwargs.mlp_ratio ?? defaults.mlpRatio)),
    layerNormEpsilon: VISION_LAYER_NORM_EPSILON,
    activation: kwargs.act_layer ?? defaults.activation,
    imageSize,
    patchSize,
    tokens,
  };
}

function textConfig({ model_cfg: { text_cfg: config } }: OpenClipConfig): TextConfig {
  checkHeads('text_cfg', config.width, config.heads);
  return {
    width: config.width,
    depth: config.layers,
    heads: config.heads,
    mlpWidth: Math.trunc(config.width * config.mlp_ratio),
    layerNormEpsilon: config.norm_kwargs.eps,
    activation: config.act_kwargs.approximate === 'tanh' ? 'gelu_tanh' : 'gelu',
    contextLength: config.context_length,
    vocabSize: config.vocab_size,
  };
}

function checkHeads(where: string, width: number, heads: number): void {
  if (width % heads !== 0) {
    throw fault(`${where}: ${String(heads)} heads do not divide a width of ${String(width)}`);
  }
}

function checkEqual(name: string, value: number, otherName: string, other: number): void {
  if (value !== other)
    throw fault(`${name} is ${String(value)}, but ${otherName} is ${String(other)}`);
}

function fault(what: string): AppError {
  return new AppError('BAD_USER_INPUT', `${CONFIG_FILE}: ${what}.`);
}
