import { z } from 'zod';
import type { ModelConfig } from '../model-config.js';
import { type LinearNames, type TensorNames, whole } from '../names.js';
import {
  checkHeads,
  depth,
  heads,
  only,
  parseJson,
  patchCount,
  ratio,
  size,
  square,
  textSizes,
} from './config-values.js';
import { preprocessConfig, preprocessSchema, textNames } from './open-clip-parts.js';

/*
 * CLIP as open_clip builds it itself (src/open_clip/model.py, `CLIPVisionCfg`, `CLIPTextCfg`): a class token, norms
 * before and after the blocks, a causal text tower whose feature is at the end token, and two matrices as projections.
 */

const trainingOnly = z.number().nullable().optional();
const unused = only(null, '').optional();

/** Of both towers: what changes an attention block. */
const block = {
  mlp_ratio: ratio.default(4),
  ls_init_value: only(null).optional(),
  act_kwargs: z
    .strictObject({ approximate: only('none', 'tanh').default('none') })
    .nullish()
    .transform((value) => value ?? { approximate: 'none' as const }),
  norm_kwargs: z
    .strictObject({ eps: z.number().min(0).max(1).default(1e-5) })
    .nullish()
    .transform((value) => value ?? { eps: 1e-5 }),
  block_type: only(null, 'default').optional(),
  qk_norm: only(false).optional(),
  scaled_cosine_attn: only(false).optional(),
  scale_heads: only(false).optional(),
  scale_attn_inner: only(false).optional(),
  scale_attn: only(false).optional(),
  scale_fc: only(false).optional(),
  output_tokens: only(false).optional(),
  final_ln_after_pool: only(false).optional(),
};

const visionSchema = z.strictObject({
  ...block,
  image_size: square,
  layers: depth,
  width: size,
  head_width: size.default(64),
  patch_size: z.int().min(1).max(1024),
  patch_dropout: trainingOnly,
  attentional_pool: only(false).optional(),
  attn_pooler_queries: z.number().optional(),
  attn_pooler_heads: z.number().optional(),
  no_ln_pre: z.boolean().default(false),
  pos_embed_type: only('learnable').optional(),
  pool_type: only('tok').optional(),
  timm_model_name: unused,
  timm_model_pretrained: z.boolean().optional(),
  timm_pool: z.string().optional(),
  timm_proj: z.string().nullable().optional(),
  timm_proj_bias: z.boolean().optional(),
  timm_drop: trainingOnly,
  timm_drop_path: trainingOnly,
});

const textSchema = z.strictObject({
  ...block,
  ...textSizes,
  width: size.default(512),
  heads: heads.default(8),
  layers: depth.default(12),
  no_causal_mask: only(false).optional(),
  use_pad_mask: only(false).optional(),
  pool_type: only('argmax').optional(),
  proj_type: only('linear').optional(),
  proj_bias: only(false).optional(),
  embed_cls: only(false).optional(),
  hf_model_name: unused,
  hf_model_pretrained: z.boolean().optional(),
  hf_proj_type: z.string().optional(),
  hf_pooler_type: z.string().optional(),
  // The vocabulary of open_clip's own tokenizer; another one makes other texts of the same words.
  hf_tokenizer_name: unused,
  tokenizer_mode: unused,
  tokenizer_kwargs: z
    .strictObject({ clean: only('lower').optional() })
    .nullable()
    .optional(),
  pad_id: z.int().optional(),
  eos_id: z.int().optional(),
});

const configSchema = z.strictObject({
  model_cfg: z.strictObject({
    embed_dim: size,
    vision_cfg: visionSchema,
    text_cfg: textSchema,
    custom_text: z.boolean().default(false),
    quick_gelu: z.boolean().default(false),
    init_logit_scale: trainingOnly,
    init_logit_bias: trainingOnly,
  }),
  preprocess_cfg: preprocessSchema,
});

function matrix(tensor: string): LinearNames {
  return { weight: whole(tensor), transposed: true };
}

function names(
  textPrefix: string,
  { hasNormBefore, hasBias }: { hasNormBefore: boolean; hasBias: boolean },
): TensorNames {
  return {
    logitScale: 'logit_scale',
    ...(hasBias ? { logitBias: 'logit_bias' } : {}),
    // The causal mask, which old versions of open_clip stored.
    ignored: [/^(text\.)?attn_mask$/],
    vision: {
      patches: { weight: whole('visual.conv1.weight') },
      classToken: whole('visual.class_embedding'),
      positions: whole('visual.positional_embedding'),
      ...(hasNormBefore ? { normBefore: 'visual.ln_pre' } : {}),
      blocks: {
        prefix: 'visual.transformer.resblocks.',
        of: textNames('').blocks.of,
      },
      norm: 'visual.ln_post',
      projection: matrix('visual.proj'),
    },
    text: { ...textNames(textPrefix), projection: matrix(`${textPrefix}text_projection`) },
  };
}

/** @throws SettingFault that names the first setting that is missing, unknown, or not implemented */
export function parseOpenClipClip(json: string): ModelConfig {
  const { model_cfg: model, preprocess_cfg: preprocess } = parseJson(json, configSchema);
  const { vision_cfg: vision, text_cfg: text } = model;
  checkHeads('text_cfg', text.width, text.heads);
  const visionHeads = Math.max(1, Math.trunc(vision.width / vision.head_width));
  checkHeads('vision_cfg', vision.width, visionHeads);
  const gelu = (approximate: 'none' | 'tanh') => (approximate === 'tanh' ? 'gelu_tanh' : 'gelu');
  const activationOf = ({ act_kwargs: { approximate } }: typeof vision | typeof text) =>
    model.quick_gelu ? 'quick_gelu' : gelu(approximate);
  const hasBias = model.init_logit_bias !== undefined && model.init_logit_bias !== null;
  return {
    embedDim: model.embed_dim,
    vision: {
      width: vision.width,
      depth: vision.layers,
      heads: visionHeads,
      mlpWidth: Math.trunc(vision.width * vision.mlp_ratio),
      layerNormEpsilon: vision.norm_kwargs.eps,
      activation: activationOf(vision),
      imageSize: vision.image_size,
      patchSize: vision.patch_size,
      tokens: 1 + patchCount(vision.image_size, vision.patch_size),
      pooling: 'class-token',
    },
    text: {
      width: text.width,
      depth: text.layers,
      heads: text.heads,
      mlpWidth: Math.trunc(text.width * text.mlp_ratio),
      layerNormEpsilon: text.norm_kwargs.eps,
      activation: activationOf(text),
      contextLength: text.context_length,
      vocabSize: text.vocab_size,
      padId: 0,
      causal: true,
      pooling: 'largest-id',
    },
    preprocess: preprocessConfig(preprocess, vision.image_size),
    textCleaning: 'whitespace-lower',
    tokenizer: 'tokenizer.json',
    loss: hasBias ? 'sigmoid' : 'softmax',
    names: names(model.custom_text ? 'text.' : '', {
      hasNormBefore: !vision.no_ln_pre,
      hasBias,
    }),
  };
}
