import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../src/siglip/checkpoint.js';
import { imagePixels } from '../../src/siglip/pixels.js';
import { labelLogits, rankLabels, sigmoid } from '../../src/siglip/scores.js';
import { canonicalText } from '../../src/siglip/text-clean.js';
import { Tokenizer } from '../../src/siglip/tokenizer.js';

/*
 * From files to what the graphs take, and from what they give to scores, as the public reference
 * implementation has it for every image and text. The graphs in between: siglip-golden.test.ts.
 */

interface Golden {
  readonly texts: readonly {
    readonly text: string;
    readonly canonical: string;
    readonly input_ids: readonly number[];
    readonly embedding: readonly number[];
  }[];
  readonly images: readonly {
    readonly file: string;
    readonly pixels_f32_base64: string;
    readonly embedding: readonly number[];
    readonly logits: readonly number[];
    readonly probs: readonly number[];
  }[];
}

const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/siglip-micro');
const golden = JSON.parse(readFileSync(path.join(FIXTURE, 'golden.json'), 'utf8')) as Golden;

type Checkpoint = Awaited<ReturnType<typeof openCheckpoint>>;
let checkpoint: Checkpoint;
beforeAll(async () => {
  checkpoint = await openCheckpoint(FIXTURE);
});
afterAll(() => checkpoint.weights.close());

test.each(golden.images.filter(({ file }) => !file.endsWith('cmyk.jpg')))(
  '$file has the pixels of the reference, to the bit',
  async ({ file, pixels_f32_base64: base64 }) => {
    expect(largestDifference(await planes(file), base64)).toBe(0);
  },
);

test('the CMYK image, decoded through a profile of coated paper, has the shapes of the reference', async () => {
  const image = golden.images.find(({ file }) => file.endsWith('cmyk.jpg'));
  const ours = await planes('images/cmyk.jpg');
  const theirs = floats(image?.pixels_f32_base64 ?? '');
  expect(largestDifference(ours, image?.pixels_f32_base64 ?? '')).toBeGreaterThan(0);
  expect(correlation(ours, theirs)).toBeGreaterThan(0.9);
});

test('every text has the ids of the reference', async () => {
  const tokenizer = await Tokenizer.open(FIXTURE, checkpoint.config);
  const canonical = golden.texts.map(({ text }) => canonicalText(text));
  expect(canonical).toEqual(golden.texts.map((text) => text.canonical));
  const ids = await tokenizer.encode(canonical);
  expect(Array.from(ids, Number)).toEqual(golden.texts.flatMap((text) => text.input_ids));
});

test.each(golden.images)('$file has the logits and probabilities of the reference', (image) => {
  const labels = Float32Array.from(golden.texts.flatMap(({ embedding }) => unit(embedding)));
  const logits = labelLogits(Float32Array.from(unit(image.embedding)), labels, checkpoint.scoring);
  logits.forEach((logit, i) => {
    expect(Math.abs(logit - (image.logits[i] ?? NaN))).toBeLessThan(1e-4);
    expect(Math.abs(sigmoid(logit) - (image.probs[i] ?? NaN))).toBeLessThan(1e-5);
  });
  const { ranked } = rankLabels(logits);
  const best = image.logits.indexOf(Math.max(...image.logits));
  expect(ranked[0]?.index).toBe(best);
});

/** An image as the reference's tensor: [3, size, size], normalized in float32, in torch's order. */
async function planes(file: string): Promise<Float32Array> {
  const { preprocess } = checkpoint.config;
  const bytes = readFileSync(path.join(FIXTURE, file));
  const pixels = await imagePixels(bytes, preprocess, { exifOrientation: false });
  const area = preprocess.imageSize ** 2;
  return Float32Array.from({ length: 3 * area }, (_, at) => {
    const channel = Math.floor(at / area);
    const value = Math.fround((pixels[(at % area) * 3 + channel] ?? NaN) / 255);
    const centered = Math.fround(value - Math.fround(preprocess.mean[channel] ?? NaN));
    return centered / Math.fround(preprocess.std[channel] ?? NaN);
  });
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

function largestDifference(ours: Float32Array, base64: string): number {
  const theirs = floats(base64);
  expect(ours).toHaveLength(theirs.length);
  return ours.reduce((max, value, at) => Math.max(max, Math.abs(value - (theirs[at] ?? NaN))), 0);
}

function correlation(a: Float32Array, b: Float32Array): number {
  const x = unit(centered(a));
  const y = unit(centered(b));
  return x.reduce((sum, value, at) => sum + value * (y[at] ?? NaN), 0);
}

function centered(values: Float32Array): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Array.from(values, (value) => value - mean);
}

function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}
