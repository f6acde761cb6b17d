import { z } from 'zod';
import type { PreprocessConfig } from '../model-config.js';
import { linear, packedProjections, type TensorNames, whole } from '../names.js';
import { channels, checkEqual, deviations, only, square } from './config-values.js';

/* What SigLIP and CLIP have in common in the OpenCLIP layout. */

/** @param prefix `text.` where the text tower is a module of its own (`custom_text`) */
export function textNames(prefix: string): Omit<TensorNames['text'], 'projection'> {
  return {
    tokens: whole(`${prefix}token_embedding.weight`),
    positions: whole(`${prefix}positional_embedding`),
    blocks: {
      prefix: `${prefix}transformer.resblocks.`,
      of: (block) => ({
        norm1: `${block}ln_1`,
        ...packedProjections(`${block}attn.in_proj_weight`, `${block}attn.in_proj_bias`),
        attentionOut: linear(`${block}attn.out_proj`),
        norm2: `${block}ln_2`,
        mlpUp: linear(`${block}mlp.c_fc`),
        mlpDown: linear(`${block}mlp.c_proj`),
      }),
    },
    norm: `${prefix}ln_final`,
  };
}

/** `PreprocessCfg` (src/open_clip/transform.py), with its defaults. */
export const preprocessSchema = z.strictObject({
  mean: channels.default([0.48145466, 0.4578275, 0.40821073]),
  std: deviations.default([0.26862954, 0.26130258, 0.27577711]),
  interpolation: only('bicubic', 'bilinear').default('bicubic'),
  resize_mode: only('squash', 'shortest').default('shortest'),
  size: square.optional(),
  mode: only('RGB').optional(),
  // Only other resize modes leave a border to fill.
  fill_color: z.number().optional(),
});

/** @throws SettingFault for another size than the model's */
export function preprocessConfig(
  config: z.output<typeof preprocessSchema>,
  modelSize: number,
): PreprocessConfig {
  const imageSize = config.size ?? modelSize;
  checkEqual('preprocess_cfg.size', imageSize, 'the image size of the model', modelSize);
  return {
    imageSize,
    resizeMode: config.resize_mode,
    interpolation: config.interpolation,
    // open_clip/transform.py: `MaybeConvertMode` comes after `Resize`; torchvision's crop rounds.
    rgb: 'after-resize',
    cropOffset: 'round',
    mean: config.mean,
    std: config.std,
  };
}
