import { VISION_PREFIX, visionBlockNames } from '../architecture.js';
import type { SiglipConfig } from '../config.js';
import { attendOnce } from './attention.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  batched,
  block,
  floatLinear,
  type Kernels,
  layerNorm,
  mlp,
  type TowerBuilder,
} from './layers.js';

/** What the tower computes from an image, both before L2 normalisation. */
export interface VisionOutputs {
  /** `[n, tokens, width]`: every patch, after the final norm. */
  readonly hidden: Value;
  /** `[n, width]`. */
  readonly pooled: Value;
}

/**
 * uint8 `[n, S, S, 3]` → float32 `[n, 3, S, S]`, normalised: `(x / 255 − mean) / std`, in the three steps
 * and the precision of torchvision, so that the result is equal to the reference's bit for bit.
 */
export function normalizePixels(graph: GraphBuilder, bytes: Value, config: SiglipConfig): Value {
  return graph.within('pixels', () => {
    const { mean, std } = config.preprocess;
    const numbers = graph.node('Cast', [bytes], { to: { int: 1 } });
    const unit = graph.node('Div', [numbers, graph.floats(255)]);
    const centred = graph.node('Sub', [unit, graph.floats(mean)]);
    const scaled = graph.node('Div', [centred, graph.floats(std)]);
    return graph.node('Transpose', [scaled], { perm: { ints: [0, 3, 1, 2] } });
  });
}

/** @param pixels float32 `[n, 3, S, S]`, normalised */
export function visionTower(
  graph: GraphBuilder,
  pixels: Value,
  { vision }: SiglipConfig,
  kernels: Kernels,
): VisionOutputs {
  const tower: TowerBuilder = { graph, config: vision, tokens: vision.tokens, ...kernels };
  let x = graph.within('vision.patches', () => patches(tower, pixels, vision.patchSize));
  for (let index = 0; index < vision.depth; index += 1) {
    x = graph.within(`vision.blocks.${String(index)}`, () =>
      block(tower, x, visionBlockNames(index)),
    );
  }
  return graph.within('vision.pool', () => {
    const normed = layerNorm(tower, x, `${VISION_PREFIX}norm`);
    return { hidden: batched(tower, normed), pooled: attentionPool(tower, normed) };
  });
}

/** `[n, 3, S, S]` → `[n · tokens, width]`: one row a patch, left to right, then down. */
function patches({ graph, config, tokens }: TowerBuilder, pixels: Value, patchSize: number): Value {
  const { width } = config;
  const weight = graph.weight(`${VISION_PREFIX}patch_embed.proj.weight`);
  const bias = graph.weight(`${VISION_PREFIX}patch_embed.proj.bias`);
  // Without padding: pixels right of and below the last whole patch are never read.
  const planes = graph.node('Conv', [pixels, weight, bias], {
    kernel_shape: { ints: [patchSize, patchSize] },
    strides: { ints: [patchSize, patchSize] },
  });
  const flat = graph.node('Reshape', [planes, graph.integers([-1, width, tokens])]);
  const rows = graph.node('Transpose', [flat], { perm: { ints: [0, 2, 1] } });
  const placed = graph.node('Add', [rows, graph.weight(`${VISION_PREFIX}pos_embed`)]);
  return graph.node('Reshape', [placed, graph.integers([-1, width])]);
}

/**
 * timm's `AttentionPoolLatent`: one learned query attends to all patches; then `y + mlp(norm(y))`.
 * `[n · tokens, width]` → `[n, width]`. No residual goes around the attention itself.
 *
 * In float32 in every variant: it costs next to nothing, and its errors go straight into the result.
 */
function attentionPool(blocks: TowerBuilder, x: Value): Value {
  const tower = { ...blocks, linear: floatLinear };
  const { graph, config } = tower;
  const pool = `${VISION_PREFIX}attn_pool.`;
  const latent = graph.weight(`${pool}latent`, [1, config.width]);
  // The query is the same for every image: it broadcasts, and the runtime computes it once, at load.
  const query = floatLinear(graph, latent, `${pool}q.weight`, `${pool}q.bias`);
  const [key, value] = graph.split(floatLinear(graph, x, `${pool}kv.weight`, `${pool}kv.bias`), 2);
  const mixed = attendOnce(tower, query, key, value);
  const y = floatLinear(graph, mixed, `${pool}proj.weight`, `${pool}proj.bias`);
  const normed = layerNorm(tower, y, `${pool}norm`);
  return graph.node('Add', [y, mlp(tower, normed, `${pool}mlp.fc1`, `${pool}mlp.fc2`)]);
}
