import { TEXT_PREFIX, textBlockNames } from '../architecture.js';
import type { SiglipConfig } from '../config.js';
import type { GraphBuilder, Value } from './graph.js';
import {
  batched,
  block,
  floatLinear,
  type Kernels,
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
  { text }: SiglipConfig,
  kernels: Kernels,
): TextOutputs {
  const { width, contextLength } = text;
  const tower: TowerBuilder = { graph, config: text, tokens: contextLength, ...kernels };
  let x = graph.within('text.embeddings', () => {
    const looked = graph.node('Gather', [
      graph.weight(`${TEXT_PREFIX}token_embedding.weight`),
      ids,
    ]);
    const placed = graph.node('Add', [looked, graph.weight(`${TEXT_PREFIX}positional_embedding`)]);
    return graph.node('Reshape', [placed, graph.integers([-1, width])]);
  });
  for (let index = 0; index < text.depth; index += 1) {
    x = graph.within(`text.blocks.${String(index)}`, () => block(tower, x, textBlockNames(index)));
  }
  return graph.within('text.pool', () => {
    const hidden = batched(tower, x);
    // The norm is per position, so that only the one that is kept needs it.
    const last = graph.node('Gather', [hidden, graph.integers(contextLength - 1)], {
      axis: { int: 1 },
    });
    const normed = layerNorm(tower, last, `${TEXT_PREFIX}ln_final`);
    const projection = `${TEXT_PREFIX}text_projection`;
    const pooled = floatLinear(graph, normed, `${projection}.weight`, `${projection}.bias`);
    return { hidden, pooled };
  });
}
