import { gzipSync } from 'node:zlib';
import { startTestApp } from '../support/app.js';
import {
  type Caller,
  DEMO_MODEL,
  newCaller,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { testRefusals } from '../support/refusals.js';
import { callRest, readAnswer } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const NOT_LIVE = 'timm/ViT-SO400M-14-SigLIP-384';
const RAW = `/v2/models/${DEMO_MODEL}`;
const ENCODED = `/v2/models/${encodeURIComponent(DEMO_MODEL)}`;
const get = (where: string) => callRest(t.url, 'GET', where);
const infer = (secret: string, body: object, where = RAW) =>
  callRest(t.url, 'POST', `${where}/infer`, { secret, body });
const posted = async ({ accountId }: Caller) =>
  (await t.app.services.credits.balance(accountId)).postedNanos;
const bytes = (name: string, data: readonly unknown[], shape = [data.length]) => ({
  name,
  shape,
  datatype: 'BYTES',
  data,
});

test('tells of the server and the model without a key', async () => {
  expect((await get('/v2')).body).toEqual({
    name: 'gigarouter',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    extensions: ['binary_tensor_data', 'model_configuration', 'model_repository'],
  });
  expect(await get('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } });
  expect(await get('/v2/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
  for (const where of [RAW, ENCODED]) {
    const { body: metadata } = await get(where);
    expect(metadata).toMatchObject({
      name: DEMO_MODEL,
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'image', datatype: 'BYTES', shape: [-1] },
        { name: 'text', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [{ name: 'embedding', datatype: 'FP32', shape: [-1, expect.any(Number)] }],
    });
    expect(await get(`${where}/ready`)).toMatchObject({ status: 200, body: { ready: true } });
  }
});

test('embeds images and texts in one tensor, images first, of the size that the metadata say', async () => {
  const caller = await t.caller(DOLLAR);
  const image = sample('red-circle.png');
  const inputs = [bytes('text', ['red circle', 'a new text']), bytes('image', [image])];
  const answer = await infer(caller.secret, { id: 'mine', inputs });
  const [, size] = (await get(RAW)).body.outputs[0].shape;
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      model_name: DEMO_MODEL,
      model_version: '1',
      id: 'mine',
      outputs: [{ name: 'embedding', datatype: 'FP32', shape: [3, size], data: expect.any(Array) }],
    },
  ]);
  const { data } = answer.body.outputs[0];
  expect(data).toHaveLength(3 * size);
  const price = DOLLAR - (await posted(caller));
  expect(Number(answer.headers.get('x-gigarouter-cost'))).toBe(Number(price) / 1e9);
  const { body } = await infer(caller.secret, { inputs: [bytes('image', [image])] }, ENCODED);
  expect(body.outputs[0]).toMatchObject({ shape: [1, size], data: data.slice(0, size) });
  expect(body.id).toBeUndefined();
  const nested = await infer(caller.secret, {
    inputs: [bytes('text', [['red circle'], ['a new text']], [2, 1])],
    outputs: [{ name: 'embedding' }],
  });
  expect(nested.body.outputs[0].data).toEqual(data.slice(size));
});

test('charges one embedding for each row that ran', async () => {
  const caller = await t.caller(DOLLAR);
  const texts = ['first of these rows', 'second of these rows', 'third of these rows'];
  await infer(caller.secret, { inputs: [bytes('text', texts)] });
  const [run] = (await t.app.services.usage.list(caller.accountId, { first: 1, after: undefined }))
    .runs;
  expect(run?.details.units).toMatchObject([{ unit: 'EMBEDDING', requested: 3, ran: 3 }]);
});

test('a model has one version, and its addresses name it or not', async () => {
  const { secret } = await t.caller(DOLLAR);
  const inputs = [bytes('text', ['a'])];
  for (const where of [RAW, ENCODED]) {
    for (const suffix of ['', '/config', '/ready']) {
      const plain = await get(where + suffix);
      expect([plain.status, plain.body]).toMatchObject([200, { name: DEMO_MODEL }]);
      expect((await get(`${where}/versions/1${suffix}`)).body).toEqual(plain.body);
      const other = await get(`${where}/versions/2${suffix}`);
      expect([other.status, other.body]).toEqual([
        404,
        { error: expect.stringMatching(/Version 2/) },
      ]);
    }
    const answer = await infer(secret, { inputs }, `${where}/versions/1`);
    expect([answer.status, answer.body]).toMatchObject([200, { model_version: '1' }]);
    expect((await infer(secret, { inputs }, `${where}/versions/7`)).status).toBe(404);
  }
});

test('the repository tells which models can be called', async () => {
  const index = (body?: object) =>
    callRest(t.url, 'POST', '/v2/repository/index', body === undefined ? {} : { body });
  const ready = { name: DEMO_MODEL, version: '1', state: 'READY', reason: '' };
  expect((await index({ ready: true })).body).toContainEqual(ready);
  const all = (await index()).body;
  expect(all).toContainEqual(ready);
  expect(all).toContainEqual({ name: NOT_LIVE, state: 'UNAVAILABLE', reason: 'coming soon' });
  expect((await index({ ready: 'yes' })).status).toBe(400);
  const compressed = await fetch(`${t.url}/v2/repository/index`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip' },
    body: new Uint8Array(gzipSync('{"ready":true}')),
  });
  expect((await readAnswer(compressed)).body).toEqual([ready]);
});

test.each([
  [{}, /inputs/],
  [{ inputs: [] }, /inputs/],
  [{ inputs: [bytes('pixels', ['a'])] }, /name/],
  [{ inputs: [{ ...bytes('text', ['a']), datatype: 'FP32' }] }, /BYTES/],
  [{ inputs: [bytes('text', ['a'], [2])] }, /shape/],
  [{ inputs: [bytes('text', [7])] }, /texts in JSON/],
  [{ inputs: [bytes('text', [])] }, /nothing to embed/],
  [{ inputs: [bytes('text', ['a']), bytes('text', ['b'])] }, /twice/],
  [{ inputs: [bytes('text', ['a'])], outputs: [{ name: 'logits' }] }, /embedding/],
  [{ inputs: [bytes('text', Array(2_049).fill('a'))] }, /2048/],
  [{ inputs: [bytes('image', Array(65).fill('AAAA'))] }, /64/],
])('%j is refused in words, and free', async (body, message) => {
  const caller = await t.caller(DOLLAR);
  const answer = await infer(caller.secret, body);
  expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(message) }]);
  expect(await posted(caller)).toBe(DOLLAR);
});

