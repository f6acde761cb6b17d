// cspell:ignore кошка γάτα חתול बिल्ली မြန်မာ endobj
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  ClassificationService,
  EmbeddingService,
  ModelService,
} from '../../src/inference/index.js';
import { PredictorClient } from '../../src/predictor/client.js';
import type { Variant } from '../../src/siglip/index.js';
import { modelsFolder } from '../support/model.js';
import { type PredictorProcess, startPredictorProcess } from '../support/predictor.js';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
const GOLDEN = JSON.parse(
  readFileSync(path.join(FIXTURES, 'siglip-micro/golden.json'), 'utf8'),
) as { texts: { text: string }[]; images: { file: string; logits: number[] }[] };
const picture = (name: string) => readFileSync(path.join(FIXTURES, 'images', name));
const reference = (name: string) => readFileSync(path.join(FIXTURES, 'siglip-micro', name));

let folder: Awaited<ReturnType<typeof modelsFolder>>;
let predictor: PredictorProcess;
let client: PredictorClient;
let models: Record<Variant, ModelService>;
beforeAll(async () => {
  folder = await modelsFolder();
  predictor = await startPredictorProcess(folder.path);
  client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  models = {
    fp32: new ModelService(folder.path, 'fp32'),
    int8: new ModelService(folder.path, 'int8'),
  };
});
afterAll(async () => {
  await client.close();
  await predictor.end('SIGKILL');
  folder.remove();
});

function newService() {
  const embeddings = new EmbeddingService(
    { of: () => client },
    {
      textCacheBytesMax: 2 ** 22,
      imageCacheBytesMax: 2 ** 22,
      timeoutMs: 120_000,
    },
  );
  const service = new ClassificationService(embeddings);
  const classify = async (
    image: Uint8Array,
    labels: readonly string[],
    {
      variant = 'fp32',
      ...over
    }: { template?: string; threshold?: number; variant?: Variant } = {},
  ) => service.classify({ model: await models[variant].get('test/micro'), image, labels, ...over });
  return { embeddings, classify };
}

test('files and labels go in, and the logits of the reference come out', async () => {
  const { classify } = newService();
  const labels = GOLDEN.texts.map(({ text }) => text);
  const usable = labels.filter((label) => label.trim() !== '' && label.length <= 1_000);
  for (const { file, logits } of GOLDEN.images.filter(({ file: name }) =>
    /(wide|square)\.png$/.test(name),
  )) {
    const { ranked } = await classify(reference(file), usable, { template: '{}' });
    for (const { index, logit } of ranked) {
      expect(logit).toBeCloseTo(logits[labels.indexOf(usable[index] ?? '')] ?? NaN, 3);
    }
  }
  expect.hasAssertions();
});

test('a second call of the same runs nothing', async () => {
  const { classify, embeddings } = newService();
  const labels = ['a cat', 'a dog'];
  const first = await classify(picture('rgb.png'), labels);
  expect(first).toMatchObject({ imageCached: false, labelsCached: 0 });
  const second = await classify(picture('rgb.png'), labels);
  expect(second).toMatchObject({ imageCached: true, labelsCached: 2, ranked: first.ranked });
  expect(await classify(picture('rgb.png'), ['a dog', 'a bird'])).toMatchObject({
    labelsCached: 1,
  });
  expect(embeddings.texts.counts).toEqual({ hits: 3, shared: 0, misses: 3 });
});

test('the two variants do not share what they keep', async () => {
  const { classify } = newService();
  await classify(picture('rgb.png'), ['a cat']);
  expect(await classify(picture('rgb.png'), ['a cat'], { variant: 'int8' })).toMatchObject({
    imageCached: false,
    labelsCached: 0,
  });
});

test('calls at the same time for one picture run it once', async () => {
  const { classify, embeddings } = newService();
  await Promise.all(Array.from({ length: 8 }, () => classify(picture('rgb.png'), ['a cat'])));
  expect(embeddings.images.counts).toEqual({ hits: 0, shared: 7, misses: 1 });
});

