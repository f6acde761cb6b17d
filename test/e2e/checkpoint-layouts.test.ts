import { cpSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { openCheckpoint } from '../../src/siglip/checkpoint.js';
import { compile, imagePixels, openModel, Tokenizer, verify } from '../../src/siglip/index.js';
import { cleanText } from '../../src/siglip/text-clean.js';
import { temporaryFolder } from '../support/folder.js';
import { distance } from '../support/golden.js';
import { runGraph } from '../support/onnx.js';

/* Small checkpoints of each layout, and what the reference implementation of that layout computes from them. */

interface Golden {
  readonly texts: readonly {
    readonly text: string;
    readonly input_ids: readonly number[];
    readonly embedding: readonly number[];
  }[];
  readonly images: readonly { readonly file: string; readonly pixels_f32_base64: string }[];
}

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
const temporary = temporaryFolder();
afterAll(() => {
  temporary.remove();
});

describe.each([
  ['hf-siglip-micro', 'hugging_face', 'siglip', 2],
  ['hf-siglip2-micro', 'hugging_face', 'lower', 1],
  ['open-clip-siglip2-micro', 'open_clip', 'canonicalize', 1],
  ['open-clip-clip-micro', 'open_clip', 'whitespace-lower', 1],
  ['hf-clip-micro', 'hugging_face', 'clip', 1],
] as const)('%s', (name, layout, cleaning, files) => {
  const fixture = path.join(FIXTURES, name);
  const golden = JSON.parse(readFileSync(path.join(fixture, 'golden.json'), 'utf8')) as Golden;
  const folder = path.join(temporary.path, name);
  beforeAll(async () => {
    cpSync(fixture, folder, { recursive: true });
    await compile(folder, { huggingFace: true });
  });

  test('is compiled as what it is', async () => {
    const model = await openModel(folder);
    expect(model.config.textCleaning).toBe(cleaning);
    expect(model.weights.files).toHaveLength(files);
    const json = readFileSync(path.join(folder, 'gigarouter.json'), 'utf8');
    expect(JSON.parse(json)).toMatchObject({ layout });
  });

  test('has the ids, embeddings and logits of the reference', async () => {
    const [, , outcome] = await verify(folder, runGraph);
    expect(outcome?.outcome).toMatch(/^fp32: 12 texts, 7 images: ids equal/);
  });

  test('has nearly the embeddings of the reference in int8', async () => {
    const int8 = path.join(temporary.path, `${name}-int8`);
    cpSync(fixture, int8, { recursive: true });
    const { variants } = await compile(int8, { int8: true });
    const graph = path.join(int8, variants.int8?.text.file ?? '');
    for (const { input_ids: ids, embedding } of golden.texts) {
      const data = BigInt64Array.from(ids, BigInt);
      const got = await runGraph(graph, { type: 'int64', shape: [1, ids.length], data });
      const norm = Math.hypot(...embedding);
      const wanted = embedding.map((value) => value / norm);
      // Weights this random and narrow are the worst for eight bits.
      expect(distance(Array.from(got.data), wanted)).toBeLessThan(0.15);
    }
  });

  test.each(golden.texts)(
    '$text has the ids of the reference',
    async ({ text, input_ids: ids }) => {
      const { config } = await openModel(folder);
      const tokenizer = await Tokenizer.open(folder, config);
      const got = await tokenizer.encode([cleanText(text, config.textCleaning)]);
      expect(Array.from(got, Number)).toEqual(ids);
    },
  );

  test.each(golden.images)('$file has the pixels of the reference', async (image) => {
    const { config, weights } = await openCheckpoint(folder);
    await weights.close();
    const { mean, std, imageSize } = config.preprocess;
    const bytes = readFileSync(path.join(fixture, image.file));
    const pixels = await imagePixels(bytes, config.preprocess, { exifOrientation: false });
    const base64 = Uint8Array.from(Buffer.from(image.pixels_f32_base64, 'base64'));
    const planes = new Float32Array(base64.buffer);
    const area = imageSize ** 2;
    const wanted = Uint8Array.from(pixels, (_, at) => {
      const value = planes[(at % 3) * area + Math.floor(at / 3)] ?? NaN;
      return Math.round((value * (std[at % 3] ?? NaN) + (mean[at % 3] ?? NaN)) * 255);
    });
    expect(Buffer.compare(pixels, wanted)).toBe(0);
  });
});

test('several files without an index are the same model; one that is missing is named', async () => {
  const shards = path.join(temporary.path, 'shards');
  cpSync(path.join(FIXTURES, 'hf-siglip-micro'), shards, { recursive: true });
  const { modelHash } = await compile(shards);
  rmSync(path.join(shards, 'model.safetensors.index.json'));
  expect((await compile(shards)).modelHash).toBe(modelHash);
  rmSync(path.join(shards, 'model-00002-of-00002.safetensors'));
  await expect(compile(shards)).rejects.toThrow(
    'There is no file model-00002-of-00002.safetensors.',
  );
});
