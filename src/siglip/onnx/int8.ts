import { type TensorRef, wholeTensors } from '../names.js';
import { type QuantizedMatrix, stackName } from '../quantize.js';
import { type GraphBuilder, MICROSOFT, type Value } from './graph.js';
import { INT8_OPERATOR } from './int8-probe.js';
import { floatLinear, floatProjections, type Linear, type Projections } from './layers.js';

/**
 * Linears in int8 where there is a quantized weight, in float32 elsewhere. The activations are quantized
 * as the graph runs, to uint8 with one scale for the **whole** input: rows of one batch then depend on
 * each other. A result that must not depend on what ran beside it takes a batch of one.
 */
export function int8Linear(matrices: ReadonlyMap<string, QuantizedMatrix>): Linear {
  return (graph, x, names) => {
    const { weight, bias } = names;
    const name = weight.part === undefined ? stackName([weight.tensor]) : undefined;
    const matrix = name === undefined ? undefined : matrices.get(name);
    if (name === undefined || matrix === undefined) return floatLinear(graph, x, names);
    return product(graph, x, { name, matrix, bias: bias ? graph.weight(bias) : '' });
  };
}

/** One product, cut into three: a quantized weight lies with its outputs side by side. */
export function int8Projections(matrices: ReadonlyMap<string, QuantizedMatrix>): Projections {
  return (graph, x, names) => {
    const all = [names.query, names.key, names.value];
    const name = stackName(wholeTensors(all.map(({ weight }) => weight)));
    const matrix = matrices.get(name);
    if (matrix === undefined) return floatProjections(graph, x, names);
    const biases = all.flatMap(({ bias }): TensorRef[] => (bias ? [bias] : []));
    const bias = biases.length === 0 ? '' : graph.stack(biases);
    return graph.thirds(product(graph, x, { name, matrix, bias }));
  };
}

/** @param of a bias of `''` is none */
function product(
  graph: GraphBuilder,
  x: Value,
  of: { readonly name: string; readonly matrix: QuantizedMatrix; readonly bias: Value },
): Value {
  const { inputs, outputs, data, scales } = of.matrix;
  return graph.node(
    INT8_OPERATOR,
    [
      x,
      graph.external(`${of.name}:int8`, 'int8', [inputs, outputs], data),
      graph.external(`${of.name}:scales`, 'float32', [outputs], scales),
      '', // The zero point: none, the weights are symmetric.
      of.bias,
    ],
    {},
    MICROSOFT,
  );
}
