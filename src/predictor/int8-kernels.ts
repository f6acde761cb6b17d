import { INT8_PROBE_ROW } from '../siglip/onnx/int8-probe.js';

/**
 * How ONNX Runtime multiplies int8 weights on this processor:
 *
 * - `native`: its fastest way. Exact on x86 with VNNI and on most ARM processors.
 * - `conservative`: slower, and exact where the fastest way is not. On x86 without VNNI, products are summed in 32 bits
 *   instead of pairs in 16, which saturate (onnxruntime#6004, #14642): about 25 % slower, with a private copy of the
 *   int8 weights, which takes seconds to make for a large model. On ARM with SME, ONNX Runtime's own kernels replace
 *   those of KleidiAI.
 */
export type Int8Kernels = 'native' | 'conservative';

/** Computes {@link int8ProbeGraph} for `rows` rows of ones with those kernels. @returns all outputs, row by row */
export type RunInt8Probe = (kernels: Int8Kernels, rows: number) => Promise<Float32Array>;

/** Room for the rounding of the activations' scale; saturation is off by half. */
const RELATIVE_ERROR_MAX = 1e-3;

/** ONNX Runtime has a kernel of its own for one row. */
const ROWS = [1, 8];

/**
 * Chooses the fastest kernels that are exact, by running them: a processor's name does not say what it can do, nor do
 * the flags that a virtual machine passes on.
 *
 * @throws Error when neither is exact: int8 must not be served then
 */
export async function chooseInt8Kernels(run: RunInt8Probe): Promise<Int8Kernels> {
  for (const kernels of ['native', 'conservative'] as const) {
    if (await areExact(kernels, run)) return kernels;
  }
  throw new Error(
    'This processor does not compute 8-bit products exactly. Serve fp32 (MODEL_VARIANT=fp32).',
  );
}

async function areExact(kernels: Int8Kernels, run: RunInt8Probe): Promise<boolean> {
  for (const rows of ROWS) {
    const results = await run(kernels, rows);
    if (results.length !== rows * INT8_PROBE_ROW.length) return false;
    const isExact = (result: number, at: number) => {
      const wanted = INT8_PROBE_ROW[at % INT8_PROBE_ROW.length] ?? NaN;
      return Math.abs(result / wanted - 1) <= RELATIVE_ERROR_MAX;
    };
    if (!results.every(isExact)) return false;
  }
  return true;
}

/**
 * A session's `extra` options for those kernels; they change int8 graphs only.
 * @param session further entries under `session.`
 */
export function int8SessionOptions(
  kernels: Int8Kernels,
  session: Readonly<Record<string, string>> = {},
) {
  const isConservative = kernels === 'conservative' ? '1' : '0';
  return {
    session: { ...session, x64quantprecision: isConservative },
    mlas: { disable_kleidiai: isConservative },
  };
}
