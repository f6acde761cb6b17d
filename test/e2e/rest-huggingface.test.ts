import { InferenceClient } from '@huggingface/inference';
import { AppError, ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { huggingface } from '../../src/rest/huggingface/huggingface.dialect.js';
import { startTestApp } from '../support/app.js';
import {
  DEMO_MODEL,
  newCaller,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { testRefusals } from '../support/refusals.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const LABELS = ['red circle', 'green heart', 'blue square'];
const bytesOf = (name: string) => new Uint8Array(Buffer.from(sample(name), 'base64'));
const parameters = { candidate_labels: LABELS };
const run = (secret: string, body: unknown, where = `/models/${DEMO_MODEL}`) =>
  callRest(t.url, 'POST', where, { secret, body });
const labelsOf = (answer: { label: string }[]) => answer.map(({ label }) => label);
const lengthOf = (vector: number[]) => Math.hypot(...vector);

describe('the JavaScript client', () => {
  const endpoint = (secret: string) =>
    new InferenceClient(secret).endpoint(`${t.url}/models/${DEMO_MODEL}`);

  test('classifies a Blob: each label by itself, best first, as the reference pipeline', async () => {
    const { secret } = await t.caller(DOLLAR);
    const inputs = new Blob([bytesOf('green-heart.png')]);
    const answer = await endpoint(secret).zeroShotImageClassification({ inputs, parameters });
    expect(answer[0]?.label).toBe('green heart');
    const native = await run(
      secret,
      { model: DEMO_MODEL, input: sample('green-heart.png'), labels: LABELS, scoring: 'sigmoid' },
      '/v1/classify',
    );
    expect(answer).toEqual(native.body.data[0].predictions);
    expect(answer.reduce((sum, { score }) => sum + score, 0)).not.toBeCloseTo(1, 6);
  });

  test('classifies {image}, as its older callers send it', async () => {
    const { secret } = await t.caller(DOLLAR);
    const inputs = { image: new Blob([bytesOf('red-circle.png')]) };
    const answer = await endpoint(secret).zeroShotImageClassification({ inputs, parameters });
    expect(answer[0]?.label).toBe('red circle');
  });

  test('extracts features: a vector of a text, and one for each of a list', async () => {
    const { secret } = await t.caller(DOLLAR);
    const one = await endpoint(secret).featureExtraction({ inputs: 'red circle' });
    const many = await endpoint(secret).featureExtraction({
      inputs: ['green heart', 'red circle'],
    });
    expect(lengthOf(one as number[])).toBeCloseTo(1, 5);
    expect(many[1]).toEqual(one);
    expect(many[0]).not.toEqual(one);
  });

  test('finds the model behind the router’s address, with the pipeline that it appends', async () => {
    const { secret } = await t.caller(DOLLAR);
    const seen: string[] = [];
    const viaUs: typeof fetch = (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      seen.push(pathname);
      if (pathname.startsWith('/api/models/')) {
        const live = { providerId: DEMO_MODEL, status: 'live', task: 'feature-extraction' };
        return Promise.resolve(
          Response.json({ inferenceProviderMapping: { 'hf-inference': live } }),
        );
      }
      return fetch(t.url + pathname, init);
    };
    const client = new InferenceClient(secret, { fetch: viaUs });
    const call = { provider: 'hf-inference', model: DEMO_MODEL, inputs: 'red circle' } as const;
    const vector = await client.featureExtraction(call);
    expect(lengthOf(vector as number[])).toBeCloseTo(1, 5);
    expect(seen.at(-1)).toBe(`/hf-inference/models/${DEMO_MODEL}/pipeline/feature-extraction`);
  });

  test('shows the text of an error', async () => {
    const { secret } = await t.caller(0n);
    const inputs = new Blob([bytesOf('red-circle.png')]);
    const poor = endpoint(secret).zeroShotImageClassification({
      inputs,
      parameters: { candidate_labels: ['a label that is new'] },
    });
    await expect(poor).rejects.toThrow(/Failed to perform inference: .*credit/);
    const { secret: rich } = await t.caller(DOLLAR);
    const none = endpoint(rich).zeroShotImageClassification({
      inputs,
      parameters: { candidate_labels: [] },
    });
    await expect(none).rejects.toThrow(/Failed to perform inference: .*labels/);
  });

  test('asks once for a model that is down, and hears so when its time is up', async () => {
    const down = await startTestApp({
      config: { modelsDir: t.modelsDir, predictorUrl: 'http://127.0.0.1:9' },
    });
    try {
      const { secret, accountId } = await newCaller(down, DOLLAR);
      let attempts = 0;
      const counting: typeof fetch = (input, init) => {
        attempts += 1;
        const headers = new Headers(init?.headers);
        headers.set('prefer', 'wait=1');
        return fetch(input, { ...init, headers });
      };
      const startedAt = performance.now();
      const failed = new InferenceClient(secret, { fetch: counting })
        .endpoint(`${down.url}/models/${DEMO_MODEL}`)
        .featureExtraction({ inputs: 'red circle' });
      await expect(failed).rejects.toMatchObject({
        message: expect.stringMatching(/predictor/),
        httpResponse: { status: 504 },
      });
      expect(attempts).toBe(1);
      expect(performance.now() - startedAt).toBeGreaterThan(400);
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      expect((await down.app.services.credits.balance(accountId)).postedNanos).toBe(DOLLAR);
    } finally {
      await down.stop();
    }
  });
});

test('no error is ever a 503, which the JavaScript client would repeat without end', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { status, body } = huggingface.renderError(new AppError(code, 'why'), 'req_1');
    expect([code, status]).not.toEqual([code, 503]);
    expect(body).toEqual({ error: 'why' });
  }
});