describe('labels', () => {
  test('equal ones, and ones that differ in what the model does not read, score alike', async () => {
    const { classify } = newService();
    const { ranked } = await classify(picture('rgb.png'), ['a cat', 'A  CAT', 'a cat']);
    expect(ranked.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(ranked.map(({ logit }) => logit)).size).toBe(1);
  });

  test('500 in every script are scored', async () => {
    const { classify } = newService();
    const scripts = [
      '猫',
      'кошка',
      'γάτα',
      'قطة',
      'חתול',
      'बिल्ली',
      'แมว',
      '고양이',
      '🐈',
      'မြန်မာ',
      'ねこ',
    ];
    const labels = Array.from(
      { length: 500 },
      (_, at) => `${scripts[at % scripts.length] ?? ''} ${String(at)}`,
    );
    const { ranked } = await classify(picture('rgb.png'), labels);
    expect(ranked).toHaveLength(500);
    expect(ranked.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  test.each<[string, string[], RegExp]>([
    ['none', [], /at least one/],
    ['501', Array<string>(501).fill('a'), /501 labels; at most 500/],
    ['an empty one', ['a', ''], /Label 2 is empty/],
    ['spaces', ['  \t'], /Label 1 is empty/],
    ['punctuation alone', ['?!.'], /Label 1 is empty or consists of punctuation/],
    ['100 kB', ['x'.repeat(100_000)], /100000 characters; at most 1000/],
  ])('%s: refused, and nothing is run', async (_name, labels, fault) => {
    const { classify, embeddings } = newService();
    await expect(classify(picture('rgb.png'), labels)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(fault) as string,
    });
    expect(embeddings.images.counts.misses).toBe(0);
  });

  test.each(['no place', '{} and {}', '{word}', ''])(
    'the template %j is refused',
    async (template) => {
      const { classify } = newService();
      await expect(classify(picture('rgb.png'), ['a'], { template })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    },
  );
});

describe('pictures', () => {
  const hugePng = () => {
    const bytes = Buffer.from(picture('rgb.png'));
    bytes.writeUInt32BE(100_000, 16);
    bytes.writeUInt32BE(100_000, 20);
    return bytes;
  };
  const svg =
    '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&e;</text></svg>';

  test.each<[string, () => Buffer]>([
    ['zero bytes', () => Buffer.alloc(0)],
    ['a PNG that says 100,000 × 100,000', hugePng],
    ['a JPEG cut off', () => picture('420.jpg').subarray(0, 400)],
    ['an SVG with an external entity', () => Buffer.from(svg)],
    ['a PDF', () => Buffer.from('%PDF-1.7\n1 0 obj<<>>endobj')],
    ['text', () => Buffer.from('not a picture')],
  ])('%s: refused in plain words, and the next request works', async (_name, bytes) => {
    const { classify } = newService();
    await expect(classify(bytes(), ['a cat'])).rejects.toMatchObject({
      code: expect.stringMatching(
        /^(BAD_USER_INPUT|PAYLOAD_TOO_LARGE|UNSUPPORTED_MEDIA_TYPE)$/,
      ) as string,
      message: expect.not.stringMatching(/vips|\/etc|sharp/i) as string,
    });
    expect((await classify(picture('rgb.png'), ['a cat'])).ranked).toHaveLength(1);
  });

  test.each([
    'one-pixel.png',
    'animated.gif',
    'animated.webp',
    'rgba.avif',
    'cmyk.jpg',
    'grey-16-bit.png',
  ])('%s is scored', async (name) => {
    const { classify } = newService();
    expect((await classify(picture(name), ['a cat', 'a dog'])).ranked).toHaveLength(2);
  });
});

test('a threshold that no label reaches is none of the above', async () => {
  const { classify } = newService();
  const all = await classify(picture('rgb.png'), ['a cat', 'a dog']);
  const best = all.ranked[0]?.probability ?? NaN;
  const reaching = (threshold: number) =>
    classify(picture('rgb.png'), ['a cat', 'a dog'], { threshold });
  expect((await reaching(best)).noneOfTheAbove).toBe(false);
  expect((await reaching(best + 1e-6)).noneOfTheAbove).toBe(true);
});

test('a model that is not there is named', async () => {
  await expect(models.fp32.get('test/other')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(models.fp32.get('../../etc')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});
