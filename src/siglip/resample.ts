// cspell:ignore coeffs
/*
 * Pillow's resampling of 8-bit images in its fixed point: src/libImaging/Resample.c, version 12.3.0
 * (`precompute_coeffs`, `normalize_coeffs_8bpc`, `ImagingResampleHorizontal_8bpc`, `…Vertical_8bpc`).
 * The order of the floating-point operations is part of the result.
 */

/** Taken out of `Math` once: looked up for each product, it costs a third of the time. */
const { imul } = Math;

export type Kernel = 'bicubic' | 'bilinear';

/** Which source pixels make each pixel of an axis, and how much each counts. */
export interface AxisWeights {
  /** [size]: the first source pixel. */
  readonly firsts: Int32Array;
  /** [size]: how many source pixels, 1 to `countMax`. */
  readonly counts: Int32Array;
  /** [size, countMax]: in units of 2^−22; those of one pixel add up to 1, but for rounding. */
  readonly weights: Int32Array;
  readonly countMax: number;
}

/** Fraction bits of a weight: 8 bits of value, 22 of weight and 2 to spare fill a 32-bit integer. */
const WEIGHT_BITS = 22;

/** One half, where a sum starts, so that shifting it right by {@link WEIGHT_BITS} rounds. */
const HALF = 1 << (WEIGHT_BITS - 1);

/** Both are 0 from `support` on. `value` takes the distance, at least 0. */
const KERNELS: Record<Kernel, { support: number; value: (distance: number) => number }> = {
  bicubic: { support: 2, value: bicubic },
  bilinear: { support: 1, value: (distance) => (distance < 1 ? 1 - distance : 0) },
};

/** Keys' kernel with a = −0.5. OpenCV and PyTorch's tensors take −0.75. */
function bicubic(distance: number): number {
  const a = -0.5;
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/** An axis of the result, and the stretch of it that is wanted. */
export interface Axis {
  /** Pixels, at least 1. */
  readonly size: number;
  readonly first: number;
  readonly count: number;
}

/** Weights that turn an axis of `from` pixels, at least 1, into a stretch of another. */
export function axisWeights(from: number, axis: Axis, kernel: Kernel): AxisWeights {
  const { support, value } = KERNELS[kernel];
  const scale = from / axis.size;
  // Shrinking widens the kernel, which is the antialias; growing does not narrow it.
  const kernelScale = Math.max(scale, 1);
  const reach = support * kernelScale;
  const countMax = Math.ceil(reach) * 2 + 1;
  const firsts = new Int32Array(axis.count);
  const counts = new Int32Array(axis.count);
  const weights = new Int32Array(axis.count * countMax);
  const exact = new Float64Array(countMax);
  for (let index = 0; index < axis.count; index++) {
    const center = (axis.first + index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const count = Math.min(from, Math.trunc(center + reach + 0.5)) - first;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = value(Math.abs((tap + first - center + 0.5) * (1 / kernelScale)));
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) {
      const weight = ((exact[tap] ?? 0) / sum) * 2 ** WEIGHT_BITS;
      weights[index * countMax + tap] = Math.trunc(weight + (weight < 0 ? -0.5 : 0.5));
    }
    firsts[index] = first;
    counts[index] = count;
  }
  return { firsts, counts, weights, countMax };
}

/** Makes one row, [size, channels], from one row of the source, [source size, channels]. */
export function resampleRow(
  source: Uint8ClampedArray,
  target: Uint8ClampedArray,
  axis: AxisWeights,
  channels: number,
): void {
  // Three channels side by side take 0.6 of the time that one after the other takes.
  const sideBySide = channels >= 3 ? 3 : 0;
  if (sideBySide > 0) resampleColors(source, target, axis, channels);
  for (let channel = sideBySide; channel < channels; channel++) {
    resampleChannel(source, target, axis, { channel, channels });
  }
}

/** The first three channels of a row. */
function resampleColors(
  source: Uint8ClampedArray,
  target: Uint8ClampedArray,
  { firsts, counts, weights, countMax }: AxisWeights,
  channels: number,
): void {
  for (let index = 0, at = 0; index < firsts.length; index++, at += channels) {
    const tapsFrom = index * countMax;
    const tapsTo = tapsFrom + (counts[index] ?? 0);
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    let from = (firsts[index] ?? 0) * channels;
    for (let tap = tapsFrom; tap < tapsTo; tap++, from += channels) {
      const weight = weights[tap] ?? 0;
      red += imul(source[from] ?? 0, weight);
      green += imul(source[from + 1] ?? 0, weight);
      blue += imul(source[from + 2] ?? 0, weight);
    }
    target[at] = red >> WEIGHT_BITS;
    target[at + 1] = green >> WEIGHT_BITS;
    target[at + 2] = blue >> WEIGHT_BITS;
  }
}

/** One channel of a row. */
function resampleChannel(
  source: Uint8ClampedArray,
  target: Uint8ClampedArray,
  { firsts, counts, weights, countMax }: AxisWeights,
  { channel, channels }: { channel: number; channels: number },
): void {
  for (let index = 0, at = channel; index < firsts.length; index++, at += channels) {
    const tapsFrom = index * countMax;
    const tapsTo = tapsFrom + (counts[index] ?? 0);
    let sum = HALF;
    let from = (firsts[index] ?? 0) * channels + channel;
    for (let tap = tapsFrom; tap < tapsTo; tap++, from += channels) {
      sum += imul(source[from] ?? 0, weights[tap] ?? 0);
    }
    target[at] = sum >> WEIGHT_BITS;
  }
}

/** Makes row `index` of the result, as long as its `target`, from the rows of the source under it. */
export function resampleColumns(
  source: Uint8ClampedArray,
  target: Uint8ClampedArray,
  { firsts, counts, weights, countMax }: AxisWeights,
  index: number,
): void {
  const rowLength = target.length;
  const sourceFrom = (firsts[index] ?? 0) * rowLength;
  const tapsFrom = index * countMax;
  const tapsTo = tapsFrom + (counts[index] ?? 0);
  for (let at = 0; at < rowLength; at++) {
    let sum = HALF;
    let from = sourceFrom + at;
    for (let tap = tapsFrom; tap < tapsTo; tap++, from += rowLength) {
      sum += imul(source[from] ?? 0, weights[tap] ?? 0);
    }
    target[at] = sum >> WEIGHT_BITS;
  }
}
