import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compile, openModel, Tokenizer, verify } from '../../src/siglip/index.js';
import { cleanText } from '../../src/siglip/text-clean.js';
import { temporaryFolder } from '../support/folder.js';
import { distance } from '../support/golden.js';
import { runGraph } from '../support/onnx.js';

/* Graphs that PyTorch exported, as Optimum and transformers.js publish them, beside what transformers computes. */

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
const temporary = temporaryFolder();
afterAll(() => {
  temporary.remove();
});

let count = 0;
/** A repository with some of the graphs of a fixture, and the configuration and tokenizer of the same model. */
function repository(family: 'siglip' | 'clip', graphs: readonly string[], golden = true): string {
  const folder = path.join(temporary.path, String(count++));
  const beside = ['config.json', 'preprocessor_config.json', 'tokenizer_config.json'];
  beside.push(family === 'siglip' ? 'spiece.model' : 'tokenizer.json');
  if (golden) beside.push('golden.json');
  mkdirSync(path.join(folder, 'onnx'), { recursive: true });
  for (const name of beside) {
    cpSync(path.join(FIXTURES, `hf-${family}-micro`, name), path.join(folder, name));
  }
  for (const name of graphs) {
    const source = path.join(FIXTURES, `onnx-${family}-micro/onnx`, name);
    cpSync(source, path.join(folder, 'onnx', name));
  }
  return folder;
}

const run = runGraph;

describe.each<['siglip' | 'clip', string, string[]]>([
  ['siglip', 'one file', ['model.onnx']],
  ['clip', 'one file', ['model.onnx']],
  ['clip', 'one file among others', ['model.onnx', 'vision_model.onnx', 'text_model.onnx']],
])('%s in %s', (family, _name, graphs) => {
  const folder = repository(family, graphs);
  beforeAll(async () => {
    await compile(folder, { run });
  });

  test('computes what the reference computes', async () => {
    const checks = await verify(folder, run);
    expect(checks.map(({ name }) => name)).toEqual(['files', 'self-test', 'golden']);
  });

  test('its scores are scaled as the reference scales them', async () => {
    const { scoring } = await openModel(folder);
    const { scoring: wanted } = await (async () => {
      const checkpoint = path.join(temporary.path, `${family}-checkpoint`);
      cpSync(path.join(FIXTURES, `hf-${family}-micro`), checkpoint, { recursive: true });
      await compile(checkpoint);
      return openModel(checkpoint);
    })();
    expect(scoring.logitScale / wanted.logitScale).toBeCloseTo(1, 5);
    expect(scoring.logitBias).toBeCloseTo(wanted.logitBias, 4);
  });
});

/** The largest difference of an embedding to the reference, of all images and texts. */
async function worstError(folder: string, variant: 'fp32' | 'int8' = 'fp32'): Promise<number> {
  const { config, variants } = await openModel(folder);
  const graphs = variants[variant];
  const golden = JSON.parse(
    readFileSync(path.join(FIXTURES, 'hf-siglip-micro/golden.json'), 'utf8'),
  ) as { texts: { text: string; embedding: number[] }[] };
  const tokenizer = await Tokenizer.open(folder, config);
  const errors: number[] = [];
  for (const { text, embedding } of golden.texts) {
    const data = await tokenizer.encode([cleanText(text, config.textCleaning)]);
    const input = { type: 'int64' as const, shape: [1, data.length], data };
    const got = await runGraph(path.join(folder, graphs?.text.file ?? ''), input);
    const norm = Math.hypot(...embedding);
    errors.push(
      distance(
        Array.from(got.data),
        embedding.map((value) => value / norm),
      ),
    );
  }
  return Math.max(...errors);
}

test('half precision where there is nothing better', async () => {
  const folder = repository('siglip', ['model_fp16.onnx'], false);
  await compile(folder, { run });
  await verify(folder, run);
  expect(await worstError(folder)).toBeLessThan(3e-3);
  const { scoring } = await openModel(folder);
  expect(scoring.logitScale / Math.exp(2.3)).toBeCloseTo(1, 2);
});

test('eight bits beside full precision, as int8; rows of a batch are not alike', async () => {
  const folder = repository('siglip', ['model.onnx', 'model_quantized.onnx'], false);
  const { modelHash } = await compile(folder, { run });
  const manifest = await compile(folder, { run, int8: true });
  expect(manifest.modelHash).toBe(modelHash);
  expect(manifest.variants.int8?.rowsAreIndependent).toBe(false);
  expect(manifest.variants.fp32.rowsAreIndependent).toBe(true);
  await verify(folder, run);
  expect(await worstError(folder, 'int8')).toBeLessThan(0.15);
  // Asked for once, it stays.
  expect((await compile(folder, { run })).variants.int8).toEqual(manifest.variants.int8);
});

test('eight bits alone are served as they are', async () => {
  const folder = repository('siglip', ['model_quantized.onnx'], false);
  const { variants } = await compile(folder, { run });
  expect(variants.fp32.rowsAreIndependent).toBe(false);
  await verify(folder, run);
  await expect(compile(repository('siglip', ['model.onnx']), { run, int8: true })).rejects.toThrow(
    'There are no graphs of eight bits',
  );
});

