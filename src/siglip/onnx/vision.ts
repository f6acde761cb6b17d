import { VISION_PREFIX, visionBlockNames } from '../architecture.js';
import type { SiglipConfig } from '../config.js';
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

const POOL = `${VISION_PREFIX}attn_pool.`;

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
  const { graph } = tower;
  const y = floatLinear(graph, latentAttention(tower, x), `${POOL}proj.weight`, `${POOL}proj.bias`);
  const normed = layerNorm(tower, y, `${POOL}norm`);
  return graph.node('Add', [y, mlp(tower, normed, `${POOL}mlp.fc1`, `${POOL}mlp.fc2`)]);
}

/**
 * The pool's attention, without a key or a value for each patch. Its one query is the same for every image,
 * so that `query · (K · x)` is `(query · K) · x`, of which the first factor is a constant that the runtime
 * computes at load (the key's bias adds the same to all patches, which softmax takes away); and the mix of
 * `V · x + bias` is `V · mix(x) + bias`, as shares add up to 1. Otherwise it would be 0.5 % of the tower.
 *
 * @returns `[n, width]`
 */
function latentAttention({ graph, config, tokens }: TowerBuilder, x: Value): Value {
  const { width, heads } = config;
  const perHead = width / heads;
  const latent = graph.weight(`${POOL}latent`, [1, width]);
  const query = floatLinear(graph, latent, `${POOL}q.weight`, `${POOL}q.bias`);
  const kv = (at: number, dims: readonly number[]) =>
    graph.weight(`${POOL}kv.weight`, dims, { at, of: 2 });
  const scaled = graph.node('Mul', [query, graph.floats(perHead ** -0.5)]);
  const queryKey = graph.node('MatMul', [
    graph.node('Reshape', [scaled, graph.integers([heads, 1, perHead])]),
    kv(0, [heads, perHead, width]),
  ]);
  const asked = graph.node('Reshape', [queryKey, graph.integers([heads, width])]);
  const images = graph.node('Reshape', [x, graph.integers([-1, tokens, width])]);
  const inColumns = graph.node('Transpose', [images], { perm: { ints: [0, 2, 1] } });
  const scores = graph.node('MatMul', [asked, inColumns]);
  const shares = graph.node('Softmax', [scores], { axis: { int: -1 } });
  const mixed = graph.node('MatMul', [shares, images]);
  const perHeads = graph.node('Reshape', [mixed, graph.integers([-1, heads, width, 1])]);
  const values = graph.node('MatMul', [kv(1, [heads, perHead, width]), perHeads]);
  const inRows = graph.node('Reshape', [values, graph.integers([-1, width])]);
  const bias = graph.weight(`${POOL}kv.bias`, undefined, { at: 1, of: 2 });
  return graph.node('Add', [inRows, bias]);
}