test('the three spellings are one request: the second and third are cached', async () => {
  const { secret } = await t.caller(DOLLAR);
  const image = sample('green-heart.png');
  const spellings = [{ inputs: image }, { inputs: { image } }, { image }];
  const answers = [];
  for (const spelling of spellings) {
    answers.push(await run(secret, { ...spelling, parameters: { candidate_labels: ['a', 'b'] } }));
  }
  const [python, javascript, widget] = answers;
  expect(python?.status).toBe(200);
  expect(javascript?.body).toEqual(python?.body);
  expect(widget?.body).toEqual(python?.body);
  expect(widget?.headers.get('x-gigarouter-cost')).toBe('0');
  expect(python?.headers.get('preference-applied')).toBe('wait=30');
});

test('labels with commas between them, a template, another function and the best few', async () => {
  const { secret } = await t.caller(DOLLAR);
  const inputs = sample('red-circle.png');
  const scores = async (more: object) =>
    (await run(secret, { inputs, parameters: { ...parameters, ...more } })).body;
  const plain = await scores({});
  expect(await scores({ candidate_labels: LABELS.join(' , ') })).toEqual(plain);
  const shares = await scores({ function_to_apply: 'softmax' });
  expect(labelsOf(shares)).toEqual(labelsOf(plain));
  const sum = shares.reduce((total: number, { score }: { score: number }) => total + score, 0);
  expect(sum).toBeCloseTo(1, 6);
  const logits = await scores({ function_to_apply: 'none' });
  expect(1 / (1 + Math.exp(-logits[0].score))).toBeCloseTo(plain[0].score, 9);
  expect(await scores({ top_k: 1 })).toEqual(plain.slice(0, 1));
  expect(await scores({ hypothesis_template: 'no {} here' })).not.toEqual(plain);
});

test('features of images: as {image}, in a list with texts, or by the pipeline’s name', async () => {
  const { secret } = await t.caller(DOLLAR);
  const image = sample('red-circle.png');
  const one = await run(secret, { inputs: { image } });
  const mixed = await run(secret, { inputs: ['red circle', { image }, { text: 'red circle' }] });
  const named = await run(
    secret,
    { inputs: image },
    `/models/${DEMO_MODEL}/pipeline/image-feature-extraction`,
  );
  expect(named.body).toEqual(one.body);
  expect(mixed.body[1]).toEqual(one.body);
  expect(mixed.body[2]).toEqual(mixed.body[0]);
  expect(lengthOf(one.body)).toBeCloseTo(1, 5);
  const encoded = await run(secret, { image }, `/models/${encodeURIComponent(DEMO_MODEL)}`);
  expect(encoded.body).toEqual(one.body);
});