const TOWERS = ['vision_model.onnx', 'vision_model.onnx_data', 'text_model.onnx'];

test('two files, one with its data beside it; the operator states the scale of the scores', async () => {
  const folder = repository('siglip', TOWERS);
  await expect(compile(folder, { run })).rejects.toThrow('No graph says how scores are scaled');
  const scoring = { logitScale: Math.exp(2.3), logitBias: -1.5 };
  const { weights } = await compile(folder, { run, scoring });
  expect(weights.files.map(({ file }) => file)).toEqual([
    'onnx/text_model.onnx',
    'onnx/vision_model.onnx',
    'onnx/vision_model.onnx_data',
  ]);
  expect((await verify(folder, run)).at(-1)?.name).toBe('golden');
  // It need not be said again.
  expect((await compile(folder, { run })).scoring).toEqual(scoring);
});

test('the scale of two files is read from any third that computes scores', async () => {
  const folder = repository('siglip', [...TOWERS, 'model_quantized.onnx'], false);
  const { scoring, weights } = await compile(folder, { run });
  expect(scoring.logitScale / Math.exp(2.3)).toBeCloseTo(1, 5);
  expect(scoring.logitBias).toBeCloseTo(-1.5, 4);
  expect(weights.files).toHaveLength(3);
});

type Damage = (folder: string) => void;
const json =
  (name: string, change: Record<string, unknown>): Damage =>
  (folder) => {
    const file = path.join(folder, name);
    const value = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...value, ...change }));
  };
/** Another text of the same length, everywhere in a graph. */
const replace =
  (name: string, text: string, by: string): Damage =>
  (folder) => {
    const file = path.join(folder, 'onnx', name);
    const bytes = readFileSync(file, 'latin1').replaceAll(text, by);
    writeFileSync(file, bytes, 'latin1');
  };
const cut =
  (name: string, bytes: number): Damage =>
  (folder) => {
    const file = path.join(folder, 'onnx', name);
    writeFileSync(file, readFileSync(file).subarray(0, bytes));
  };

const stated = { run, scoring: { logitScale: 10, logitBias: 0 } };

test.each<[string, 'siglip' | 'clip', string[], Damage, RegExp]>([
  [
    'an input that is not known',
    'siglip',
    ['model.onnx'],
    replace('model.onnx', 'pixel_values', 'voxel_values'),
    /model\.onnx computes the image from voxel_values, which is not known; known: pixel_values/,
  ],
  [
    'no embedding',
    'siglip',
    ['model.onnx'],
    replace('model.onnx', 'image_embeds', 'image_tokens'),
    /has the outputs logits_per_image.*image embedding is called image_embeds, pooler_output/,
  ],
  [
    'a pooled feature of CLIP, which is not projected',
    'clip',
    ['vision_model.onnx', 'text_model.onnx'],
    replace('vision_model.onnx', 'image_embeds', 'pooled_state'),
    /image embedding is called image_embeds\./,
  ],
  [
    'pictures of another size',
    'siglip',
    ['model.onnx'],
    json('preprocessor_config.json', { size: { height: 32, width: 32 } }),
    /takes pixel_values with height 28, not 32/,
  ],
  ['half a file', 'siglip', ['model.onnx'], cut('model.onnx', 200_000), /ends early/],
  [
    'a file of something else',
    'siglip',
    ['model.onnx'],
    (folder) => {
      writeFileSync(path.join(folder, 'onnx/model.onnx'), 'version https://git-lfs…');
    },
    /is no ONNX file that is read/,
  ],
  [
    'half of the data beside it',
    'siglip',
    TOWERS,
    cut('vision_model.onnx_data', 1000),
    /beyond the end of onnx\/vision_model\.onnx_data/,
  ],
  [
    'data elsewhere on this machine',
    'siglip',
    TOWERS,
    replace('vision_model.onnx', 'vision_model.onnx_data', '../../../../etc/passwd'),
    /in onnx\/\.\.\/\.\.\/\.\.\/\.\.\/etc\/passwd, which is not there/,
  ],
  [
    'no data beside it',
    'siglip',
    ['vision_model.onnx', 'text_model.onnx'],
    () => undefined,
    /in onnx\/vision_model\.onnx_data, which is not there/,
  ],
  [
    'one tower',
    'siglip',
    ['vision_model.onnx'],
    () => undefined,
    /ONNX graphs, but neither onnx\/model\.onnx nor onnx\/vision_model\.onnx and/,
  ],
  [
    'a family that is not known',
    'siglip',
    ['model.onnx'],
    json('config.json', { model_type: 'bert' }),
    /config\.json: model_type: "bert" is not supported; supported: "siglip", "clip", "mobileclip"/,
  ],
])('%s is refused by name', async (_name, family, graphs, damage, message) => {
  const folder = repository(family, graphs);
  damage(folder);
  await expect(compile(folder, stated)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(message) as string,
  });
  await expect(openModel(folder)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
