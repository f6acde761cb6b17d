import { PredictorClient } from '../../src/predictor/client.js';
import { encodeRequest } from '../../src/predictor/protocol.js';
import type { Tensor } from '../../src/predictor/tensor.js';
import { modelsFolder } from '../support/model.js';
import { type PredictorProcess, startPredictorProcess } from '../support/predictor.js';
import { until } from '../support/process.js';

const TEXT = 'test--micro.fp32.text';
const IMAGE = 'test--micro.fp32.image';
const SIZE = 76;

let folder: Awaited<ReturnType<typeof modelsFolder>>;
beforeAll(async () => {
  folder = await modelsFolder();
});
afterAll(() => {
  folder.remove();
});

const texts = (rows: number): Tensor => ({
  type: 'int64',
  shape: [rows, 64],
  data: BigInt64Array.from({ length: rows * 64 }, (_, at) => BigInt((at * 7) % 1_000)),
});
const images = (rows: number): Tensor => ({
  type: 'uint8',
  shape: [rows, SIZE, SIZE, 3],
  data: Uint8Array.from({ length: rows * SIZE * SIZE * 3 }, (_, at) => at % 251),
});
const WAIT = { timeoutMs: 120_000 };

describe('one predictor', () => {
  let predictor: PredictorProcess;
  let client: PredictorClient;
  beforeAll(async () => {
    predictor = await startPredictorProcess(folder.path);
    client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  });
  afterAll(async () => {
    await client.close();
    await predictor.end('SIGKILL');
  });

  const get = async (address: string) => {
    const response = await fetch(predictor.url + address);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const infer = async (body: string | Buffer, headers: Record<string, string> = {}) => {
    const response = await fetch(`${predictor.url}/v2/models/${TEXT}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test('describes itself and its models as the protocol says', async () => {
    expect((await get('/v2')).body).toMatchObject({
      name: 'gigarouter',
      extensions: expect.arrayContaining(['binary_tensor_data']) as string[],
    });
    expect((await get('/v2/health/live')).status).toBe(200);
    expect((await get('/v2/health/ready')).status).toBe(200);
    expect((await get(`/v2/models/${TEXT}/ready`)).status).toBe(200);
    expect((await get(`/v2/models/${IMAGE}`)).body).toMatchObject({
      name: IMAGE,
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'pixel_values', datatype: 'UINT8', shape: [-1, SIZE, SIZE, 3] }],
      outputs: [{ name: 'image_embeds', datatype: 'FP32', shape: [-1, 96] }],
    });
    expect((await get('/v2/models/nobody')).status).toBe(404);
  });

  test('gives rows of length 1, in order, however they are batched', async () => {
    const together = await client.infer(TEXT, 'input_ids', texts(5), WAIT);
    expect(together.shape).toEqual([5, 96]);
    const alone = await Promise.all(
      Array.from({ length: 5 }, (_, row) => {
        const { type, data } = texts(5);
        const ids = (data as BigInt64Array).slice(row * 64, (row + 1) * 64);
        return client.infer(TEXT, 'input_ids', { type, shape: [1, 64], data: ids }, WAIT);
      }),
    );
    for (const [row, { data }] of alone.entries()) {
      const expected = (together.data as Float32Array).slice(row * 96, (row + 1) * 96);
      expect(Math.hypot(...expected)).toBeCloseTo(1, 5);
      for (const [at, value] of expected.entries()) expect(data[at]).toBeCloseTo(value, 5);
    }
  });

  test('takes JSON as well, from callers without the binary extension', async () => {
    const ids = Array.from(texts(1).data as BigInt64Array, Number);
    const { status, body } = await infer(
      JSON.stringify({
        inputs: [{ name: 'input_ids', datatype: 'INT64', shape: [1, 64], data: ids }],
      }),
    );
    expect(status).toBe(200);
    const binary = await client.infer(TEXT, 'input_ids', texts(1), WAIT);
    const [output] = body.outputs as { data: number[]; datatype: string; shape: number[] }[];
    expect(output).toMatchObject({ datatype: 'FP32', shape: [1, 96] });
    for (const [at, value] of (output?.data ?? []).entries())
      expect(value).toBeCloseTo(binary.data[at] as number, 6);
  });

  test.each<[string, object]>([
    ['a shape that it does not take', { shape: [1, 63], data: Array(63).fill(1) }],
    ['no rows', { shape: [0, 64], data: [] }],
    ['another type', { datatype: 'FP32' }],
    ['another name', { name: 'pixels' }],
    ['an id outside of the vocabulary', { data: Array(64).fill(1_200) }],
    ['a negative id', { data: Array(64).fill(-1) }],
  ])('%s is refused, and the next request works', async (_name, over) => {
    const input = {
      name: 'input_ids',
      datatype: 'INT64',
      shape: [1, 64],
      data: Array(64).fill(1) as number[],
      ...over,
    };
    const { status, body } = await infer(JSON.stringify({ inputs: [input] }));
    expect([status, body.code]).toEqual([400, 'BAD_REQUEST']);
    expect((await client.infer(TEXT, 'input_ids', texts(1), WAIT)).shape).toEqual([1, 96]);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['a header longer than the body', '{}'],
  ])('%s is refused', async (name, body) => {
    const headers: Record<string, string> =
      name === 'a header longer than the body' ? { 'inference-header-content-length': '99' } : {};
    expect((await infer(body, headers)).status).toBe(400);
  });

  test('a caller whose time is over is told so, and its rows are not run', async () => {
    const rows = async () =>
      Number(
        /predictor_rows_total\{model="test--micro\.fp32\.image"\} (\d+)/.exec(
          await (await fetch(`${predictor.url}/metrics`)).text(),
        )?.[1] ?? 0,
      );
    const before = await rows();
    const busy = client.infer(IMAGE, 'pixel_values', images(200), WAIT);
    await expect(
      client.infer(IMAGE, 'pixel_values', images(64), { timeoutMs: 1 }),
    ).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await busy;
    expect((await rows()) - before).toBeLessThan(264);
  });

  test('a caller that leaves is dropped from the queue', async () => {
    const size = () => queueSize(predictor.url);
    const busy = client.infer(IMAGE, 'pixel_values', images(300), WAIT);
    const leaver = new AbortController();
    const leaving = client.infer(IMAGE, 'pixel_values', images(64), {
      ...WAIT,
      signal: leaver.signal,
    });
    const left = expect(leaving).rejects.toThrow('left');
    await until('both to be there', async () => ((await size()) === '2' ? true : undefined));
    leaver.abort(new Error('left'));
    await left;
    await until('one to be there', async () =>
      ['0', '1'].includes((await size()) ?? '') ? true : undefined,
    );
    expect((await busy).shape).toEqual([300, 96]);
  });

  test('knows whether a model is served, and which', async () => {
    expect(await client.find(TEXT, 5_000)).toMatch(/^[0-9a-f]{64}$/);
    expect(await client.find('test--other.fp32.text', 5_000)).toBeUndefined();
    await expect(
      client.infer('test--other.fp32.text', 'input_ids', texts(1), WAIT),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a full queue refuses at once, and says when to come again', async () => {
  const predictor = await startPredictorProcess(folder.path, { PREDICTOR_QUEUE_MAX: '1' });
  const client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  try {
    const busy = client.infer(IMAGE, 'pixel_values', images(300), WAIT);
    await until('it to be there', async () =>
      (await queueSize(predictor.url)) === '1' ? true : undefined,
    );
    const refusal = await until('a refusal', async () => {
      const message = encodeRequest('pixel_values', images(1), 20_000);
      const response = await fetch(`${predictor.url}/v2/models/${IMAGE}/infer`, {
        method: 'POST',
        headers: message.headers,
        body: message.body,
      });
      return response.status === 503 ? response : undefined;
    });
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await expect(client.infer(IMAGE, 'pixel_values', images(1), WAIT)).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfterS: expect.any(Number) as number },
    });
    expect((await busy).shape[0]).toBe(300);
  } finally {
    await client.close();
    await predictor.end('SIGKILL');
  }
});

test('a token is asked for where one is set', async () => {
  const token = 'a-token-of-enough-length';
  const predictor = await startPredictorProcess(folder.path, { PREDICTOR_TOKEN: token });
  try {
    expect((await fetch(`${predictor.url}/v2`)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${predictor.url}/v2`, { headers })).status).toBe(200);
  } finally {
    await predictor.end('SIGKILL');
  }
});

