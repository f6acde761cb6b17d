import { MICROSOFT, type Value } from './graph.js';
import { INT8_OPERATOR } from './int8-probe.js';
import { type Attention, batched, type TowerBuilder } from './layers.js';

/**
 * The largest key in int8, on either side of zero: 7 bits. Two products of 255 · 63 fit into 16 bits, so no
 * kernel of any processor saturates; ONNX Runtime can widen constant weights only (`x64quantprecision`), and
 * keys are computed. Costs nothing measurable: image embeddings of the fixture differ from the reference by
 * 0.026 at most, with 127 by 0.025; those of the demo model by 0.006 and 0.008.
 */
const KEY_MAX = 63;

/** In float32, with the operators that every runtime has. */
export const plainAttention: Attention = (tower, query, key, value, queries) => {
  const { graph, tokens } = tower;
  const scores = graph.node('MatMul', [
    graph.node('Mul', [heads(tower, query, queries), graph.floats(scaleOf(tower))]),
    heads(tower, key, tokens, [0, 2, 3, 1]),
  ]);
  return mixValues(tower, tower.causal ? masked(tower, scores) : scores, value);
};

/** Scores of a causal tower: −∞ for what comes later. `[n, heads, tokens, tokens]`. */
function masked({ graph, tokens }: TowerBuilder, scores: Value): Value {
  const full = graph.node('Expand', [graph.floats(-Infinity), graph.integers([tokens, tokens])]);
  const later = graph.node('Trilu', [full, graph.integers(1)], { upper: { int: 1 } });
  return graph.node('Add', [scores, later]);
}

/**
 * In float32, as one operator: to the bit what {@link plainAttention} gives, without its copies, and a
 * twelfth faster (SO400M, two cores).
 */
export const fusedAttention: Attention = (tower, query, key, value, queries) => {
  const { graph, config } = tower;
  const inputs = [batched(tower, query, queries), batched(tower, key), batched(tower, value)];
  const mixed = graph.node('Attention', inputs, {
    q_num_heads: { int: config.heads },
    kv_num_heads: { int: config.heads },
    scale: { float: scaleOf(tower) },
    ...(tower.causal ? { is_causal: { int: 1 } } : {}),
  });
  return graph.node('Reshape', [mixed, graph.integers([-1, config.width])]);
};

/**
 * `query · keyᵀ` in int8, the rest in float32: the shares of a row are so uneven that eight bits for all
 * of them would make most zero, and a scale for each row would take longer than the product does.
 *
 * Before they are quantized, the keys lose what they have in common. It adds the same to all logits of a
 * query, so that it never reaches the shares, and without it int8 is spent on what differs.
 */
export const int8Attention: Attention = (tower, query, key, value, queries) => {
  const { graph } = tower;
  const keys = batched(tower, key);
  const mean = graph.node('ReduceMean', [keys, graph.integers([1])], { keepdims: { int: 1 } });
  const centered = graph.node('Sub', [keys, mean]);
  const largest = graph.node('ReduceMax', [graph.node('Abs', [centered])], {
    keepdims: { int: 0 },
  });
  const step = graph.node('Mul', [largest, graph.floats(1 / KEY_MAX)]);
  const quantized = graph.node('QuantizeLinear', [centered, step], { output_dtype: { int: 3 } });
  const scores = graph.node(
    INT8_OPERATOR,
    [
      heads(tower, query, queries),
      heads(tower, quantized, tower.tokens, [0, 2, 3, 1]),
      graph.node('Mul', [step, graph.floats(scaleOf(tower))]),
    ],
    {},
    MICROSOFT,
  );
  return mixValues(tower, scores, value);
};

/** @param scores `[n, heads, positions, tokens]` */
function mixValues(tower: TowerBuilder, scores: Value, value: Value): Value {
  const { graph, config, tokens } = tower;
  const shares = graph.node('Softmax', [scores], { axis: { int: -1 } });
  const mixed = graph.node('MatMul', [shares, heads(tower, value, tokens)]);
  const inRows = graph.node('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } });
  return graph.node('Reshape', [inRows, graph.integers([-1, config.width])]);
}

/** `[n · positions, width]` → `[n, heads, positions, width / heads]`, or another order of those axes. */
function heads(
  { graph, config }: TowerBuilder,
  x: Value,
  positions: number,
  perm: readonly number[] = [0, 2, 1, 3],
): Value {
  const shape = graph.integers([-1, positions, config.heads, config.width / config.heads]);
  return graph.node('Transpose', [graph.node('Reshape', [x, shape])], { perm: { ints: perm } });
}

function scaleOf({ config }: TowerBuilder): number {
  return (config.width / config.heads) ** -0.5;
}
