import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { compile } from '../../src/siglip/compile.js';
import type { Manifest } from '../../src/siglip/manifest.js';
import { temporaryFolder } from '../support/folder.js';
import {
  distance,
  embed,
  embedAll,
  FIXTURE,
  golden,
  imageBatch,
  largestDifference,
  logits,
  pixels,
  rowsOf,
  size,
  tensor,
  textBatch,
  worstDistance,
} from '../support/golden.js';
import { runOnnx } from '../support/onnx.js';
import { loadReferenceSiglip } from '../support/reference-siglip.js';

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
  manifest = await compile(folder.path, { huggingFace: true });
});

describe('fp32', () => {
  let images: number[][];
  let texts: number[][];
  beforeAll(async () => {
    ({ images, texts } = await embedAll(folder.path, manifest.variants.fp32));
  });

  test('embeddings are those of the reference to 1e-5', () => {
    expect(worstDistance(images, golden.images)).toBeLessThan(1e-5);
    expect(worstDistance(texts, golden.texts)).toBeLessThan(1e-5);
  });

  test('logits are those of the reference to 1e-4', () => {
    const differences = logits(manifest.scoring, images, texts).map((row, i) =>
      row.map((logit, t) => Math.abs(logit - (golden.images[i]?.logits[t] ?? NaN))),
    );
    expect(Math.max(...differences.flat())).toBeLessThan(1e-4);
  });

  test('an embedding has length 1', () => {
    for (const row of [...images, ...texts]) expect(Math.hypot(...row)).toBeCloseTo(1, 6);
  });

  test('a batch gives each row what it gets alone', async () => {
    const { image, text } = manifest.variants.fp32;
    const inBatch = await embed(
      path.join(folder.path, image.file),
      [imageBatch(pixels)],
      'image_embeds',
    );
    expect(distance(inBatch, images.flat())).toBeLessThan(1e-6);
    const ids = textBatch(golden.texts.map(({ input_ids: row }) => row));
    expect(
      distance(await embed(path.join(folder.path, text.file), [ids], 'text_embeds'), texts.flat()),
    ).toBeLessThan(1e-6);
  });

  test('runs on memory-mapped weights, and from a folder that is a link', async () => {
    const link = path.join(temporary.path, 'link');
    symlinkSync(folder.path, link);
    const compiled = await compile(link);
    const { outputs } = await runOnnx(
      path.join(link, compiled.variants.fp32.image.file),
      pixels.slice(0, 1).map((row) => imageBatch([row])),
      { extra: { session: { disable_prepacking: '1' } } },
    );
    expect(distance(outputs[0]?.image_embeds?.values ?? [], images[0] ?? [])).toBeLessThan(1e-6);
  });

  test('an id outside of the vocabulary fails, not the session', async () => {
    const ids = [...(golden.texts[0]?.input_ids ?? [])];
    ids[0] = 1200;
    const run = embed(
      path.join(folder.path, manifest.variants.fp32.text.file),
      [textBatch([ids])],
      'text_embeds',
    );
    await expect(run).rejects.toThrow(/out of data bounds/);
  });
});

describe('the names of Hugging Face Optimum', () => {
  const normalized = () => ({
    pixel_values: tensor('float32', [pixels.length, 3, size, size], pixels.flat()),
  });
  const ids = () => textBatch(golden.texts.map(({ input_ids: row }) => row));

  test('model.onnx gives the logits of the reference, both ways round, and both embeddings', async () => {
    const { inputNames, outputNames, outputs } = await runOnnx(
      path.join(folder.path, 'model.onnx'),
      [{ ...normalized(), ...ids() }],
    );
    expect(inputNames).toEqual(['input_ids', 'pixel_values']);
    expect(outputNames).toEqual([
      'logits_per_image',
      'logits_per_text',
      'text_embeds',
      'image_embeds',
    ]);
    const wanted = golden.images.map((image) => image.logits);
    const [result] = outputs;
    expect(result?.logits_per_image?.dims).toEqual([golden.images.length, golden.texts.length]);
    expect(largestDifference(result?.logits_per_image?.values, wanted.flat())).toBeLessThan(1e-4);
    const transposed = golden.texts.flatMap((_, t) => wanted.map((row) => row[t] ?? NaN));
    expect(largestDifference(result?.logits_per_text?.values, transposed)).toBeLessThan(1e-4);
    expect(worstDistance(rowsOf(result?.image_embeds), golden.images)).toBeLessThan(1e-5);
    expect(worstDistance(rowsOf(result?.text_embeds), golden.texts)).toBeLessThan(1e-5);
  });

  test('vision_model.onnx and text_model.onnx give what comes before the L2 normalization', async () => {
    const vision = await runOnnx(path.join(folder.path, 'vision_model.onnx'), [normalized()]);
    expect(vision.inputNames).toEqual(['pixel_values']);
    expect(vision.outputNames).toEqual(['last_hidden_state', 'pooler_output']);
    expect(vision.outputs[0]?.last_hidden_state?.dims).toEqual([pixels.length, 25, 96]);
    const text = await runOnnx(path.join(folder.path, 'text_model.onnx'), [ids()]);
    expect(text.inputNames).toEqual(['input_ids']);
    expect(text.outputNames).toEqual(['last_hidden_state', 'pooler_output']);
    expect(text.outputs[0]?.last_hidden_state?.dims).toEqual([golden.texts.length, 64, 96]);
    for (const [result, reference] of [
      [vision.outputs[0]?.pooler_output, golden.images],
      [text.outputs[0]?.pooler_output, golden.texts],
    ] as const) {
      rowsOf(result).forEach((row, i) => {
        const wanted = reference[i]?.embedding ?? [];
        expect(distance(row, wanted) / Math.hypot(...wanted)).toBeLessThan(1e-5);
      });
    }
  });
});

test('the plain implementation that other sizes are compared with agrees with the reference', () => {
  const reference = loadReferenceSiglip(FIXTURE);
  const images = pixels.slice(0, 3).map((row) => reference.embedImage(row));
  const texts = golden.texts.slice(0, 3).map(({ input_ids: ids }) => reference.embedText(ids));
  expect(worstDistance(images, golden.images)).toBeLessThan(2e-6);
  expect(worstDistance(texts, golden.texts)).toBeLessThan(2e-6);
  images.forEach((image, i) => {
    texts.forEach((text, t) => {
      expect(reference.logit(image, text)).toBeCloseTo(golden.images[i]?.logits[t] ?? NaN, 4);
    });
  });
});
