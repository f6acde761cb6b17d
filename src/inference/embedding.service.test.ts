import { AppError } from '../errors.js';
import type { Tensor } from '../predictor/tensor.js';
import { EmbeddingService } from './embedding.service.js';
import type { LoadedModel } from './model.service.js';
import type { Predictors } from './predictors.service.js';

const TOKENS = 4;
const model = {
  slug: 'test/model',
  variant: 'fp32',
  modelHash: 'hash',
  config: { text: { contextLength: TOKENS } },
  graphs: { text: { inputs: [{ name: 'input_ids' }] } },
  tokenizer: {
    encode: (texts: readonly string[]) =>
      Promise.resolve(
        BigInt64Array.from(texts.flatMap((text) => Array<bigint>(TOKENS).fill(BigInt(text)))),
      ),
  },
} as unknown as LoadedModel;

/** A predictor that gives each text its own number, and fails in the runs that are named. */
function rig(failing: readonly number[] = []) {
  const rows: number[] = [];
  const infer = (_graph: string, _input: string, { data, shape }: Tensor): Promise<Tensor> => {
    const [count = 0] = shape;
    rows.push(count);
    if (failing.includes(rows.length)) {
      return Promise.reject(new AppError('UPSTREAM_UNAVAILABLE', 'It has ended.'));
    }
    const numbers = Array.from({ length: count }, (_, row) => Number(data[row * TOKENS]));
    return Promise.resolve({
      type: 'float32',
      shape: [count, 1],
      data: Float32Array.from(numbers),
    });
  };
  const predictors = { of: () => ({ infer }) } as unknown as Predictors;
  const cache = { textCacheBytesMax: 10_000_000, imageCacheBytesMax: 0 };
  return { rows, service: new EmbeddingService(predictors, { ...cache, timeoutMs: 1_000 }) };
}

const texts = Array.from({ length: 2_048 }, (_, at) => String(at));

test('2,048 texts run in slices, and each gets its own vector', async () => {
  const { rows, service } = rig();
  const { vectors, cached } = await service.embedTexts(model, texts);
  expect(vectors.map(([number]) => String(number))).toEqual(texts);
  expect([rows, cached]).toEqual([[512, 512, 512, 512], 0]);
});

test('a text that stands in two slices runs once', async () => {
  const { rows, service } = rig();
  const { cached } = await service.embedTexts(model, [
    ...texts.slice(0, 600),
    ...texts.slice(0, 600),
  ]);
  expect([rows, cached]).toEqual([[512, 88], 600]);
});

test('when a slice fails the call fails, and those before it do not run again', async () => {
  const { rows, service } = rig([3]);
  await expect(service.embedTexts(model, texts)).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
  });
  const { vectors, cached } = await service.embedTexts(model, texts);
  expect(vectors.map(([number]) => String(number))).toEqual(texts);
  expect([rows, cached]).toEqual([[512, 512, 512, 512, 512], 1_024]);
});
