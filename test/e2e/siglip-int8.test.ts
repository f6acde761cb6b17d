import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compile } from '../../src/siglip/compile.js';
import type { Manifest } from '../../src/siglip/manifest.js';
import { temporaryFolder } from '../support/folder.js';
import {
  embedAll,
  FIXTURE,
  golden,
  imageBatch,
  logits,
  pixels,
  worstDistance,
} from '../support/golden.js';
import { runOnnx } from '../support/onnx.js';

const folder = temporaryFolder();
const temporary = temporaryFolder();
afterAll(() => {
  folder.remove();
  temporary.remove();
});

let manifest: Manifest;
beforeAll(async () => {
  for (const file of ['open_clip_config.json', 'open_clip_model.safetensors']) {
    cpSync(path.join(FIXTURE, file), path.join(folder.path, file));
  }
  manifest = await compile(folder.path, { int8: true });
});

/*
 * Measured: embeddings 0.026 (images) and 0.041 (texts) from the reference at worst, logits 0.11,
 * probabilities 0.005 on average; 0.18 where products saturate. Random weights spread their outputs evenly,
 * so that this tells that the arithmetic is right, not how a trained model fares. Whatever the processor,
 * both ways have to be right: the kernels that the predictor would choose, and the conservative ones.
 */
test.each<[string, object]>([
  ['the kernels chosen for this processor', {}],
  ['conservative kernels', { int8Kernels: 'conservative' }],
])('stays near the reference with %s', async (_, options) => {
  const { int8 } = manifest.variants;
  if (!int8) throw new Error('int8 was not compiled.');
  const { images, texts } = await embedAll(folder.path, int8, options);
  expect(worstDistance(images, golden.images)).toBeLessThan(0.05);
  expect(worstDistance(texts, golden.texts)).toBeLessThan(0.08);
  const errors = logits(manifest.scoring, images, texts).flatMap((row, i) =>
    row.map((logit, t) => Math.abs(sigmoid(logit) - (golden.images[i]?.probs[t] ?? NaN))),
  );
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.01);
});

/*
 * What all keys have in common moves all logits of a query alike: fp32 does not see it. In int8 it would
 * take up all levels. Measured: 0.026, as without; 0.14 where the keys keep their mean.
 */
test('does not mind keys that are all far from zero', async () => {
  const shifted = path.join(temporary.path, 'shifted');
  cpSync(FIXTURE, shifted, { recursive: true });
  shiftKeys(path.join(shifted, 'open_clip_model.safetensors'), 100);
  const { int8 } = (await compile(shifted, { int8: true })).variants;
  const { outputs } = await runOnnx(
    path.join(shifted, int8?.image.file ?? ''),
    pixels.map((row) => imageBatch([row])),
  );
  const images = outputs.map(({ image_embeds: embedding }) => [...(embedding?.values ?? [])]);
  expect(worstDistance(images, golden.images)).toBeLessThan(0.05);
});

/*
 * With 7 bits nothing can saturate, so that native kernels are exact on every processor: the keys, which
 * are computed and cannot be widened, never exceed 7 bits either. Measured: 0.039, 0.077.
 */
test('with weights of 7 bits stays near the reference with native kernels', async () => {
  const narrow = path.join(temporary.path, 'narrow');
  cpSync(FIXTURE, narrow, { recursive: true });
  const { int8 } = (await compile(narrow, { int8: true, weightBits: 7 })).variants;
  if (!int8) throw new Error('int8 was not compiled.');
  const { images, texts } = await embedAll(narrow, int8, { int8Kernels: 'native' });
  expect(worstDistance(images, golden.images)).toBeLessThan(0.06);
  expect(worstDistance(texts, golden.texts)).toBeLessThan(0.1);
});

test('says that its rows depend on each other, which fp32 does not', () => {
  expect(manifest.variants.int8?.rowsAreIndependent).toBe(false);
  expect(manifest.variants.fp32.rowsAreIndependent).toBe(true);
});
/** Adds to every key of the image tower, by its bias. */
function shiftKeys(file: string, by: number): void {
  const bytes = readFileSync(file);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<
    string,
    { readonly data_offsets: readonly [number, number] }
  >;
  for (const [name, { data_offsets: offsets }] of Object.entries(header)) {
    if (!/^visual\..*\.qkv\.bias$/.test(name)) continue;
    const third = (offsets[1] - offsets[0]) / 3;
    for (
      let at = dataStart + offsets[0] + third;
      at < dataStart + offsets[0] + 2 * third;
      at += 4
    ) {
      bytes.writeFloatLE(bytes.readFloatLE(at) + by, at);
    }
  }
  writeFileSync(file, bytes);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