test('a model that is not live is not ready, and one that nobody has is not found', async () => {
  for (const suffix of ['', '/ready']) {
    const notLive = await get(`/v2/models/${NOT_LIVE}${suffix}`);
    expect([notLive.status, notLive.body]).toEqual([
      400,
      { error: expect.stringMatching(/not live/) },
    ]);
    const unknown = await get(`/v2/models/nobody/nothing${suffix}`);
    expect([unknown.status, unknown.body.error]).toEqual([404, expect.stringMatching(/nobody/)]);
    // KServe's client shows the text of no other media type.
    expect(unknown.headers.get('content-type')).toBe('application/json');
  }
});

test('a live model without its files is not found, and nobody learns where they would be', async () => {
  const slug = 'google/siglip-base-patch16-224';
  await t.database.query(`UPDATE model SET status = 'LIVE' WHERE slug = $1`, [slug]);
  const { status, body } = await get(`/v2/models/${slug}/ready`);
  expect([status, body]).toEqual([404, { error: `${slug} is not installed on this server.` }]);
});

test('a model is not ready while its predictor is away, though it is described', async () => {
  const down = await startTestApp({
    config: { modelsDir: t.modelsDir, predictorUrl: 'http://127.0.0.1:9' },
  });
  try {
    const at = (where: string) => callRest(down.url, 'GET', where);
    expect((await at(RAW)).status).toBe(200);
    const { status, body } = await at(`${RAW}/ready`);
    expect([status, body]).toEqual([503, { error: expect.stringMatching(/predictor/) }]);
    const { secret } = await newCaller(down, DOLLAR);
    const inputs = [bytes('text', ['a'])];
    const failed = await callRest(down.url, 'POST', `${RAW}/infer`, { secret, body: { inputs } });
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1']);
  } finally {
    await down.stop();
  }
});

describe('refusals', () => {
  testRefusals(() => t, {
    path: (model) => `/v2/models/${model}/infer`,
    body: (image) => ({ inputs: [bytes('image', [image])] }),
    errorField: 'error',
    notLiveStatus: 400,
  });
});
