import type { ModelConfig, ServedConfig } from '../model-config.js';
import type { PoolNames, VisionNames } from '../names.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  batched,
  blocks,
  floatLinear,
  type Kernels,
  layerNorm,
  mlp,
  type TowerBuilder,
} from './layers.js';

/** What the tower computes from an image, both before L2 normalization. */
export interface VisionOutputs {
  /** `[n, tokens, width]`: every position, after the final norm where all have one. */
  readonly hidden: Value;
  /** `[n, embedDim]`. */
  readonly pooled: Value;
}

/**
 * uint8 `[n, S, S, 3]` → float32 `[n, 3, S, S]`, normalized: `(x / 255 − mean) / std`, in the three steps
 * and the precision of torchvision, so that the result is equal to the reference's bit for bit.
 */
export function normalizePixels(
  graph: GraphBuilder,
  bytes: Value,
  config: Pick<ServedConfig, 'preprocess'>,
): Value {
  return graph.within('pixels', () => {
    const { mean, std } = config.preprocess;
    const numbers = graph.node('Cast', [bytes], { to: { int: 1 } });
    const unit = graph.node('Div', [numbers, graph.floats(255)]);
    const centered = graph.node('Sub', [unit, graph.floats(mean)]);
    const scaled = graph.node('Div', [centered, graph.floats(std)]);
    return graph.node('Transpose', [scaled], { perm: { ints: [0, 3, 1, 2] } });
  });
}

/** @param pixels float32 `[n, 3, S, S]`, normalized */
export function visionTower(
  graph: GraphBuilder,
  pixels: Value,
  { vision, names: { vision: names } }: ModelConfig,
  kernels: Kernels,
): VisionOutputs {
  const tower = { graph, config: vision, tokens: vision.tokens, causal: false, ...kernels };
  const embedded = graph.within('vision.embeddings', () => {
    const placed = embeddings(tower, pixels, names, vision.patchSize);
    return names.normBefore === undefined ? placed : layerNorm(tower, placed, names.normBefore);
  });
  const { depth } = vision;
  const x = blocks(tower, embedded, { names: names.blocks, depth, scope: 'vision' });
  return graph.within('vision.pool', () => {
    if (names.pool) {
      const normed = layerNorm(tower, x, names.norm);
      const pooled = attentionPool(tower, normed, names.pool);
      return { hidden: batched(tower, normed), pooled: projected(graph, pooled, names) };
    }
    const hidden = batched(tower, x);
    const first = graph.node('Gather', [hidden, graph.integers(0)], { axis: { int: 1 } });
    const normed = layerNorm(tower, first, names.norm);
    return { hidden, pooled: projected(graph, normed, names) };
  });
}

function projected(graph: GraphBuilder, x: Value, { projection }: VisionNames): Value {
  return projection ? floatLinear(graph, x, projection) : x;
}

/**
 * `[n, 3, S, S]` → `[n · tokens, width]`: the class token where there is one, then one row a patch, left to right,
 * then down.
 */
function embeddings(
  { graph, config, tokens }: TowerBuilder,
  pixels: Value,
  names: VisionNames,
  patchSize: number,
): Value {
  const { width } = config;
  const { weight, bias } = names.patches;
  const patches = names.classToken ? tokens - 1 : tokens;
  // Without padding: pixels right of and below the last whole patch are never read.
  const planes = graph.node(
    'Conv',
    [pixels, graph.weight(weight), ...(bias ? [graph.weight(bias)] : [])],
    {
      kernel_shape: { ints: [patchSize, patchSize] },
      strides: { ints: [patchSize, patchSize] },
    },
  );
  const flat = graph.node('Reshape', [planes, graph.integers([-1, width, patches])]);
  const rows = graph.node('Transpose', [flat], { perm: { ints: [0, 2, 1] } });
  const all = names.classToken ? withClassToken(graph, rows, names.classToken, width) : rows;
  const placed = graph.node('Add', [all, graph.weight(names.positions)]);
  return graph.node('Reshape', [placed, graph.integers([-1, width])]);
}

/** `[n, patches, width]` → `[n, 1 + patches, width]`. */
function withClassToken(
  graph: GraphBuilder,
  rows: Value,
  classToken: NonNullable<VisionNames['classToken']>,
  width: number,
): Value {
  const token = graph.weight(classToken, [1, 1, width]);
  const images = graph.node('Shape', [rows], { start: { int: 0 }, end: { int: 1 } });
  const shape = graph.node('Concat', [images, graph.integers([1, width])], { axis: { int: 0 } });
  const tokens = graph.node('Expand', [token, shape]);
  return graph.node('Concat', [tokens, rows], { axis: { int: 1 } });
}

/**
 * timm's `AttentionPoolLatent`: one learned query attends to all patches; then `y + mlp(norm(y))`.
 * `[n · tokens, width]` → `[n, width]`. No residual goes around the attention itself.
 *
 * In float32 in every variant: it costs next to nothing, and its errors go straight into the result.
 */
function attentionPool(blocksTower: TowerBuilder, x: Value, names: PoolNames): Value {
  const tower = { ...blocksTower, linear: floatLinear };
  const { graph } = tower;
  const y = floatLinear(graph, probeAttention(tower, x, names), names.out);
  return graph.node('Add', [y, mlp(tower, layerNorm(tower, y, names.norm), names)]);
}

/**
 * The pool's attention, without a key or a value for each patch. Its one query is the same for every image,
 * so that `query · (K · x)` is `(query · K) · x`, of which the first factor is a constant that the runtime
 * computes at load (the key's bias adds the same to all patches, which softmax takes away); and the mix of
 * `V · x + bias` is `V · mix(x) + bias`, as shares add up to 1. Otherwise it would be 0.5 % of the tower.
 *
 * @returns `[n, width]`
 */
function probeAttention(
  { graph, config, tokens }: TowerBuilder,
  x: Value,
  names: PoolNames,
): Value {
  const { width, heads } = config;
  const perHead = width / heads;
  const query = floatLinear(graph, graph.weight(names.probe, [1, width]), names.query);
  const scaled = graph.node('Mul', [query, graph.floats(perHead ** -0.5)]);
  const queryKey = graph.node('MatMul', [
    graph.node('Reshape', [scaled, graph.integers([heads, 1, perHead])]),
    graph.weight(names.key.weight, [heads, perHead, width]),
  ]);
  const asked = graph.node('Reshape', [queryKey, graph.integers([heads, width])]);
  const images = graph.node('Reshape', [x, graph.integers([-1, tokens, width])]);
  const inColumns = graph.node('Transpose', [images], { perm: { ints: [0, 2, 1] } });
  const scores = graph.node('MatMul', [asked, inColumns]);
  const shares = graph.node('Softmax', [scores], { axis: { int: -1 } });
  const mixed = graph.node('MatMul', [shares, images]);
  const perHeads = graph.node('Reshape', [mixed, graph.integers([-1, heads, width, 1])]);
  const values = graph.node('MatMul', [
    graph.weight(names.value.weight, [heads, perHead, width]),
    perHeads,
  ]);
  const inRows = graph.node('Reshape', [values, graph.integers([-1, width])]);
  const { bias } = names.value;
  return bias ? graph.node('Add', [inRows, graph.weight(bias)]) : inRows;
}
