import type { Activation, TowerConfig } from '../model-config.js';
import { type BlockNames, blockNames, type BlocksNames, type LinearNames } from '../names.js';
import type { GraphBuilder, Value } from './graph.js';

/**
 * Adds `x · weightᵀ + bias` for a Linear of the checkpoint. `x` has rank 2, `[rows, in]`; the result is
 * `[rows, out]`. One for each variant: which numbers the product is computed in is all that differs.
 */
export type Linear = (graph: GraphBuilder, x: Value, names: LinearNames) => Value;

/** In float32, from the layout of the checkpoint: nothing is transposed in memory. */
export const floatLinear: Linear = (graph, x, { weight, bias, transposed = false }) => {
  const inputs = [x, graph.weight(weight), ...(bias ? [graph.weight(bias)] : [])];
  return graph.node('Gemm', inputs, { transB: { int: transposed ? 0 : 1 } });
};

/** Adds query, key and value of an attention. `x` is `[rows, width]`, as each of them is. One for each variant. */
export type Projections = (
  graph: GraphBuilder,
  x: Value,
  names: Pick<BlockNames, 'query' | 'key' | 'value'>,
) => [query: Value, key: Value, value: Value];

/** In float32, a product for each, also where the checkpoint packs them: no result is copied to be cut. */
export const floatProjections: Projections = (graph, x, { query, key, value }) => [
  floatLinear(graph, x, query),
  floatLinear(graph, x, key),
  floatLinear(graph, x, value),
];

/**
 * Adds multi-head attention, `softmax(query · keyᵀ / √(width / heads)) · value`, heads one
 * after the other in the width, with a mask where the tower is causal. One for each variant.
 *
 * @param query `[n · queries, width]`, and so is the result
 * @param key as `value`, `[n · tokens, width]`
 */
export type Attention = (
  tower: TowerBuilder,
  query: Value,
  key: Value,
  value: Value,
  queries: number,
) => Value;

/** What the variants compute differently. */
export interface Kernels {
  readonly linear: Linear;
  readonly projections: Projections;
  readonly attention: Attention;
}

/** A tower in the making. Values of the residual stream have rank 2: `[n · tokens, width]`. */
export interface TowerBuilder extends Kernels {
  readonly graph: GraphBuilder;
  readonly config: TowerConfig;
  /** Positions of one image or text. */
  readonly tokens: number;
  /** A position attends to itself and to those before it only. */
  readonly causal: boolean;
}

/** `[n · positions, width]` → `[n, positions, width]`: nothing moves. */
export function batched(
  { graph, config, tokens }: TowerBuilder,
  x: Value,
  positions = tokens,
): Value {
  return graph.node('Reshape', [x, graph.integers([-1, positions, config.width])]);
}

/** `[n · tokens, width]` → `[n, width]`: the last position of each. */
export function lastPosition(tower: TowerBuilder, x: Value): Value {
  const last = tower.graph.integers(tower.tokens - 1);
  return tower.graph.node('Gather', [batched(tower, x), last], { axis: { int: 1 } });
}

/** LayerNorm over the last axis, with the tower's epsilon (ONNX's own default is another). */
export function layerNorm({ graph, config }: TowerBuilder, x: Value, name: string): Value {
  return graph.node(
    'LayerNormalization',
    [x, graph.weight({ tensor: `${name}.weight` }), graph.weight({ tensor: `${name}.bias` })],
    { axis: { int: -1 }, epsilon: { float: config.layerNormEpsilon } },
  );
}

/** The first `depth` blocks of a tower. `[n · tokens, width]`, and so is the result. */
export function blocks(
  tower: TowerBuilder,
  x: Value,
  { names, depth, scope }: { names: BlocksNames; depth: number; scope: string },
): Value {
  let result = x;
  for (let index = 0; index < depth; index += 1) {
    const input = result;
    result = tower.graph.within(`${scope}.blocks.${String(index)}`, () =>
      block(tower, input, blockNames(names, index)),
    );
  }
  return result;
}

/** A pre-norm transformer block: `x += attention(norm1(x)); x += mlp(norm2(x))`. */
function block(tower: TowerBuilder, x: Value, names: BlockNames): Value {
  const normed = layerNorm(tower, x, names.norm1);
  const [query, key, value] = tower.projections(tower.graph, normed, names);
  const mixed = tower.attention(tower, query, key, value, tower.tokens);
  return afterAttention(tower, x, mixed, names);
}

/** The same where the last position is all that is wanted of it: no other asks, or goes on. → `[n, width]` */
export function lastBlock(tower: TowerBuilder, x: Value, names: BlockNames): Value {
  const normed = layerNorm(tower, x, names.norm1);
  const [queries, key, value] = tower.projections(tower.graph, normed, names);
  const mixed = tower.attention(tower, lastPosition(tower, queries), key, value, 1);
  return afterAttention(tower, lastPosition(tower, x), mixed, names);
}

/** @param mixed what the attention gave for each row of `x` */
function afterAttention(tower: TowerBuilder, x: Value, mixed: Value, names: BlockNames): Value {
  const { graph, linear } = tower;
  const middle = graph.node('Add', [x, linear(graph, mixed, names.attentionOut)]);
  const changed = mlp(tower, layerNorm(tower, middle, names.norm2), names);
  return graph.node('Add', [middle, changed]);
}

/** `[rows, width]` → `[rows, width]`, through the MLP's width. */
export function mlp(
  { graph, config, linear }: TowerBuilder,
  x: Value,
  { mlpUp, mlpDown }: Pick<BlockNames, 'mlpUp' | 'mlpDown'>,
): Value {
  return linear(graph, ACTIVATIONS[config.activation](graph, linear(graph, x, mlpUp)), mlpDown);
}

const ACTIVATIONS: Readonly<Record<Activation, (graph: GraphBuilder, x: Value) => Value>> = {
  gelu: (graph, x) => graph.node('Gelu', [x], { approximate: { string: 'none' } }),
  gelu_tanh: (graph, x) => graph.node('Gelu', [x], { approximate: { string: 'tanh' } }),
  quick_gelu: (graph, x) => {
    const gate = graph.node('Sigmoid', [graph.node('Mul', [x, graph.floats(1.702)])]);
    return graph.node('Mul', [x, gate]);
  },
};

/** Rows of length 1: `x / max(‖x‖, 1e-12)`, as torch's `F.normalize`. */
export function l2Normalize(graph: GraphBuilder, x: Value): Value {
  const norm = graph.node('ReduceL2', [x, graph.integers([-1])], { keepdims: { int: 1 } });
  return graph.node('Div', [x, graph.node('Max', [norm, graph.floats(1e-12)])]);
}
