import { type Graph } from './graphs.js';
import { MICROSOFT, OPSET_WITH_ATTENTION } from './graph.js';
import { graphProto, inlineTensor, modelProto, nodeProto } from './proto.js';

/** Sizes that no vector register divides, so that the ends of rows and columns are computed as well. */
const INPUTS = 75;
const OUTPUTS = 67;
/** The largest weight that int8 graphs contain (`quantize.ts`). */
const WEIGHT_MAX = 127;

/** Outputs of the probe when every input is 1, the same for each row. */
export const INT8_PROBE_ROW: readonly number[] = Array.from(
  { length: OUTPUTS },
  (_, output) => INPUTS * weightOf(output),
);

/** The operator of our graphs whose result depends on the processor. */
export const INT8_OPERATOR = 'DynamicQuantizeMatMul';

/** All of the kind: ONNX Runtime computes a `MatMulInteger` with the same kernels, and ready-made graphs have it. */
export const INT8_OPERATORS: readonly string[] = [INT8_OPERATOR, 'MatMulInteger', 'ConvInteger'];

/**
 * The smallest graph that shows whether a processor computes 8-bit products exactly: `x`, float32 `[n, 75]` → `y`,
 * float32 `[n, 67]`, through one `DynamicQuantizeMatMul` whose weights are 127 and −127, column by column.
 *
 * Inputs of 1 are quantized to 255, so two neighboring products add up to ±64,770. Kernels that add pairs in 16 bits
 * (x86 without VNNI) saturate and return about half of {@link INT8_PROBE_ROW}.
 */
export function int8ProbeGraph(): Graph {
  const weights = Int8Array.from({ length: INPUTS * OUTPUTS }, (_, at) => weightOf(at % OUTPUTS));
  const scales = new Uint8Array(new Float32Array(OUTPUTS).fill(1).buffer);
  const face = {
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', INPUTS] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['batch', OUTPUTS] }],
  } as const;
  const graph = graphProto({
    name: 'int8-probe',
    nodes: [
      nodeProto({
        operator: INT8_OPERATOR,
        domain: MICROSOFT,
        name: 'product',
        inputs: ['x', 'weights', 'scales'],
        outputs: ['y'],
        attributes: {},
      }),
    ],
    initializers: [
      inlineTensor('weights', 'int8', [INPUTS, OUTPUTS], new Uint8Array(weights.buffer)),
      inlineTensor('scales', 'float32', [OUTPUTS], scales),
    ],
    ...face,
  });
  const { opset, irVersion } = OPSET_WITH_ATTENTION;
  return { ...face, onnx: modelProto({ graph, opsets: { '': opset, [MICROSOFT]: 1 }, irVersion }) };
}

function weightOf(output: number): number {
  return output % 2 === 0 ? WEIGHT_MAX : -WEIGHT_MAX;
}
