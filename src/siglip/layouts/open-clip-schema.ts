import { z } from 'zod';
import { depth, heads, only, ratio, size, square } from './config-values.js';
import { preprocessSchema } from './open-clip-parts.js';
import { TIMM_MODELS } from '../timm-models.js';

/*
 * `open_clip_config.json`, as strictly as it matters: a setting that changes what the model computes is
 * either one that the graphs implement or refused by its name. Settings that only training reads are
 * accepted with any value of their kind. Names and defaults: open_clip, src/open_clip/model.py
 * (`CLIPVisionCfg`, `CLIPTextCfg`), transform.py (`PreprocessCfg`); timm, `VisionTransformer`.
 */

const trainingOnly = z.number().nullable().optional();

/** Overrides of what the timm name stands for. */
const timmKwargs = z.strictObject({
  img_size: square.optional(),
  patch_size: z.int().min(1).max(1024).optional(),
  embed_dim: size.optional(),
  depth: depth.optional(),
  num_heads: heads.optional(),
  mlp_ratio: ratio.optional(),
  act_layer: only('gelu', 'gelu_tanh').optional(),
  global_pool: only('map').optional(),
  in_chans: only(3).optional(),
  num_classes: only(0).optional(),
  qkv_bias: only(true).optional(),
  proj_bias: only(true).optional(),
  final_norm: only(true).optional(),
  class_token: only(false).optional(),
  qk_norm: only(false).optional(),
  pre_norm: only(false).optional(),
  dynamic_img_size: only(false).optional(),
  dynamic_img_pad: only(false).optional(),
  reg_tokens: only(0).optional(),
  init_values: only(null).optional(),
  drop_rate: trainingOnly,
  pos_drop_rate: trainingOnly,
  patch_drop_rate: trainingOnly,
  proj_drop_rate: trainingOnly,
  attn_drop_rate: trainingOnly,
  drop_path_rate: trainingOnly,
});

const visionSchema = z.strictObject({
  image_size: square,
  timm_model_name: only(...TIMM_MODELS.keys()),
  timm_model_pretrained: z.boolean().optional(),
  timm_model_kwargs: timmKwargs.prefault({}),
  timm_pool: only('map'),
  timm_proj: only('none'),
  timm_proj_bias: only(false).optional(),
  timm_drop: trainingOnly,
  timm_drop_path: trainingOnly,
  patch_dropout: trainingOnly,
});

const textSchema = z.strictObject({
  context_length: z.int().min(1).max(4096),
  vocab_size: z
    .int()
    .min(1)
    .max(2 ** 20),
  width: size,
  heads,
  layers: depth,
  mlp_ratio: ratio.default(4),
  no_causal_mask: only(true),
  use_pad_mask: only(false).optional(),
  pool_type: only('last'),
  proj_type: only('linear', 'none').optional(),
  // Nothing to add where there is no projection.
  proj_bias: z.boolean().default(false),
  embed_cls: only(false).optional(),
  final_ln_after_pool: only(false).optional(),
  ls_init_value: only(null).optional(),
  hf_model_name: only(null).optional(),
  act_kwargs: z.strictObject({ approximate: only('none', 'tanh').default('none') }).prefault({}),
  // 1e-5 is torch's own default; the published configs say 1e-6.
  norm_kwargs: z.strictObject({ eps: z.number().min(0).max(1).default(1e-5) }).prefault({}),
  hf_tokenizer_name: z.string().max(300).nullable().optional(),
  tokenizer_kwargs: z.strictObject({ clean: only('canonicalize') }),
  // Only masks and pooling at the end-of-text token read them, and there are none here.
  pad_id: z.int().optional(),
  eos_id: z.int().optional(),
});

const modelSchema = z.strictObject({
  embed_dim: size,
  vision_cfg: visionSchema,
  text_cfg: textSchema,
  custom_text: only(true),
  quick_gelu: only(false).optional(),
  // What training started from; the trained values are in the checkpoint.
  init_logit_scale: trainingOnly,
  init_logit_bias: trainingOnly,
});

export const openClipConfigSchema = z.strictObject({
  model_cfg: modelSchema,
  preprocess_cfg: preprocessSchema,
});

export type OpenClipConfig = z.output<typeof openClipConfigSchema>;
