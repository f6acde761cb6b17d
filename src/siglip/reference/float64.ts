import type { Activation } from '../model-config.js';

/*
 * The arithmetic of a transformer in float64, written for reading: plain loops, one function an operation. It shares
 * nothing with the graphs, so that both can only be wrong together by being wrong twice.
 */

/** Rows of numbers, one behind the other. */
export interface Rows {
  readonly data: Float64Array;
  readonly count: number;
  readonly width: number;
}

export function rowsOf(data: ArrayLike<number>, width: number): Rows {
  return { data: Float64Array.from(data), count: data.length / width, width };
}

/** @param weight `[out, in]`, or `[in, out]` where it is transposed */
export function affine(
  x: Rows,
  weight: Float32Array,
  { bias, isTransposed = false }: { bias?: Float32Array | undefined; isTransposed?: boolean },
): Rows {
  const out = weight.length / x.width;
  const data = new Float64Array(x.count * out);
  const [outStep, inStep] = isTransposed ? [1, out] : [x.width, 1];
  for (let o = 0; o < out; o += 1) {
    const start = bias?.[o] ?? 0;
    for (let row = 0; row < x.count; row += 1) {
      let sum = 0;
      const from = row * x.width;
      let at = o * outStep;
      for (let i = 0; i < x.width; i += 1) {
        sum += (x.data[from + i] ?? NaN) * (weight[at] ?? NaN);
        at += inStep;
      }
      data[row * out + o] = sum + start;
    }
  }
  return { data, count: x.count, width: out };
}

export function add(a: Rows, b: Rows): Rows {
  return { ...a, data: a.data.map((value, at) => value + (b.data[at] ?? NaN)) };
}

export function layerNorm(x: Rows, gain: Float32Array, shift: Float32Array, epsilon: number): Rows {
  const data = new Float64Array(x.data.length);
  for (let row = 0; row < x.count; row += 1) {
    const values = x.data.subarray(row * x.width, (row + 1) * x.width);
    const mean = values.reduce((sum, value) => sum + value, 0) / x.width;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.width;
    for (const [i, value] of values.entries()) {
      const unit = (value - mean) / Math.sqrt(variance + epsilon);
      data[row * x.width + i] = unit * (gain[i] ?? NaN) + (shift[i] ?? NaN);
    }
  }
  return { ...x, data };
}

/** Each head looks at its own stretch of the width. @param isCausal a row attends to itself and those before it */
export function attention(
  query: Rows,
  key: Rows,
  value: Rows,
  { heads, isCausal }: { readonly heads: number; readonly isCausal: boolean },
): Rows {
  const size = query.width / heads;
  const data = new Float64Array(query.data.length);
  for (let row = 0; row < query.count; row += 1) {
    const seen = isCausal ? row + 1 : key.count;
    for (let from = 0; from < query.width; from += size) {
      const scores = new Float64Array(seen);
      for (let other = 0; other < seen; other += 1) {
        let sum = 0;
        for (let i = from; i < from + size; i += 1) {
          sum +=
            (query.data[row * query.width + i] ?? NaN) * (key.data[other * key.width + i] ?? NaN);
        }
        scores[other] = sum / Math.sqrt(size);
      }
      const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
      const shares = scores.map((score) => Math.exp(score - highest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (let i = from; i < from + size; i += 1) {
        let sum = 0;
        for (const [other, share] of shares.entries()) {
          sum += share * (value.data[other * value.width + i] ?? NaN);
        }
        data[row * query.width + i] = sum / total;
      }
    }
  }
  return { ...query, data };
}

const ACTIVATIONS: Readonly<Record<Activation, (x: number) => number>> = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
};

export function activate(x: Rows, activation: Activation): Rows {
  return { ...x, data: x.data.map(ACTIVATIONS[activation]) };
}

/** By its power series near 0, by the continued fraction of its complement elsewhere: within 1e-12 (NIST’s Digital Library of Mathematical Functions, 7.6.1 and 7.9.1). */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n -= 1) fraction = x + n / 2 / fraction;
  return 1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
