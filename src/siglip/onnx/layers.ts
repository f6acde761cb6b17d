import type { BlockNames } from '../architecture.js';
import type { TowerConfig } from '../config.js';
import type { GraphBuilder, Part, Value } from './graph.js';

/**
 * Adds `x · weightᵀ + bias` for a Linear of the checkpoint. `x` has rank 2, `[rows, in]`; the result is
 * `[rows, out]`. One for each variant: which numbers the product is computed in is all that differs.
 */
export type Linear = (graph: GraphBuilder, x: Value, weight: string, bias: string) => Value;

/**
 * In float32, from the published `[out, in]` layout: nothing is transposed.
 *
 * @param part leaves out all but some of the outputs
 */
export function floatLinear(
  graph: GraphBuilder,
  x: Value,
  weight: string,
  bias: string,
  part?: Part,
): Value {
  const inputs = [x, graph.weight(weight, undefined, part), graph.weight(bias, undefined, part)];
  return graph.node('Gemm', inputs, { transB: { int: 1 } });
}

/**
 * Adds query, key and value of an attention, from one Linear of the checkpoint that holds all three. `x` is
 * `[rows, width]`, as each of them is. One for each variant.
 */
export type Projections = (
  graph: GraphBuilder,
  x: Value,
  names: Pick<BlockNames, 'qkvWeight' | 'qkvBias'>,
) => [query: Value, key: Value, value: Value];

/** In float32, a product for each third of the rows, so that no result is copied to be cut. */
export const floatProjections: Projections = (graph, x, { qkvWeight, qkvBias }) => {
  const third = (at: number) => floatLinear(graph, x, qkvWeight, qkvBias, { at, of: 3 });
  return [third(0), third(1), third(2)];
};

/**
 * Adds multi-head attention without a mask, `softmax(query · keyᵀ / √(width / heads)) · value`, heads one
 * after the other in the width. One for each variant.
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
    [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)],
    { axis: { int: -1 }, epsilon: { float: config.layerNormEpsilon } },
  );
}

/** A pre-norm transformer block: `x += attention(norm1(x)); x += mlp(norm2(x))`. No mask. */
export function block(tower: TowerBuilder, x: Value, names: BlockNames): Value {
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
  const attended = linear(
    graph,
    mixed,
    `${names.attentionOut}.weight`,
    `${names.attentionOut}.bias`,
  );
  const middle = graph.node('Add', [x, attended]);
  const changed = mlp(tower, layerNorm(tower, middle, names.norm2), names.mlpUp, names.mlpDown);
  return graph.node('Add', [middle, changed]);
}

/** `[rows, width]` → `[rows, width]`, through the MLP's width. */
export function mlp(
  { graph, config, linear }: TowerBuilder,
  x: Value,
  up: string,
  down: string,
): Value {
  const wide = linear(graph, x, `${up}.weight`, `${up}.bias`);
  const approximate = config.activation === 'gelu_tanh' ? 'tanh' : 'none';
  const active = graph.node('Gelu', [wide], { approximate: { string: approximate } });
  return linear(graph, active, `${down}.weight`, `${down}.bias`);
}

/** Rows of length 1: `x / max(‖x‖, 1e-12)`, as torch's `F.normalize`. */
export function l2Normalize(graph: GraphBuilder, x: Value): Value {
  const norm = graph.node('ReduceL2', [x, graph.integers([-1])], { keepdims: { int: 1 } });
  return graph.node('Div', [x, graph.node('Max', [norm, graph.floats(1e-12)])]);
}
