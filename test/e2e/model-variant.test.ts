import { cpSync } from 'node:fs';
import path from 'node:path';
import { type App, createApp } from '../../src/app/app.js';
import { createPredictorChild } from '../../src/app/local-models.js';
import { readConfig } from '../../src/config/config.js';
import {
  ClassificationService,
  EmbeddingService,
  ModelService,
} from '../../src/inference/index.js';
import { createLogger } from '../../src/platform/logger.js';
import { PredictorClient } from '../../src/predictor/client.js';
import { compile, type Variant } from '../../src/siglip/index.js';
import {
  errorOf,
  type GraphQLAnswer,
  postGraphQL,
  startTestApp,
  type TestApp,
} from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, IMAGE, input, LABEL } from '../support/classify.js';
import { temporaryFolder } from '../support/folder.js';
import { breakScales } from '../support/int8.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';
import { bearer, type Caller, DEMO_MODEL, newCaller, sample } from '../support/platform.js';
import { type PredictorProcess, startPredictorProcess } from '../support/predictor.js';
import { until } from '../support/process.js';

const DEMO = path.resolve(import.meta.dirname, '../../models/demo-shapes');
const CREDIT = 1_000_000_000n;
const LABELS = ['red circle', 'green heart', 'cat'];

const folder = temporaryFolder();
const outbox = temporaryFolder();
const child = createPredictorChild(
  { modelVariant: 'int8', shutdownTimeoutMs: 5_000 },
  createLogger('error', { write: () => undefined }),
  { MODELS_DIR: folder.path, PREDICTOR_THREADS: '1', LOG_LEVEL: 'silent' },
);
/** Of another machine: it serves everything. */
let both: PredictorProcess;
let t: TestApp;
let operator: Person;

beforeAll(async () => {
  for (const slug of [DEMO_MODEL, 'test/fp32-only', 'test/good', 'test/broken']) {
    const model = path.join(folder.path, slug);
    cpSync(DEMO, model, { recursive: true });
    await compile(model, { int8: slug !== 'test/fp32-only' });
  }
  await breakScales(path.join(folder.path, 'test/broken'));
  [both] = await Promise.all([startPredictorProcess(folder.path), child.start()]);
  t = await startTestApp({
    config: { ...mailTo(outbox.path), modelsDir: folder.path, modelVariant: 'int8' },
    predictorAddress: child.address,
  });
  operator = await newOperator(t, outbox.path);
});
afterAll(async () => {
  await t.stop();
  await child.stop();
  await both.end('SIGKILL');
  folder.remove();
  outbox.remove();
});

/** Another server on the same database while `work` runs: a restart with another setting. */
async function onServer<Result>(
  modelVariant: Variant,
  predictorUrl: string,
  work: (server: { app: App; url: string }) => Promise<Result>,
): Promise<Result> {
  const config = { ...readConfig({}), modelsDir: folder.path, modelVariant, predictorUrl };
  const app = await createApp(config, t.database.url, { logger: t.app.logger });
  try {
    const url = await app.server.listen({ port: 0, host: '127.0.0.1' });
    return await work({ app, url });
  } finally {
    await app.stop();
  }
}

async function classify(caller: Caller, more: object, url = t.url) {
  const body = { query: CLASSIFY, variables: input(more) };
  const answer = await postGraphQL(url, body, bearer(caller.secret));
  expect(errorOf(answer)).toBeUndefined();
  return answer.body.data.classifyImage;
}

type Logits = Record<string, number>;

const logitsOf = ({ classification }: { classification: { labels: Scored[] } }): Logits =>
  Object.fromEntries(classification.labels.map(({ label, logit }) => [label, logit]));
interface Scored {
  readonly label: string;
  readonly logit: number;
}

/** What `models classify --variant` says: without accounts, prices and caches. */
async function directly(slug: string, variant: Variant): Promise<Logits> {
  const client = new PredictorClient(() => ({ url: both.url, token: undefined }));
  const bounds = { textCacheBytesMax: 0, imageCacheBytesMax: 0, timeoutMs: 120_000 };
  const service = new ClassificationService(new EmbeddingService({ of: () => client }, bounds));
  try {
    const model = await new ModelService(folder.path, variant).get(slug);
    const image = Buffer.from(sample('green-heart.png'), 'base64');
    const { ranked } = await service.classify({ model, image, labels: LABELS });
    return Object.fromEntries(ranked.map(({ index, logit }) => [LABELS[index], logit]));
  } finally {
    await client.close();
  }
}

