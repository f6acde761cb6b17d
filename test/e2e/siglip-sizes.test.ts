import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedTensors } from '../../src/siglip/architecture.js';
import { parseOpenClip } from '../../src/siglip/layouts/open-clip.js';
import { compile } from '../../src/siglip/index.js';
import { temporaryFolder } from '../support/folder.js';
import { runOnnx } from '../support/onnx.js';
import { type RandomCheckpoint, writeRandomCheckpoint } from '../support/random-checkpoint.js';
import { loadReferenceSiglip } from '../support/reference-siglip.js';

const temporary = temporaryFolder();
afterAll(() => {
  temporary.remove();
});
let count = 0;

const BASE = {
  vision: { imageSize: 32, patchSize: 8, width: 24, depth: 1, heads: 2, mlpRatio: 2 },
  text: { contextLength: 5, vocabSize: 40, width: 24, depth: 1, heads: 3, mlpRatio: 2 },
} satisfies RandomCheckpoint;

describe('sizes are read, not assumed', () => {
  test.each<[string, RandomCheckpoint]>([
    ['small', BASE],
    [
      'an image that the patches do not divide',
      { ...BASE, vision: { ...BASE.vision, imageSize: 37, patchSize: 7, depth: 2 } },
    ],
    [
      'deeper text than image, odd widths',
      {
        vision: { ...BASE.vision, width: 21, heads: 3 },
        text: { ...BASE.text, width: 21, heads: 7, depth: 3, contextLength: 16 },
        seed: 5,
      },
    ],
    [
      'an MLP ratio that is no whole number',
      {
        ...BASE,
        vision: { ...BASE.vision, mlpRatio: 3.7362 },
        text: { ...BASE.text, mlpRatio: 3.7362 },
      },
    ],
    [
      'tanh GELU',
      {
        vision: { ...BASE.vision, activation: 'gelu_tanh' },
        text: { ...BASE.text, activation: 'gelu_tanh' },
        seed: 9,
      },
    ],
    ['float16 weights', { ...BASE, dtype: 'F16', seed: 3 }],
    ['bfloat16 weights', { ...BASE, dtype: 'BF16', seed: 4 }],
  ])('%s: as the plain implementation computes it', async (_name, model) => {
    const folder = path.join(temporary.path, String(count++));
    await writeRandomCheckpoint(folder, model, (config) => expectedTensors(parseOpenClip(config)));
    const { variants } = await compile(folder);
    const reference = loadReferenceSiglip(folder);
    const side = model.vision.imageSize;
    const bytes = Array.from({ length: side * side * 3 }, (_, at) => (at * 37 + (at >> 3)) % 256);
    const planes = Array.from({ length: 3 * side * side }, (_, at) => {
      const channel = Math.floor(at / (side * side));
      return ((bytes[(at % (side * side)) * 3 + channel] ?? NaN) / 255 - 0.5) / 0.5;
    });
    const ids = Array.from(
      { length: model.text.contextLength },
      (_, at) => (at * 11) % model.text.vocabSize,
    );

    const image = await runOnnx(path.join(folder, variants.fp32.image.file), [
      { pixel_values: { type: 'uint8', dims: [1, side, side, 3], values: bytes } },
    ]);
    const text = await runOnnx(path.join(folder, variants.fp32.text.file), [
      { input_ids: { type: 'int64', dims: [1, ids.length], values: ids } },
    ]);
    expect(
      relativeError(image.outputs[0]?.image_embeds?.values, reference.embedImage(planes)),
    ).toBeLessThan(1e-5);
    expect(
      relativeError(text.outputs[0]?.text_embeds?.values, reference.embedText(ids)),
    ).toBeLessThan(1e-5);
  });
});

describe('a checkpoint of many pieces', () => {
  let folder: string;
  beforeAll(async () => {
    folder = path.join(temporary.path, String(count++));
    // 60 MB: more than the pieces that are in memory at the same time.
    const text = { ...BASE.text, width: 96, vocabSize: 160_000 };
    const model = { vision: { ...BASE.vision, width: 96 }, text };
    await writeRandomCheckpoint(folder, model, (config) => expectedTensors(parseOpenClip(config)));
  });

  test('is hashed as one file', async () => {
    const bytes = readFileSync(path.join(folder, 'open_clip_model.safetensors'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect((await compile(folder)).weights.files).toMatchObject([{ sha256 }]);
  });

  test('with a NaN at its end is refused', async () => {
    const file = path.join(folder, 'open_clip_model.safetensors');
    const bytes = readFileSync(file);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    writeFileSync(file, bytes);
    await expect(compile(folder)).rejects.toThrow(/is not finite at element \d+/);
  });
});

/** L2, of what has length 1 against what has not yet. */
function relativeError(values: readonly number[] = [], wanted: readonly number[]): number {
  const norm = Math.hypot(...wanted);
  return Math.hypot(...wanted.map((value, at) => value / norm - (values[at] ?? NaN)));
}
