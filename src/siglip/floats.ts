import type { Dtype } from './safetensors-header.js';

/*
 * Typed arrays take the byte order of the machine. The files are little-endian, and so is every
 * machine that ONNX Runtime is built for.
 */

/**
 * The values of raw little-endian numbers as float32; exact, since F16 and BF16 are subsets of it.
 *
 * @param raw whole elements, on a 4-byte boundary of its buffer. For F32 the result is a view of it.
 * @throws RangeError for integers, which are no weights
 */
export function toFloat32(dtype: Dtype, raw: Uint8Array): Float32Array {
  if (dtype === 'I64') throw new RangeError('Integers are no weights.');
  if (dtype === 'F32') return new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
  const halves = new Uint16Array(raw.buffer, raw.byteOffset, raw.byteLength / 2);
  const values = new Float32Array(halves.length);
  if (dtype === 'BF16') {
    // A bfloat16 is the upper half of a float32.
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < halves.length; i += 1) bits[i] = (halves[i] ?? 0) << 16;
  } else {
    const table = (halfTable ??= makeHalfTable());
    for (let i = 0; i < halves.length; i += 1) values[i] = table[halves[i] ?? 0] ?? 0;
  }
  return values;
}

/**
 * Index of the first NaN or infinity among raw little-endian numbers; -1 when all are finite. Fast on
 * finite data: about 0.1 s per GB, so that a checkpoint is checked while it is read.
 *
 * @param raw as in {@link toFloat32}
 */
export function findNonFinite(dtype: Dtype, raw: Uint8Array): number {
  if (dtype === 'I64') return -1;
  if (dtype === 'F32') {
    const values = new Float32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4);
    return Number.isFinite(sum(values)) ? -1 : values.findIndex((value) => !Number.isFinite(value));
  }
  // All exponent bits set: NaN or infinity (IEEE 754 binary16: 5 bits; bfloat16: 8 bits).
  const exponent = dtype === 'F16' ? 0x7c00 : 0x7f80;
  const halves = new Uint16Array(raw.buffer, raw.byteOffset, raw.byteLength / 2);
  for (let i = 0; i < halves.length; i += 1) {
    if (((halves[i] ?? 0) & exponent) === exponent) return i;
  }
  return -1;
}

/**
 * NaN and infinity survive any addition, and float64 cannot overflow on float32 terms, so that one sum
 * tells whether all are finite. Four chains, because one would wait for each addition.
 */
function sum(values: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i] ?? 0;
    b += values[i + 1] ?? 0;
    c += values[i + 2] ?? 0;
    d += values[i + 3] ?? 0;
  }
  for (let i = whole; i < values.length; i += 1) a += values[i] ?? 0;
  return a + b + c + d;
}

let halfTable: Float32Array | undefined;

/** The value of each of the 65,536 IEEE 754 binary16 patterns. */
function makeHalfTable(): Float32Array {
  return Float32Array.from({ length: 0x1_0000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = (bits & 0x3ff) / 1024;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0
      ? sign * fraction * 2 ** -14
      : sign * (1 + fraction) * 2 ** (exponent - 15);
  });
}
