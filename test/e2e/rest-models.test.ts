import OpenAI, { NotFoundError } from 'openai';
import { DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { callRest } from '../support/rest.js';

const COMING = 'timm/ViT-SO400M-14-SigLIP-384';

let t: TestPlatform;
let client: OpenAI;
beforeAll(async () => {
  t = await startPlatform();
  const { secret } = await t.caller(0n);
  client = new OpenAI({ baseURL: `${t.url}/v1`, apiKey: secret });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

/** All pages, as the client walks them. */
async function list(query: Record<string, string> = {}): Promise<OpenAI.Model[]> {
  const models: OpenAI.Model[] = [];
  for await (const model of client.models.list({ query })) models.push(model);
  return models;
}

test('the openai client lists what can be called, with prices in force and exact', async () => {
  const models = await list();
  expect(models.map(({ id }) => id)).toEqual([DEMO_MODEL]);
  expect(models[0]).toMatchObject({
    object: 'model',
    owned_by: 'gigarouter',
    created: Date.UTC(2026, 10) / 1_000,
    architecture: {
      input_modalities: ['image', 'text'],
      output_modalities: ['text', 'embeddings'],
    },
    pricing: { prompt: '0', completion: '0', image: '0.0002' },
    providers: [{ provider: 'gigarouter', status: 'live', pricing: { input: 0, image: 0.0002 } }],
    gigarouter: {
      status: 'LIVE',
      task: 'zero-shot-image-classification',
      prices: [
        { unit: 'IMAGE', nanos_per_unit: '200000' },
        { unit: 'LABEL_TEXT', nanos_per_unit: '10000' },
        { unit: 'EMBEDDING', nanos_per_unit: '100000' },
      ],
    },
  });
});

test('the whole catalog is listed, each model once, however many there are', async () => {
  const before = (await list({ status: 'all' })).length;
  await t.database.query(
    `INSERT INTO model (id, slug, name, owner, task, status, summary, published_on)
     SELECT 'mdl_' || n, 'many/model-' || n, 'Model', 'many', 'IMAGE_CLASSIFICATION', 'RETIRED', 'One of many.',
            CASE WHEN n % 3 = 0 THEN '2024' END FROM generate_series(1, 300) n`,
  );
  const ids = (await list({ status: 'all' })).map(({ id }) => id);
  expect(new Set(ids).size).toBe(before + 300);
  expect(ids).toHaveLength(before + 300);
  expect(ids).toContain(COMING);
  expect((await list()).map(({ id }) => id)).toEqual([DEMO_MODEL]);
});

test('a price that changes is the one that is shown', async () => {
  const [row] = await t.database.query(`SELECT id FROM model WHERE slug = $1`, [COMING]);
  await t.database.query(
    `INSERT INTO price_version (id, model_id, unit, nanos_per_unit, effective_from)
     VALUES ('prc_now', $1, 'IMAGE', 123456789, now() - interval '1 second'),
            ('prc_later', $1, 'IMAGE', 5, now() + interval '1 day')`,
    [(row as { id: string }).id],
  );
  expect(await client.models.retrieve(COMING)).toMatchObject({
    pricing: { image: '0.123456789' },
    providers: [],
    gigarouter: { status: 'COMING_SOON' },
  });
});

test('ids with a slash are found as the client sends them, and as people type them', async () => {
  expect((await client.models.retrieve(DEMO_MODEL)).id).toBe(DEMO_MODEL);
  const typed = await callRest(t.url, 'GET', `/v1/models/${DEMO_MODEL}`);
  expect([typed.status, typed.body.id]).toEqual([200, DEMO_MODEL]);
  // By another name that it has.
  expect((await client.models.retrieve('timm/vit-so400m-14-siglip-384')).id).toBe(COMING);
});

test.each(['nobody/nothing', 'nothing', 'a/b/c', `x${'y'.repeat(250)}/z`, 'a/%00'])(
  'an unknown model, %s, is the client’s NotFoundError',
  async (id) => {
    const error: unknown = await client.models.retrieve(id).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ status: 404, code: 'not_found', type: 'not_found_error' });
  },
);

test('everybody may read, but a wrong key is refused as everywhere', async () => {
  for (const path of ['/v1/models', `/v1/models/${DEMO_MODEL}`]) {
    expect((await callRest(t.url, 'GET', path)).status).toBe(200);
    const wrong = await callRest(t.url, 'GET', path, { secret: 'gr-wrong' });
    expect([wrong.status, wrong.body.error.type]).toEqual([401, 'authentication_error']);
  }
  const bad = await callRest(t.url, 'GET', '/v1/models?status=some');
  expect([bad.status, bad.body.error.param]).toEqual([400, 'status']);
});
