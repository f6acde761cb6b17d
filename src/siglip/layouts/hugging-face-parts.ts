import { z } from 'zod';
import type { Activation, TowerConfig } from '../model-config.js';
import { linear, type TensorNames } from '../names.js';
import { checkHeads, depth, heads, only, SettingFault, size } from './config-values.js';

/* What SigLIP and CLIP have in common in the Hugging Face layout. */

export const HUGGING_FACE_CONFIG = 'config.json';
export const TOKENIZER_CONFIG = 'tokenizer_config.json';

/** Constants 0, 1, 2, …, which old versions of transformers stored. */
export const POSITION_IDS = /^(text|vision)_model\.embeddings\.position_ids$/;

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
};

/** Sizes and kind of a tower, with what is meant where the config leaves one out. */
export function towerShape(defaults: {
  readonly width: number;
  readonly mlpWidth: number;
  readonly depth: number;
  readonly heads: number;
  readonly activation: 'gelu_pytorch_tanh' | 'quick_gelu';
  readonly epsilon: number;
}) {
  return {
    hidden_size: size.default(defaults.width),
    intermediate_size: size.default(defaults.mlpWidth),
    num_hidden_layers: depth.default(defaults.depth),
    num_attention_heads: heads.default(defaults.heads),
    hidden_act: only('gelu_pytorch_tanh', 'gelu', 'quick_gelu').default(defaults.activation),
    layer_norm_eps: z.number().min(0).max(1).default(defaults.epsilon),
  };
}

export type TowerSettings = {
  readonly [Key in keyof ReturnType<typeof towerShape>]: z.output<
    ReturnType<typeof towerShape>[Key]
  >;
};

export function towerConfig(where: string, config: TowerSettings): TowerConfig {
  checkHeads(where, config.hidden_size, config.num_attention_heads);
  const activation = ACTIVATIONS[config.hidden_act];
  if (activation === undefined) throw new SettingFault(`${config.hidden_act} is unknown`);
  return {
    width: config.hidden_size,
    depth: config.num_hidden_layers,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    layerNormEpsilon: config.layer_norm_eps,
    activation,
  };
}

export function blocksOf(tower: string): TensorNames['vision']['blocks'] {
  return {
    prefix: `${tower}.encoder.layers.`,
    of: (block) => ({
      norm1: `${block}layer_norm1`,
      query: linear(`${block}self_attn.q_proj`),
      key: linear(`${block}self_attn.k_proj`),
      value: linear(`${block}self_attn.v_proj`),
      attentionOut: linear(`${block}self_attn.out_proj`),
      norm2: `${block}layer_norm2`,
      mlpUp: linear(`${block}mlp.fc1`),
      mlpDown: linear(`${block}mlp.fc2`),
    }),
  };
}