const furthest = (a: Logits, b: Logits) =>
  Math.max(...LABELS.map((label) => Math.abs((a[label] ?? NaN) - (b[label] ?? NaN))));

async function variantOfRun(runId: string): Promise<unknown> {
  const [run] = await t.database.query(
    `SELECT details ->> 'variant' AS variant FROM run WHERE id = $1`,
    [runId],
  );
  return run?.variant;
}

async function quantization(slug: string): Promise<unknown> {
  const response = await fetch(`${t.url}/api/v1/models/${slug}/endpoints`);
  const { data } = (await response.json()) as { data: { endpoints: { quantization: string }[] } };
  return data.endpoints.map((endpoint) => endpoint.quantization);
}

/** A model whose files are there, with prices, that is coming soon. */
async function addToCatalog(slug: string): Promise<void> {
  const create =
    'mutation ($input: CreateModelInput!) { createModel(input: $input) { model { id } userErrors { code message path details } } }';
  const task = 'ZERO_SHOT_IMAGE_CLASSIFICATION';
  const model = { slug, name: 'Copy', task, summary: 'A copy.' };
  expect(errorOf(await operator.gql(create, { input: model }))).toBeUndefined();
  const price =
    'mutation ($input: SetModelPriceInput!) { setModelPrice(input: $input) { model { slug } userErrors { code message path details } } }';
  for (const [unit, nanos] of [
    ['IMAGE', IMAGE],
    ['LABEL_TEXT', LABEL],
    ['EMBEDDING', IMAGE],
  ] as const) {
    const input = { model: slug, unit, nanosPerUnit: String(nanos) };
    expect(errorOf(await operator.gql(price, { input }))).toBeUndefined();
  }
}

const publish = (model: string) =>
  operator.gql(
    'mutation ($model: String!) { publishModel(input: { model: $model }) { model { status } userErrors { code message path details } } }',
    { model },
  );

function publishedOf(answer: GraphQLAnswer): unknown {
  expect(errorOf(answer)).toBeUndefined();
  return answer.body.data.publishModel.model.status;
}

test('the child of the server loads what calls run, and nothing else', async () => {
  const { url = '', token = '' } = child.address() ?? {};
  const index = async (from: string, headers: Record<string, string>) => {
    const response = await fetch(`${from}/v2/repository/index`, { method: 'POST', headers });
    return ((await response.json()) as { name: string }[]).map(({ name }) => name).sort();
  };
  expect(await index(url, bearer(token))).toEqual([
    'gigarouter--demo-shapes.int8.image',
    'gigarouter--demo-shapes.int8.text',
    'test--broken.int8.image',
    'test--broken.int8.text',
    'test--fp32-only.fp32.image',
    'test--fp32-only.fp32.text',
    'test--good.int8.image',
    'test--good.int8.text',
  ]);
  // A predictor that is nobody's child loads all that PREDICTOR_VARIANTS says: both.
  expect(await index(both.url, {})).toHaveLength(14);
});

test('callers get int8: its scores, at the price of fp32', async () => {
  const caller = await newCaller(t, CREDIT);
  const answer = await classify(caller, { labels: LABELS });
  const logits = logitsOf(answer);
  expect(logits).toEqual(await directly(DEMO_MODEL, 'int8'));
  const exact = await directly(DEMO_MODEL, 'fp32');
  expect(furthest(logits, exact)).toBeGreaterThan(1e-4);
  expect(furthest(logits, exact)).toBeLessThan(1);
  expect(answer.cost.chargedNanos).toBe(String(IMAGE + 3n * LABEL));
  expect(await variantOfRun(answer.runId as string)).toBe('int8');
  expect(await quantization(DEMO_MODEL)).toEqual(['int8']);

  const plain = await onServer('fp32', both.url, ({ url }) =>
    classify(caller, { labels: LABELS }, url),
  );
  expect(logitsOf(plain)).toEqual(exact);
  expect(plain.cost.chargedNanos).toBe(answer.cost.chargedNanos);
  expect(await variantOfRun(plain.runId as string)).toBe('fp32');
});

