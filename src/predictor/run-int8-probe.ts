import { InferenceSession, Tensor } from 'onnxruntime-node';
import { int8ProbeGraph } from '../siglip/onnx/int8-probe.js';
import { int8SessionOptions, type RunInt8Probe } from './int8-kernels.js';

/**
 * Runs the probe with ONNX Runtime in this thread, on one thread; takes a few milliseconds.
 * @param session entries under `session.` that the served sessions have as well: they select kernels, too
 */
export function int8ProbeRunner(session: Readonly<Record<string, string>>): RunInt8Probe {
  return async (kernels, rows) => {
    const { onnx, inputs, outputs } = int8ProbeGraph();
    const probe = await InferenceSession.create(onnx, {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: int8SessionOptions(kernels, session),
    });
    try {
      const [input, output] = [inputs[0], outputs[0]];
      if (input === undefined || output === undefined) {
        throw new Error('The probe must have one input and one output.');
      }
      const width = Number(input.shape[1]);
      const ones = new Float32Array(rows * width).fill(1);
      const results = await probe.run({
        [input.name]: new Tensor('float32', ones, [rows, width]),
      });
      return results[output.name]?.data as Float32Array;
    } finally {
      await probe.release();
    }
  };
}
