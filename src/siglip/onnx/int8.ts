import type { QuantizedMatrix } from '../quantize.js';
import { MICROSOFT } from './graph.js';
import { INT8_OPERATOR } from './int8-probe.js';
import { floatLinear, type Linear, type Projections } from './layers.js';

/**
 * Linears in int8 where there is a quantised weight, in float32 elsewhere. The activations are quantised
 * as the graph runs, to uint8 with one scale for the **whole** input: rows of one batch then depend on
 * each other. A result that must not depend on what ran beside it takes a batch of one.
 */
export function int8Linear(matrices: ReadonlyMap<string, QuantizedMatrix>): Linear {
  return (graph, x, weight, bias) => {
    const matrix = matrices.get(weight);
    if (!matrix) return floatLinear(graph, x, weight, bias);
    const { inputs, outputs, data, scales } = matrix;
    return graph.node(
      INT8_OPERATOR,
      [
        x,
        graph.external(`${weight}:int8`, 'int8', [inputs, outputs], data),
        graph.external(`${weight}:scales`, 'float32', [outputs], scales),
        '', // The zero point: none, the weights are symmetric.
        graph.weight(bias),
      ],
      {},
      MICROSOFT,
    );
  };
}

/** One product, cut into three: a quantised weight lies with its outputs side by side. */
export function int8Projections(linear: Linear): Projections {
  return (graph, x, { qkvWeight, qkvBias }) => graph.thirds(linear(graph, x, qkvWeight, qkvBias));
}
