import { TEXT_PREFIX, textBlockNames } from '../architecture.js';
import type { SiglipConfig } from '../config.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  batched,
  block,
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
  /** `[n, embedDim]`, before L2 normalisation. */
  readonly pooled: Value;
}

/**
 * @param ids int64 `[n, contextLength]`. Padding takes part in the attention as any other id: there is
 *   no mask. An id of the vocabulary's size or above fails; a negative one would count from the end.
 */
export function textTower(
  graph: GraphBuilder,
  ids: Value,
  config: SiglipConfig,
  kernels: Kernels,
): TextOutputs {
  const tower = towerOf(graph, config, kernels);
  const x = blocks(tower, ids, config.text.depth);
  return { hidden: batched(tower, x), pooled: pool(tower, lastPosition(tower, x)) };
}

/**
 * `pooled` of {@link textTower} alone. The feature is that of the last position, so that three quarters of
 * the last block's work are for nobody: 2.7 % of the tower (SO400M).
 */
export function textFeature(
  graph: GraphBuilder,
  ids: Value,
  config: SiglipConfig,
  kernels: Kernels,
): Value {
  const tower = towerOf(graph, config, kernels);
  const last = config.text.depth - 1;
  const x = blocks(tower, ids, last);
  const kept = graph.within(scopeOf(last), () => lastBlock(tower, x, textBlockNames(last)));
  return pool(tower, kept);
}

function towerOf(graph: GraphBuilder, { text }: SiglipConfig, kernels: Kernels): TowerBuilder {
  return { graph, config: text, tokens: text.contextLength, ...kernels };
}

/** The ids, embedded, and what the first `depth` blocks make of them: `[n · contextLength, width]`. */
function blocks(tower: TowerBuilder, ids: Value, depth: number): Value {
  const { graph, config } = tower;
  let x = graph.within('text.embeddings', () => {
    const looked = graph.node('Gather', [
      graph.weight(`${TEXT_PREFIX}token_embedding.weight`),
      ids,
    ]);
    const placed = graph.node('Add', [looked, graph.weight(`${TEXT_PREFIX}positional_embedding`)]);
    return graph.node('Reshape', [placed, graph.integers([-1, config.width])]);
  });
  for (let index = 0; index < depth; index += 1) {
    x = graph.within(scopeOf(index), () => block(tower, x, textBlockNames(index)));
  }
  return x;
}

/** @param last `[n, width]`; the norm is for each position, so that only this one needs it */
function pool(tower: TowerBuilder, last: Value): Value {
  const { graph } = tower;
  return graph.within('text.pool', () => {
    const normed = layerNorm(tower, last, `${TEXT_PREFIX}ln_final`);
    const projection = `${TEXT_PREFIX}text_projection`;
    return floatLinear(graph, normed, `${projection}.weight`, `${projection}.bias`);
  });
}

function scopeOf(index: number): string {
  return `text.blocks.${String(index)}`;
}