test.each([
  [{}, '', /inputs/],
  [{ inputs: 7 }, '', /inputs/],
  [{ inputs: [] }, '', /inputs/],
  [{ parameters }, '', /image/],
  [{ inputs: ['a', 'b'], parameters }, '', /one image/],
  [{ inputs: 'AAAA', parameters: { candidate_labels: [] } }, '', /labels/],
  [{ inputs: 'AAAA', parameters: { candidate_labels: ' , ' } }, '', /labels/],
  [{ inputs: 'AAAA', parameters: { candidate_labels: [1] } }, '', /candidate_labels/],
  [{ inputs: 'AAAA', parameters: { ...parameters, top_k: 0 } }, '', /top_k/],
  [{ inputs: 'AAAA', parameters: { ...parameters, function_to_apply: 'x' } }, '', /function/],
  [{ inputs: 'AAAA', parameters: { ...parameters, hypothesis_template: 'x' } }, '', /template/],
  [{ inputs: 'AAAA' }, '/pipeline/zero-shot-image-classification', /candidate_labels/],
  [{ inputs: 'file:///etc/passwd', parameters }, '', /https/],
  [{ inputs: 'http://127.0.0.1/x.png', parameters }, '', /public|address/],
])('%j is refused in words', async (body, suffix, message) => {
  const { secret, accountId } = await t.caller(DOLLAR);
  const answer = await run(secret, body, `/models/${DEMO_MODEL}${suffix}`);
  expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(message) }]);
  expect((await t.app.services.credits.balance(accountId)).postedNanos).toBe(DOLLAR);
});

test('a task that nobody serves is not found', async () => {
  const { secret } = await t.caller(DOLLAR);
  const where = `/models/${DEMO_MODEL}/pipeline/text-generation`;
  const answer = await run(secret, { inputs: 'a' }, where);
  expect([answer.status, answer.body.error]).toEqual([404, expect.stringMatching(/feature-extra/)]);
});

describe('refusals', () => {
  testRefusals(() => t, {
    path: (model) => `/hf-inference/models/${model}`,
    body: (image) => ({ inputs: image, parameters }),
    errorField: 'error',
  });
});

describe('the billing pull', () => {
  const pull = (secret: string, requestIds: unknown) =>
    run(secret, { requestIds }, '/hf-inference/billing');

  test('gives the cost of runs by their Inference-Id: 0 for one that was cached, or failed', async () => {
    const { secret, accountId } = await t.caller(DOLLAR);
    const failed = await run(secret, { inputs: { image: 'AAAA' } });
    expect(failed.status).toBe(415);
    const page = await t.app.services.usage.list(accountId, { first: 1, after: undefined });
    const failedId = page.runs[0]?.id ?? '';
    const paid = await run(secret, { inputs: 'a text that is new' });
    const free = await run(secret, { inputs: 'a text that is new' });
    const ids = [paid, free].map(({ headers }) => headers.get('inference-id') ?? '');
    const asked = [...ids, failedId, 'run_unknown', 'with\0zero', ids[0]];
    const { body } = await pull(secret, asked);
    const costs = new Map(
      (body.requests as { requestId: string; costNanoUsd: number }[]).map((one) => [
        one.requestId,
        one.costNanoUsd,
      ]),
    );
    expect(body.requests).toHaveLength(3);
    const dollars = Number(paid.headers.get('x-gigarouter-cost'));
    expect(costs.get(ids[0] ?? '')).toBe(Math.round(dollars * 1e9));
    expect(dollars).toBeGreaterThan(0);
    expect([costs.get(ids[1] ?? ''), costs.get(failedId)]).toEqual([0, 0]);
  });

  test('shows nothing of another account', async () => {
    const [owner, other] = [await t.caller(DOLLAR), await t.caller(DOLLAR)];
    const { headers } = await run(owner.secret, { inputs: 'mine' });
    const { body } = await pull(other.secret, [headers.get('inference-id')]);
    expect(body).toEqual({ requests: [] });
  });

  test('takes 10,000 ids of a key that may only read, and not one more', async () => {
    const { secret } = await t.caller(DOLLAR, { scopes: ['READ'] });
    const ids = Array.from({ length: 10_000 }, (_, at) => `run_${String(at).padStart(26, '0')}`);
    expect(await pull(secret, ids)).toMatchObject({ status: 200, body: { requests: [] } });
    const more = await pull(secret, [...ids, 'run_1']);
    expect([more.status, more.body]).toEqual([400, { error: expect.stringMatching(/requestIds/) }]);
  });

  test.each([[undefined], ['run_1'], [[7]], [['x'.repeat(101)]]])(
    '%j is no list of ids',
    async (ids) => {
      const { secret } = await t.caller(DOLLAR);
      const answer = await pull(secret, ids);
      expect([answer.status, answer.body]).toEqual([400, { error: expect.any(String) }]);
    },
  );

  test('needs a key, and one that may read', async () => {
    expect((await callRest(t.url, 'POST', '/hf-inference/billing', { body: {} })).status).toBe(401);
    const { secret } = await t.caller(DOLLAR, { scopes: ['INFERENCE'] });
    expect((await pull(secret, [])).status).toBe(403);
  });
});
