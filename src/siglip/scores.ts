import type { Scoring } from './checkpoint.js';
import type { ModelConfig } from './model-config.js';

/** How well one label fits an image. */
export interface LabelScore {
  /** Position of the label in the request. */
  readonly index: number;
  /** `scale · cosine + bias`, without bounds. */
  readonly logit: number;
  /**
   * `sigmoid(logit)`, 0–1: of this label alone. Over all labels they add up to anything. null for a model that was
   * trained with softmax: its logits say which label fits better, not how well one does.
   */
  readonly probability: number | null;
  /** Softmax over the labels of the request, 0–1: they add up to 1, whether any label fits or none. */
  readonly share: number;
}

export interface RankedScores {
  /** Best first; equal ones in the order of the request. */
  readonly ranked: readonly LabelScore[];
  /** Share of the best label less that of the next, 0–1; of a single label, 1. */
  readonly margin: number;
  /** No label's probability reaches the threshold. */
  readonly noneOfTheAbove: boolean;
}

/**
 * Logits of one image and some labels: `scale · cosine + bias`, the checkpoint's own scale and bias.
 *
 * @param image [D], of length 1, as the graphs return it
 * @param labels [n, D], row-major, each row of length 1
 * @returns [n]
 * @throws RangeError when the labels are no rows of the image's length
 */
export function labelLogits(
  image: Float32Array,
  labels: Float32Array,
  { logitScale, logitBias }: Scoring,
): Float64Array {
  const width = image.length;
  if (width === 0 || labels.length % width !== 0) {
    throw new RangeError(`${String(labels.length)} numbers are no rows of ${String(width)}.`);
  }
  const logits = new Float64Array(labels.length / width);
  for (let row = 0; row < logits.length; row++) {
    let cosine = 0;
    for (let at = 0; at < width; at++) cosine += (image[at] ?? 0) * (labels[row * width + at] ?? 0);
    logits[row] = logitScale * cosine + logitBias;
  }
  return logits;
}

/**
 * Probabilities, shares and order of some labels.
 *
 * @param threshold 0–1, which a probability must reach; 0 by default: every label does
 * @throws RangeError when a logit is no finite number: the model is broken, and no order is right
 */
export function rankLabels(
  logits: Float64Array,
  threshold = 0,
  loss: ModelConfig['loss'] = 'sigmoid',
): RankedScores {
  if (!logits.every(Number.isFinite)) throw new RangeError('A logit is no finite number.');
  const shares = softmax(logits);
  const ranked = Array.from(logits, (logit, index) => ({
    index,
    logit,
    probability: loss === 'sigmoid' ? sigmoid(logit) : null,
    share: shares[index] ?? 0,
  })).sort((a, b) => b.logit - a.logit || a.index - b.index);
  const [first, second] = ranked;
  return {
    ranked,
    margin: (first?.share ?? 0) - (second?.share ?? 0),
    noneOfTheAbove: !ranked.some(({ probability }) => (probability ?? 1) >= threshold),
  };
}

/** Without overflow at either end. */
export function sigmoid(logit: number): number {
  const small = Math.exp(-Math.abs(logit));
  return (logit < 0 ? small : 1) / (1 + small);
}

/** Less the largest, which changes nothing but that no power overflows. */
export function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((max, logit) => Math.max(max, logit), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
