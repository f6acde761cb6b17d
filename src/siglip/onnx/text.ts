import type { ModelConfig } from '../model-config.js';
import { blockNames } from '../names.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  batched,
  blocks,
  floatLinear,
  type Kernels,
  lastBlock,
  lastPosition,
  layerNorm,
  type TowerBuilder,
} from './layers.js';

/** What the tower computes from a text. */
export interface TextOutputs {
  /** `[n, contextLength, width]`: every position, before the final norm. */
  readonly hidden: Value;
  /** `[n, embedDim]`, before L2 normalization. */
  readonly pooled: Value;
}

/**
 * @param ids int64 `[n, contextLength]`. Padding takes part in the attention as any other id. An id of the
 *   vocabulary's size or above fails; a negative one would count from the end.
 */
export function textTower(
  graph: GraphBuilder,
  ids: Value,
  config: ModelConfig,
  kernels: Kernels,
): TextOutputs {
  const tower = textTowerOf(graph, config, kernels);
  const x = textBlocks(tower, ids, config, config.text.depth);
  return { hidden: batched(tower, x), pooled: pool(tower, feature(tower, x, ids, config), config) };
}

/**
 * `pooled` of {@link textTower} alone. Where the feature is that of the last position, three quarters of
 * the last block's work are for nobody: 2.7 % of the tower (SO400M).
 */
export function textFeature(
  graph: GraphBuilder,
  ids: Value,
  config: ModelConfig,
  kernels: Kernels,
): Value {
  if (config.text.pooling !== 'last') return textTower(graph, ids, config, kernels).pooled;
  const tower = textTowerOf(graph, config, kernels);
  const last = config.text.depth - 1;
  const x = textBlocks(tower, ids, config, last);
  const names = blockNames(config.names.text.blocks, last);
  const kept = graph.within(`text.blocks.${String(last)}`, () => lastBlock(tower, x, names));
  return pool(tower, kept, config);
}

export function textTowerOf(
  graph: GraphBuilder,
  { text }: ModelConfig,
  kernels: Kernels,
): TowerBuilder {
  return { graph, config: text, tokens: text.contextLength, causal: text.causal, ...kernels };
}

/** The ids, embedded, and what the first `depth` blocks make of them: `[n · contextLength, width]`. */
function textBlocks(tower: TowerBuilder, ids: Value, { names }: ModelConfig, depth: number): Value {
  const { graph, config } = tower;
  const x = graph.within('text.embeddings', () => {
    const looked = graph.node('Gather', [graph.weight(names.text.tokens), ids]);
    const placed = graph.node('Add', [looked, graph.weight(names.text.positions)]);
    return graph.node('Reshape', [placed, graph.integers([-1, config.width])]);
  });
  return blocks(tower, x, { names: names.text.blocks, depth, scope: 'text' });
}

/** The position that stands for the whole text: `[n · contextLength, width]` → `[n, width]`. */
function feature(tower: TowerBuilder, x: Value, ids: Value, { text }: ModelConfig): Value {
  if (text.pooling === 'last') return lastPosition(tower, x);
  const { graph } = tower;
  return graph.within('text.pool', () => {
    // The runtime has no ArgMax for int64; ids fit into 32 bits.
    const small = graph.node('Cast', [ids], { to: { int: 6 } });
    const at = graph.node('ArgMax', [small], { axis: { int: -1 }, keepdims: { int: 1 } });
    return graph.node('GatherND', [batched(tower, x), at], { batch_dims: { int: 1 } });
  });
}

/** @param last `[n, width]`; the norm is for each position, so that only this one needs it */
function pool(tower: TowerBuilder, last: Value, { names: { text } }: ModelConfig): Value {
  const { graph } = tower;
  return graph.within('text.pool', () => {
    const normed = layerNorm(tower, last, text.norm);
    return text.projection ? floatLinear(graph, normed, text.projection) : normed;
  });
}
