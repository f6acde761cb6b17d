import { z } from 'zod';
import type { ModelConfig, TextConfig, VisionConfig } from '../model-config.js';
import {
  linear,
  type LinearNames,
  packedLinear,
  packedProjections,
  type TensorNames,
  whole,
} from '../names.js';
import { TIMM_MODELS } from '../timm-models.js';
import {
  checkEqual,
  checkHeads,
  parseJson,
  patchCount,
  readAs,
  SettingFault,
} from './config-values.js';
import { parseOpenClipClip } from './open-clip-clip.js';
import { preprocessConfig, textNames } from './open-clip-parts.js';
import { refusalOfTimmModel } from './refusals.js';
import { type OpenClipConfig, openClipConfigSchema } from './open-clip-schema.js';

export const OPEN_CLIP_CONFIG = 'open_clip_config.json';

/** timm builds every SigLIP vision tower with this (timm/layers/norm.py). */
const VISION_LAYER_NORM_EPSILON = 1e-6;

/** SigLIP as open_clip stores it: its own text tower, timm's vision tower. */
const SIGLIP_NAMES: Omit<TensorNames, 'text'> = {
  logitScale: 'logit_scale',
  logitBias: 'logit_bias',
  ignored: [],
  vision: {
    patches: linear('visual.trunk.patch_embed.proj'),
    positions: whole('visual.trunk.pos_embed', 1),
    blocks: {
      prefix: 'visual.trunk.blocks.',
      of: (block) => ({
        norm1: `${block}norm1`,
        ...packedProjections(`${block}attn.qkv.weight`, `${block}attn.qkv.bias`),
        attentionOut: linear(`${block}attn.proj`),
        norm2: `${block}norm2`,
        mlpUp: linear(`${block}mlp.fc1`),
        mlpDown: linear(`${block}mlp.fc2`),
      }),
    },
    norm: 'visual.trunk.norm',
    pool: {
      probe: whole('visual.trunk.attn_pool.latent', 2),
      query: linear('visual.trunk.attn_pool.q'),
      key: keyOrValue(0),
      value: keyOrValue(1),
      out: linear('visual.trunk.attn_pool.proj'),
      norm: 'visual.trunk.attn_pool.norm',
      mlpUp: linear('visual.trunk.attn_pool.mlp.fc1'),
      mlpDown: linear('visual.trunk.attn_pool.mlp.fc2'),
    },
  },
};

function keyOrValue(at: 0 | 1) {
  const kv = 'visual.trunk.attn_pool.kv';
  return packedLinear(`${kv}.weight`, `${kv}.bias`, { at, of: 2 });
}

const TEXT_NAMES = textNames('text.');

/**
 * Reads the text of `open_clip_config.json`.
 *
 * @throws AppError BAD_USER_INPUT that names the first setting that is missing, unknown, or asks for
 *   what the graphs do not do
 */
export function parseOpenClip(json: string): ModelConfig {
  return readAs(OPEN_CLIP_CONFIG, () => {
    // open_clip asks the same: a tower of timm's, or of its own.
    const { timm_model_name: timmName } = parseJson(json, kindSchema).model_cfg.vision_cfg;
    if (!timmName) return parseOpenClipClip(json);
    if (TIMM_MODELS.has(timmName)) return parseSiglip(json);
    throw new SettingFault(`model_cfg.vision_cfg.timm_model_name: ${refusalOfTimmModel(timmName)}`);
  });
}

const kindSchema = z.looseObject({
  model_cfg: z.looseObject({
    vision_cfg: z.looseObject({ timm_model_name: z.string().max(200).nullish() }),
  }),
});

function parseSiglip(json: string): ModelConfig {
  const config = parseJson(json, openClipConfigSchema);
  const { model_cfg: model } = config;
  const vision = visionConfig(config);
  const text = textConfig(config);
  // Without a projection (timm_proj "none") the image's embedding is as wide as its tower.
  checkEqual('model_cfg.embed_dim', model.embed_dim, 'the width of the vision tower', vision.width);
  const projection = textProjection(model.text_cfg);
  if (projection === undefined) {
    checkEqual('model_cfg.embed_dim', model.embed_dim, 'the width of the text tower', text.width);
  }
  return {
    embedDim: model.embed_dim,
    vision,
    text,
    preprocess: preprocessConfig(config.preprocess_cfg, vision.imageSize),
    textCleaning: model.text_cfg.tokenizer_kwargs.clean,
    tokenizer: 'tokenizer.json',
    loss: 'sigmoid',
    names: { ...SIGLIP_NAMES, text: { ...TEXT_NAMES, projection } },
  };
}

/** A Linear where it has a bias; without one, a matrix of its own, `[in, out]` (open_clip/transformer.py). */
function textProjection({
  proj_type: type,
  proj_bias: hasBias,
}: OpenClipConfig['model_cfg']['text_cfg']): LinearNames | undefined {
  if (type === 'none') return undefined;
  if (hasBias) return linear('text.text_projection');
  return { weight: whole('text.text_projection'), transposed: true };
}

function visionConfig({ model_cfg: { vision_cfg: config } }: OpenClipConfig): VisionConfig {
  const defaults = TIMM_MODELS.get(config.timm_model_name);
  if (!defaults) throw new SettingFault(`${config.timm_model_name} is unknown`);
  const kwargs = config.timm_model_kwargs;
  const imageSize = config.image_size;
  const kwargsSize = kwargs.img_size ?? imageSize;
  checkEqual('vision_cfg.image_size', imageSize, 'timm_model_kwargs.img_size', kwargsSize);
  const patchSize = kwargs.patch_size ?? defaults.patchSize;
  const width = kwargs.embed_dim ?? defaults.width;
  const heads = kwargs.num_heads ?? defaults.heads;
  checkHeads('vision_cfg', width, heads);
  return {
    width,
    depth: kwargs.depth ?? defaults.depth,
    heads,
    mlpWidth: Math.trunc(width * (kwargs.mlp_ratio ?? defaults.mlpRatio)),
    layerNormEpsilon: VISION_LAYER_NORM_EPSILON,
    activation: kwargs.act_layer ?? defaults.activation,
    imageSize,
    patchSize,
    tokens: patchCount(imageSize, patchSize),
    pooling: 'map',
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
    causal: false,
    pooling: 'last',
  };
}
