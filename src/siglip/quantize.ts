import type { ModelConfig } from './model-config.js';
import type { DataFile } from './data-file.js';
import { toFloat32 } from './floats.js';
import { blockNames, wholeTensors } from './names.js';
import { startProgress, type StepOptions } from './progress.js';
import type { DataLocation } from './onnx/proto.js';
import type { Weights, WeightTensor } from './weights.js';

/** One Linear's weight in int8: `weight[out][in] ≈ data[in][out] · scales[out]`. */
export interface QuantizedMatrix {
  readonly inputs: number;
  readonly outputs: number;
  /** int8 `[in, out]`, row-major, −127 to 127 (or −63 to 63): zero stands for zero. */
  readonly data: DataLocation;
  /** float32 `[out]`. */
  readonly scales: DataLocation;
}

/** How weights become int8. */
export interface QuantizeOptions extends StepOptions {
  /**
   * 8 by default. Where 8-bit products saturate (x86 without VNNI), our predictor takes other kernels; other runtimes
   * need 7 bits there, which never saturate, at half the resolution (onnxruntime, "Quantize ONNX models",
   * `reduce_range`).
   */
  readonly weightBits?: 7 | 8 | undefined;
}

/** Rows that are transposed together: each writes one cache line of the result. */
const ROWS_AT_ONCE = 64;

/** Tensors whose rows, one behind the other, are one matrix: that of a Linear, or of several that run as one. */
export type Stack = readonly string[];

/** What a stack's matrix is called. */
export function stackName(stack: Stack): string {
  return stack.join('+');
}

/**
 * Weights of the Linears in the blocks, where nearly all the time goes. The attention pool stays in
 * float32: its keys and values are 0.7 % of the products, but a quarter of the error of an int8 image
 * embedding came from them (SO400M sizes, random weights: 0.019 with, 0.015 without). What is left runs
 * for one row an image or text.
 */
export function quantizedStacks({ vision, text, names }: ModelConfig): Stack[] {
  const blocks = ({ depth }: { depth: number }, of: typeof names.vision.blocks) =>
    Array.from({ length: depth }, (_, index) => blockNames(of, index));
  return [...blocks(vision, names.vision.blocks), ...blocks(text, names.text.blocks)].flatMap(
    ({ query, key, value, attentionOut, mlpUp, mlpDown }) => [
      // The three run as one product, from one input.
      wholeTensors([query.weight, key.weight, value.weight]),
      ...[attentionOut, mlpUp, mlpDown].map(({ weight }) => wholeTensors([weight])),
    ],
  );
}

/**
 * Writes the named weights as int8 with one scale for each output, in the layout of ONNX Runtime's
 * `DynamicQuantizeMatMul`. Memory: one matrix in int8, and two pieces of the checkpoint.
 *
 * @returns by the {@link stackName} of each
 * @throws AppError BAD_USER_INPUT when the checkpoint is shorter than it was
 */
export async function writeInt8Weights(
  weights: Weights,
  stacks: readonly Stack[],
  target: DataFile,
  { weightBits = 8, ...options }: QuantizeOptions,
): Promise<ReadonlyMap<string, QuantizedMatrix>> {
  const all = stacks
    .map((stack) => stack.map((name) => weights.get(name)))
    .sort((a, b) => positionOf(a) - positionOf(b));
  const totalBytes = all.flat().reduce((total, { bytes }) => total + bytes, 0);
  const progress = startProgress('quantize', totalBytes, options);
  const levels = 2 ** (weightBits - 1) - 1;
  const matrices = new Map<string, QuantizedMatrix>();
  for (const stack of all) {
    const { inputs, outputs, data, scales } = await quantize(weights, stack, levels, progress);
    matrices.set(stackName(stack.map(({ name }) => name)), {
      inputs,
      outputs,
      data: await target.append(new Uint8Array(data.buffer)),
      scales: await target.append(new Uint8Array(scales.buffer)),
    });
  }
  return matrices;
}

/** Reading goes forward through a file. Where there are several, they are taken as they come. */
function positionOf([first]: readonly WeightTensor[]): number {
  return first?.offset ?? 0;
}

async function quantize(
  weights: Weights,
  stack: readonly WeightTensor[],
  levels: number,
  progress: (bytes: number) => void,
) {
  const inputs = stack[0]?.shape[1] ?? 0;
  const outputs = stack.reduce((total, { shape: [rows = 0] }) => total + rows, 0);
  const data = new Int8Array(inputs * outputs);
  const scales = new Float32Array(outputs);
  let row = 0;
  for (const tensor of stack) {
    for await (const { raw } of weights.fileOf(tensor).pieces([tensor])) {
      const values = toFloat32(tensor.dtype, raw);
      const rows = values.length / inputs;
      for (let begin = 0; begin < rows; begin += ROWS_AT_ONCE) {
        const block = values.subarray(begin * inputs, (begin + ROWS_AT_ONCE) * inputs);
        quantizeRows(block, inputs, levels, { data, scales, row: row + begin });
      }
      row += rows;
      progress(raw.length);
    }
  }
  return { inputs, outputs, data, scales };
}

/** Quantizes some rows of a weight, `[rows, inputs]`, into the same columns of its transpose. */
function quantizeRows(
  values: Float32Array,
  inputs: number,
  levels: number,
  { data, scales, row }: { data: Int8Array; scales: Float32Array; row: number },
): void {
  const rows = values.length / inputs;
  const block = new Int8Array(values.length);
  for (let r = 0; r < rows; r += 1) {
    const end = (r + 1) * inputs;
    let largest = 0;
    for (let i = r * inputs; i < end; i += 1) {
      const size = Math.abs(values[i] ?? 0);
      if (size > largest) largest = size;
    }
    // Divided by the scale as it is stored, so that rounding the scale adds no error. A row of zeros
    // takes any scale.
    const scale = Math.fround(largest / levels) || 1;
    scales[row + r] = scale;
    const inverse = 1 / scale;
    for (let i = r * inputs; i < end; i += 1) {
      block[i] = Math.floor((values[i] ?? 0) * inverse + 0.5);
    }
  }
  const outputs = scales.length;
  for (let i = 0; i < inputs; i += 1) {
    const column = i * outputs + row;
    for (let r = 0; r < rows; r += 1) data[column + r] = block[r * inputs + i] ?? 0;
  }
}
