import { cpSync } from 'node:fs';
import path from 'node:path';
import { PaymentRequiredResponseError } from '@openrouter/sdk/models/errors';
import { newId } from '../../src/platform/ids.js';
import { UsageService } from '../../src/usage/usage.service.js';
import { insertModel } from '../support/models.js';
import { classifyOnce, newLabels, openrouterClient } from '../support/openrouter.js';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

const DOLLAR = 1_000_000_000n;
const DEMO = { author: 'gigarouter', slug: 'demo-shapes' };

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const clientOf = (caller: Pick<Caller, 'secret'>) => openrouterClient(t.url, caller);

describe('models', () => {
  test('the SDK lists, counts and gets them, and finds every field that it needs', async () => {
    const client = clientOf(await t.caller(0n));
    const ids: string[] = [];
    for await (const page of await client.models.list({ limit: 1 })) {
      expect(page.result.totalCount).toBe(1);
      ids.push(...page.result.data.map(({ id }) => id));
    }
    expect(ids).toEqual([DEMO_MODEL]);
    expect((await client.models.count()).data.count).toBe(1);
    expect((await client.models.count({ outputModalities: 'video' })).data.count).toBe(0);
    const { data: model } = await client.models.get(DEMO);
    expect(model).toMatchObject({
      id: DEMO_MODEL,
      canonicalSlug: DEMO_MODEL,
      pricing: { prompt: '0', completion: '0', image: '0.0002' },
      architecture: { modality: 'image+text->text+embeddings' },
      links: { details: `/api/v1/models/${DEMO_MODEL}/endpoints` },
    });
    const embedding = await client.embeddings.listModels();
    for await (const page of embedding) expect(page.result.data).toEqual([model]);
    expect((await client.providers.list()).data.map(({ slug }) => slug)).toEqual(['gigarouter']);
  });

  test('pages lead to each other, in the order that was asked for', async () => {
    for (const at of [1, 2, 3]) {
      await insertModel(t.database, {
        slug: `pages/model-${String(at)}`,
        status: 'DEPRECATED',
        published_on: `200${String(at)}`,
      });
    }
    const seen: string[] = [];
    let next = '/api/v1/models?limit=2&sort=newest&model_authors=pages';
    while (next !== '') {
      const { body } = await callRest(t.url, 'GET', next);
      expect(body.total_count).toBe(3);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      next = (body.links.next ?? '').replace(t.url, '');
    }
    expect(seen).toEqual(['pages/model-3', 'pages/model-2', 'pages/model-1']);
    const found = await callRest(t.url, 'GET', '/api/v1/models?q=shapes&sort=constructor');
    expect(found.body.data.map(({ id }: { id: string }) => id)).toEqual([DEMO_MODEL]);
  });
});

describe('endpoints', () => {
  test('speed and uptime are those of real calls; of a model that nobody called they are null', async () => {
    const caller = await t.caller(DOLLAR);
    await classifyOnce(t.url, caller, newLabels(1));
    cpSync(path.join(t.modelsDir, DEMO_MODEL), path.join(t.modelsDir, 'gigarouter/idle'), {
      recursive: true,
    });
    await insertModel(t.database, { slug: 'gigarouter/idle', status: 'LIVE' });
    const client = clientOf(caller);
    const { data } = await client.endpoints.list(DEMO);
    const [endpoint] = data.endpoints;
    expect(data).toMatchObject({ id: DEMO_MODEL, created: Date.UTC(2026, 10) / 1_000 });
    expect(endpoint).toMatchObject({
      contextLength: 32,
      quantization: 'fp32',
      pricing: { image: '0.0002' },
      uptimeLast5m: 100,
      uptimeLast30m: 100,
      uptimeLast1d: 100,
    });
    expect(endpoint?.latencyLast30m?.p50).toBeGreaterThan(0);
    expect(endpoint?.throughputLast30m?.p99).toBeGreaterThan(0);
    const idle = await client.endpoints.list({ author: 'gigarouter', slug: 'idle' });
    expect(idle.data.endpoints).toMatchObject([
      { uptimeLast5m: null, uptimeLast1d: null, latencyLast30m: null, throughputLast30m: null },
    ]);
  });

  test('what cannot be called has none: not live yet, or without its files', async () => {
    await insertModel(t.database, { slug: 'gigarouter/lost', status: 'LIVE' });
    for (const slug of ['timm/ViT-SO400M-14-SigLIP-384', 'gigarouter/lost']) {
      const { status, body } = await callRest(t.url, 'GET', `/api/v1/models/${slug}/endpoints`);
      expect([slug, status, body.data.endpoints]).toEqual([slug, 200, []]);
    }
  });

  test('percentiles and uptime count what they say, and nothing of callers’ own mistakes', async () => {
    const accountId = await t.app.services.accounts.openAccount('Runs');
    const run = (outcome: string, ms: number, minutesAgo: number, more: object = {}) =>
      t.database.query(
        `INSERT INTO run (id, account_id, outcome, held, charged, details, started_at, ended_at)
         SELECT $1, $2, $3::"RunOutcome", 0, 0, $4, e.at - make_interval(secs => $5 / 1000.0), e.at
           FROM (SELECT now() - make_interval(mins => $6) AS at) e`,
        [
          newId('run'),
          accountId,
          outcome,
          { model: 'made/up', units: [{ unit: 'IMAGE', requested: 2 }], ...more },
          ms,
          minutesAgo,
        ],
      );
    for (let ms = 100; ms <= 500; ms += 100) await run('CAPTURED', ms, 1);
    await run('CAPTURED', 90_000, 1, { tier: 'batch' });
    await run('VOIDED', 9_000, 1, { errorCode: 'BAD_USER_INPUT' });
    await run('VOIDED', 9_000, 1, { errorCode: 'CANCELLED' });
    await run('VOIDED', 9_000, 10, { errorCode: 'UPSTREAM_UNAVAILABLE' });
    await run('EXPIRED', 9_000, 100);
    await run('CAPTURED', 9_000, 25 * 60);
    const performance = await new UsageService(t.app.database).performance('made/up');
    const { latencyMs, inputsPerS, successShare, lastDay, last30Days } = performance;
    expect(latencyMs?.p50).toBeCloseTo(300, 6);
    expect(latencyMs?.p75).toBeCloseTo(400, 6);
    expect(latencyMs?.p90).toBeCloseTo(460, 6);
    expect(latencyMs?.p99).toBeCloseTo(496, 6);
    // 2 in 300 ms.
    expect(inputsPerS?.p50).toBeCloseTo(2 / 0.3, 6);
    expect(successShare).toEqual({ last5Min: 1, last30Min: 6 / 7 });
    expect(performance.lastHour.availability).toBe(6 / 7);
    expect(performance.lastHour.latencyMs.p50).toBeCloseTo(300, -1);
    expect(lastDay.availability).toBe(6 / 8);
    expect(last30Days.availability).toBe(7 / 9);
  });
});

