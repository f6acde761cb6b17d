/** `gelu` is exact, with erf; `gelu_tanh` the approximation. They differ by up to 4.7e-4. */
export type Activation = 'gelu' | 'gelu_tanh';

/** What a name in timm stands for, where a checkpoint's `timm_model_kwargs` do not say otherwise. */
export interface TimmModel {
  readonly patchSize: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** MLP width over width, before it is cut to an integer. */
  readonly mlpRatio: number;
  readonly activation: Activation;
}

const SHAPES = {
  base: { width: 768, depth: 12, heads: 12, mlpRatio: 4 },
  large: { width: 1024, depth: 24, heads: 16, mlpRatio: 4 },
  so400m: { width: 1152, depth: 27, heads: 16, mlpRatio: 3.7362 },
  giantopt: { width: 1536, depth: 40, heads: 16, mlpRatio: 4 },
} as const;

/**
 * Every SigLIP vision tower of timm with attention pooling, by its name there
 * (timm/models/vision_transformer.py, `vit_*_siglip_*`). The activation follows no rule, so each line
 * states it. The image size is part of the name only: the config and the checkpoint say it too. LayerNorm's epsilon is 1e-6 in all of them, and
 * none has a class token, registers, LayerScale or query-key norms.
 */
export const TIMM_MODELS: ReadonlyMap<string, TimmModel> = new Map([
  timmModel('base', 32, 256, 'gelu_tanh'),
  timmModel('base', 16, 224, 'gelu'),
  timmModel('base', 16, 256, 'gelu'),
  timmModel('base', 16, 384, 'gelu'),
  timmModel('base', 16, 512, 'gelu'),
  timmModel('large', 16, 256, 'gelu'),
  timmModel('large', 16, 384, 'gelu'),
  timmModel('large', 16, 512, 'gelu_tanh'),
  timmModel('so400m', 14, 224, 'gelu'),
  timmModel('so400m', 14, 378, 'gelu'),
  timmModel('so400m', 14, 384, 'gelu'),
  timmModel('so400m', 16, 256, 'gelu_tanh'),
  timmModel('so400m', 16, 384, 'gelu_tanh'),
  timmModel('so400m', 16, 512, 'gelu_tanh'),
  timmModel('giantopt', 16, 256, 'gelu_tanh'),
  timmModel('giantopt', 16, 384, 'gelu_tanh'),
]);

function timmModel(
  shape: keyof typeof SHAPES,
  patchSize: number,
  imageSize: number,
  activation: Activation,
): [string, TimmModel] {
  const name = `vit_${shape}_patch${String(patchSize)}_siglip_${String(imageSize)}`;
  return [name, { ...SHAPES[shape], patchSize, activation }];
}
