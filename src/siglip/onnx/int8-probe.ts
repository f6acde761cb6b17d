import { type Graph } from './graphs.js';
import { MICROSOFT, OPSET_WITH_ATTENTION } from './graph.js';
import { graphProto, inlineTensor, modelProto, nodeProto } from './proto.js';

/** Products that are summed for each output: enough to fill the widest vector registers. */
const INPUTS = 256;
const OUTPUTS = 64;
/** The largest weight that int8 graphs contain (`quantize.ts`). */
const WEIGHT_MAX = 127;

/** Value of every output when every input is 1. */
export const INT8_PROBE_RESULT = INPUTS * WEIGHT_MAX;

/**
 * The smallest graph that shows whether a processor computes 8-bit products exactly: `x`, float32
 * `[n, 256]` → `y`, float32 `[n, 64]`, through one `DynamicQuantizeMatMul` whose weights are all 127.
 *
 * Inputs of 1 are quantised to 255, so two neighbouring products add up to 64,770. Kernels that add pairs
 * in 16 bits (x86 without VNNI) saturate at 32,767 and return about half of {@link INT8_PROBE_RESULT}.
 */
export function int8ProbeGraph(): Graph {
  const weights = new Uint8Array(new Int8Array(INPUTS * OUTPUTS).fill(WEIGHT_MAX).buffer);
  const scales = new Uint8Array(new Float32Array(OUTPUTS).fill(1).buffer);
  const face = {
    inputs: [{ name: 'x', type: 'float32', shape: ['batch', INPUTS] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['batch', OUTPUTS] }],
  } as const;
  const graph = graphProto({
    name: 'int8-probe',
    nodes: [
      nodeProto({
        operator: 'DynamicQuantizeMatMul',
        domain: MICROSOFT,
        name: 'product',
        inputs: ['x', 'weights', 'scales'],
        outputs: ['y'],
        attributes: {},
      }),
    ],
    initializers: [
      inlineTensor('weights', 'int8', [INPUTS, OUTPUTS], weights),
      inlineTensor('scales', 'float32', [OUTPUTS], scales),
    ],
    ...face,
  });
  const { opset, irVersion } = OPSET_WITH_ATTENTION;
  return { ...face, onnx: modelProto({ graph, opsets: { '': opset, [MICROSOFT]: 1 }, irVersion }) };
}