test('a variant that is left out is not loaded', async () => {
  const predictor = await startPredictorProcess(folder.path, { PREDICTOR_VARIANTS: 'int8' });
  try {
    const status = async (graph: string) =>
      (await fetch(`${predictor.url}/v2/models/${graph}/ready`)).status;
    expect(await status('test--micro.int8.image')).toBe(200);
    expect(await status('test--micro.fp32.image')).toBe(404);
  } finally {
    await predictor.end('SIGKILL');
  }
});

test('a model that has no variant of those that are wanted is served in fp32', async () => {
  const plain = await modelsFolder({ int8: false });
  const predictor = await startPredictorProcess(plain.path, { PREDICTOR_VARIANTS: 'int8' });
  try {
    const answer = await fetch(`${predictor.url}/v2/models/test--micro.fp32.image/ready`);
    expect(answer.status).toBe(200);
  } finally {
    await predictor.end('SIGKILL');
    plain.remove();
  }
});

test('SIGTERM lets a request in flight finish, and the process ends', async () => {
  const predictor = await startPredictorProcess(folder.path);
  const client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  const inFlight = client.infer(IMAGE, 'pixel_values', images(200), WAIT);
  await until('it to run', async () => {
    const text = await (await fetch(`${predictor.url}/metrics`)).text();
    return text.includes('predictor_queue_size 1') ? true : undefined;
  });
  const ended = predictor.end('SIGTERM');
  expect((await inFlight).shape).toEqual([200, 96]);
  expect(await ended).toBe(0);
  await client.close();
});

async function queueSize(url: string): Promise<string | undefined> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return /predictor_queue_size (\d+)/.exec(metrics)?.[1];
}