describe('embeddings', () => {
  const generate = (caller: Caller, input: unknown) =>
    clientOf(caller).embeddings.generate({
      requestBody: { model: DEMO_MODEL, input: input as string[] },
    });

  test('the SDK gets vectors of texts and of images, and what they cost', async () => {
    const caller = await t.caller(DOLLAR);
    const url = `data:image/png;base64,${sample('red-circle.png')}`;
    const answer = await generate(caller, [
      { content: [{ type: 'image_url', imageUrl: { url } }] },
      { content: [{ type: 'text', text: 'a red circle' }] },
    ]);
    if (typeof answer === 'string') throw new Error(answer);
    expect(answer.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, 128],
      [1, 128],
    ]);
    expect(answer.usage).toMatchObject({ promptTokens: 2, cost: 0.0002 });
    const { data } = await clientOf(caller).generations.getGeneration({ id: answer.id ?? '' });
    expect(data).toMatchObject({ apiType: 'embeddings', totalCost: 0.0002, numMediaPrompt: null });
  });

  test('without credit, and with a key that reached its limit, it is the SDK’s error of 402', async () => {
    const poor = await t.caller(0n);
    const capped = await t.caller(DOLLAR, { spendCapNanos: 99_999n, capPeriod: 'TOTAL' });
    for (const [caller, reason] of [
      [poor, 'insufficient_credit'],
      [capped, 'spend_cap_reached'],
    ] as const) {
      const error: unknown = await generate(caller, newLabels(1)).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(PaymentRequiredResponseError);
      expect(error).toMatchObject({
        statusCode: 402,
        error: { code: 402, metadata: { error_type: 'payment_required', reason } },
      });
      const { runs } = await t.app.services.usage.list(caller.accountId, {
        first: 1,
        after: undefined,
      });
      expect(runs).toEqual([]);
    }
  });

  test('the rate of calls is told as OpenRouter tells it, and 429 when it is over', async () => {
    const { secret } = await t.caller(DOLLAR, { ratePerMinute: 1 });
    const body = { model: DEMO_MODEL, input: newLabels(1) };
    const call = () => callRest(t.url, 'POST', '/api/v1/embeddings', { secret, body });
    const first = await call();
    expect(first.status).toBe(200);
    expect(first.headers.get('x-ratelimit-limit')).toBe('1');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('0');
    const resetMs = Number(first.headers.get('x-ratelimit-reset')) - Date.now();
    expect(resetMs).toBeGreaterThan(0);
    // A clock may step back.
    expect(resetMs).toBeLessThanOrEqual(60_100);
    const second = await call();
    expect([second.status, second.body.error.metadata.error_type]).toEqual([
      429,
      'rate_limit_exceeded',
    ]);
    expect(second.headers.get('retry-after')).toMatch(/^\d+$/);
  });
});

test('the catalog is everybody’s, but a wrong key is refused as everywhere', async () => {
  const addresses = ['models', 'models/count', 'embeddings/models', 'providers'];
  for (const address of [...addresses, `model/${DEMO_MODEL}`, `models/${DEMO_MODEL}/endpoints`]) {
    const url = `/api/v1/${address}`;
    expect([address, (await callRest(t.url, 'GET', url)).status]).toEqual([address, 200]);
    const wrong = await callRest(t.url, 'GET', url, { secret: 'gr-wrong' });
    expect([address, wrong.status, wrong.body.error.code]).toEqual([address, 401, 401]);
  }
  for (const address of ['model/nobody/nothing', 'models/nobody/nothing/endpoints']) {
    const unknown = await callRest(t.url, 'GET', `/api/v1/${address}`);
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 404]);
  }
  const bad = await callRest(t.url, 'GET', '/api/v1/models?limit=0');
  expect([bad.status, bad.body.error.metadata.error_type]).toEqual([400, 'invalid_request']);
});
