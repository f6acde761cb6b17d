import OpenAI from 'openai';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { countedClient, errorOf } from '../support/openai.js';
import { DOLLAR } from '../support/payments.js';
import {
  DEMO_MODEL,
  newCaller,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { type PredictorProcess, startPredictorProcess } from '../support/predictor.js';

const CALLS = 200;
const PAID = 50;
const EMBEDDING_NANOS = 100_000n;

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform({
    limits: { ratePerMinute: 10_000, concurrencyMax: CALLS, store: 'memory' },
  });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('200 calls at once with credit for 50: 50 are answered, 150 are 402 once each, and nothing is left', async () => {
  const caller = await t.caller(EMBEDDING_NANOS * BigInt(PAID));
  const { client, sentAt } = countedClient(t.url, caller);
  const outcomes = await Promise.allSettled(
    Array.from({ length: CALLS }, (_, at) =>
      client.embeddings.create({ model: DEMO_MODEL, input: `input number ${String(at)}` }),
    ),
  );
  const statuses = outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 200 : (outcome.reason as { status: number }).status,
  );
  expect(statuses.filter((status) => status === 200)).toHaveLength(PAID);
  expect(statuses.filter((status) => status === 402)).toHaveLength(CALLS - PAID);
  expect(sentAt).toHaveLength(CALLS);
  const { postedNanos, heldNanos } = await t.app.services.credits.balance(caller.accountId);
  expect([postedNanos, heldNanos]).toEqual([0n, 0n]);
});

test('429 says how long to wait, and the client waits for so long', async () => {
  const caller = await t.caller(DOLLAR, { ratePerMinute: 1 });
  const { client, sentAt, headers } = countedClient(t.url, caller);
  const input = 'a text';
  await client.embeddings.create({ model: DEMO_MODEL, input });
  const error = await errorOf(
    client.embeddings.create({ model: DEMO_MODEL, input }, { maxRetries: 0 }),
  );
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({ code: 'rate_limited', type: 'rate_limit_error' });
  const waitS = Number(headers[1]?.get('retry-after'));
  expect(waitS).toBeGreaterThan(30);
  // What is more than 60 s, OpenAI's clients do not believe.
  expect(waitS).toBeLessThanOrEqual(60);
  expect(headers[1]?.get('x-ratelimit-remaining-requests')).toBe('0');
  // Without being told, the client would ask again after half a second.
  const signal = AbortSignal.timeout(1_500);
  const waiting = client.embeddings.create({ model: DEMO_MODEL, input }, { signal });
  await expect(waiting).rejects.toThrow(OpenAI.APIUserAbortError);
  expect(sentAt).toHaveLength(3);
});

test('402 and 409 are not retried', async () => {
  const poor = countedClient(t.url, await t.caller(0n));
  const input = 'a text that is new';
  const spent = await errorOf(poor.client.embeddings.create({ model: DEMO_MODEL, input }));
  expect([spent.status, poor.sentAt.length]).toEqual([402, 1]);
  const rich = countedClient(t.url, await t.caller(DOLLAR));
  const model = 'timm/ViT-SO400M-14-SigLIP-384';
  const soon = await errorOf(rich.client.embeddings.create({ model, input }));
  expect([soon.status, rich.sentAt.length]).toEqual([409, 1]);
});

describe('while no predictor runs', () => {
  let down: TestApp;
  let late: PredictorProcess | undefined;
  beforeAll(async () => {
    // Nobody listens on port 9.
    const predictorAddress = () => ({ url: late?.url ?? 'http://127.0.0.1:9', token: undefined });
    down = await startTestApp({ config: { modelsDir: t.modelsDir }, predictorAddress });
  });
  afterAll(async () => {
    await down.stop();
    await late?.end('SIGKILL');
  });

  test('503 is retried after the time that it says, and nothing is charged', async () => {
    const caller = await newCaller(down, DOLLAR);
    const { client, sentAt, headers } = countedClient(down.url, caller);
    const error = await errorOf(client.embeddings.create({ model: DEMO_MODEL, input: 'a text' }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 503, code: 'upstream_unavailable' });
    expect(headers.map((one) => one.get('retry-after'))).toEqual(['1', '1', '1']);
    const [first = 0, second = 0, third = 0] = sentAt;
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(990);
    expect((await down.app.services.credits.balance(caller.accountId)).postedNanos).toBe(DOLLAR);
  });

  test('a predictor that has not loaded the model yet is 503 too, not 404', async () => {
    const empty = temporaryFolder();
    const predictor = await startPredictorProcess(empty.path);
    const warming = await startTestApp({
      config: { modelsDir: t.modelsDir, predictorUrl: predictor.url },
    });
    try {
      const caller = await newCaller(warming, DOLLAR);
      const { client } = countedClient(warming.url, caller, { maxRetries: 0 });
      const error = await errorOf(client.embeddings.create({ model: DEMO_MODEL, input: 'a text' }));
      expect(error).toMatchObject({ status: 503, code: 'upstream_unavailable' });
      expect(error.message).toMatch(/demo-shapes is temporarily unavailable/);
    } finally {
      await warming.stop();
      await predictor.end('SIGKILL');
      empty.remove();
    }
  });

  test('Prefer: wait is answered when the predictor comes up, and charged once', async () => {
    const caller = await newCaller(down, DOLLAR);
    const { client, sentAt, headers } = countedClient(down.url, caller);
    const answer = client.chat.completions.create(
      {
        model: DEMO_MODEL,
        messages: [
          { role: 'system', content: 'One of: red circle, green heart' },
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: sample('green-heart.png') } }],
          },
        ],
      },
      { headers: { prefer: 'wait=20' } },
    );
    late = await startPredictorProcess(t.modelsDir);
    expect((await answer).choices[0]?.message.content).toBe('green heart');
    expect(sentAt).toHaveLength(1);
    expect(headers[0]?.get('preference-applied')).toBe('wait=20');
    expect(headers[0]?.get('x-gigarouter-cost')).toBe('0.00022');
    const { body } = await caller.gql('{ account { runs(first: 100) { nodes { status } } } }');
    const runs = body.data.account.runs.nodes as readonly { readonly status: string }[];
    const [last, ...earlier] = runs.map(({ status }) => status);
    // It was tried before the predictor was there.
    expect(last).toBe('SUCCEEDED');
    expect(new Set(earlier)).toEqual(new Set(['FAILED']));
    const { postedNanos } = await down.app.services.credits.balance(caller.accountId);
    expect(DOLLAR - postedNanos).toBe(220_000n);
    const findings = await down.app.services.credits.verify();
    expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
  });
});