test('a model without int8 is published, described and run in fp32', async () => {
  await addToCatalog('test/fp32-only');
  expect(publishedOf(await publish('test/fp32-only'))).toBe('LIVE');
  const caller = await newCaller(t, CREDIT);
  const answer = await classify(caller, { model: 'test/fp32-only', labels: LABELS });
  expect(logitsOf(answer)).toEqual(await directly('test/fp32-only', 'fp32'));
  expect(answer.cost.chargedNanos).toBe(String(IMAGE + 3n * LABEL));
  expect(await variantOfRun(answer.runId as string)).toBe('fp32');
  expect(await quantization('test/fp32-only')).toEqual(['fp32']);
});

test('what a label set came to in one precision is not used in the other, and kept for its own', async () => {
  const caller = await newCaller(t, CREDIT);
  const create =
    'mutation ($input: CreateLabelSetInput!) { createLabelSet(input: $input) { labelSet { id } userErrors { code message path details } } }';
  const made = await caller.gql(create, { input: { name: 'set', labels: fresh(4) } });
  const labelSetId = made.body.data.createLabelSet.labelSet.id as string;
  const keptFor = async (variant: Variant) =>
    until(`the vectors of ${variant}`, async () => {
      const rows = await t.database.query(
        'SELECT FROM label_set_embedding WHERE label_set_id = $1 AND variant = $2',
        [labelSetId, variant],
      );
      return rows.length === 1 ? true : undefined;
    });
  const call = (variant: Variant) =>
    onServer(variant, both.url, ({ url }) => classify(caller, { labelSetId }, url));

  const first = await call('fp32');
  expect(first.labelsCached).toBe(0);
  await keptFor('fp32');
  const other = await call('int8');
  expect(other.labelsCached).toBe(0);
  expect(other.cost.chargedNanos).toBe(first.cost.chargedNanos);
  await keptFor('int8');
  expect(furthestOf(first, other)).toBeGreaterThan(1e-4);

  // And back, each on a server that has run neither: each variant of the image is paid for as well.
  for (const [variant, before] of [
    ['fp32', first],
    ['int8', other],
  ] as const) {
    const again = await call(variant);
    expect(again).toMatchObject({ labelsCached: 4, cost: { chargedNanos: '0' } });
    expect(logitsOf(again)).toEqual(logitsOf(before));
  }
});

function furthestOf(a: Parameters<typeof logitsOf>[0], b: Parameters<typeof logitsOf>[0]): number {
  const [left, right] = [logitsOf(a), logitsOf(b)];
  return Math.max(
    ...Object.keys(left).map((key) => Math.abs((left[key] ?? 0) - (right[key] ?? 0))),
  );
}

test('a predictor that lacks the variant runs nothing: callers pay nothing, operators are told which', async () => {
  const plain = await startPredictorProcess(folder.path, { PREDICTOR_VARIANTS: 'fp32' });
  try {
    await onServer('int8', plain.url, async ({ app, url }) => {
      const caller = await newCaller({ app, url }, CREDIT);
      const { body } = await caller.gql(CLASSIFY, input({ labels: fresh(1) }));
      expect(body.errors[0]).toMatchObject({
        message: `${DEMO_MODEL} is temporarily unavailable.`,
        extensions: { code: 'UPSTREAM_UNAVAILABLE' },
      });
      const { body: balance } = await caller.gql(BALANCE);
      expect(balance.data.account.balance.availableNanos).toBe(String(CREDIT));
      const { checks } = await app.services.publishing.readiness(DEMO_MODEL);
      expect(checks[0]?.outcome).toContain(`It does not serve ${DEMO_MODEL} in int8.`);
    });
  } finally {
    await plain.end('SIGKILL');
  }
});

test('what goes live has the golden scores in int8; with wrong scales it does not', async () => {
  await addToCatalog('test/good');
  expect(publishedOf(await publish('test/good'))).toBe('LIVE');
  await addToCatalog('test/broken');
  const refused = errorOf(await publish('test/broken'));
  expect(refused).toMatchObject({ code: 'CONFLICT', missing: ['golden'] });
  expect(refused?.message).toMatch(/golden: .*its int8 embedding differs from golden\.json/);
  // Its fp32 graphs are as they should be.
  await onServer('fp32', both.url, async ({ app }) => {
    const { checks } = await app.services.publishing.readiness('test/broken');
    expect(checks.map(({ met }) => met)).toEqual([true, true, true]);
  });
});
