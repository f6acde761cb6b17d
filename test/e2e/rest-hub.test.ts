import { HubApiError, listModels, type ModelEntry, modelInfo } from '@huggingface/hub';
import { startTestApp, type TestApp } from '../support/app.js';
import { DEMO_MODEL, newCaller } from '../support/platform.js';
import { callRest } from '../support/rest.js';

/** Where the server is reached, by way of a proxy. */
const PUBLIC_URL = 'https://models.gigarouter.test';
const COMING = 'timm/ViT-SO400M-14-SigLIP-384';
const TASK = 'zero-shot-image-classification';

let t: TestApp;
let addresses: string[];
beforeAll(async () => {
  t = await startTestApp({ config: { publicUrl: PUBLIC_URL } });
});
beforeEach(() => (addresses = []));
afterAll(() => t.stop());

type Search = NonNullable<NonNullable<Parameters<typeof listModels>[0]>['search']>;

/** What the hub client lists, all pages of it. */
async function list(search: Search, limit?: number): Promise<ModelEntry[]> {
  const models: ModelEntry[] = [];
  const proxy = (address: string) => {
    addresses.push(address);
    return fetch(address.replace(PUBLIC_URL, t.url));
  };
  for await (const model of listModels({
    hubUrl: PUBLIC_URL,
    search,
    fetch: proxy as typeof fetch,
    ...(limit === undefined ? {} : { limit }),
  })) {
    models.push(model);
  }
  return models;
}

test('the hub client lists the catalog by task: what can be called, and what is to come', async () => {
  const models = await list({ task: TASK });
  const { body } = await t.gql('{ models { totalCount } }');
  expect(models).toHaveLength(body.data.models.totalCount);
  expect(models.find(({ name }) => name === COMING)).toEqual({
    id: expect.stringMatching(/^mdl_/),
    name: COMING,
    private: false,
    gated: false,
    task: TASK,
    downloads: 242_300,
    updatedAt: new Date('2023-10'),
  });
  expect(models.map(({ name }) => name)).toContain(DEMO_MODEL);
  for (const task of ['image-classification', 'translation'] as const) {
    expect(await list({ task })).toEqual([]);
  }
});

test('it searches by words, owner, tags and provider', async () => {
  const names = async (search: Search) => (await list(search)).map(({ name }) => name);
  expect(await names({ query: 'demo shapes' })).toEqual([DEMO_MODEL]);
  expect(await names({ owner: 'timm', query: 'so400m' })).toContain(COMING);
  expect(await names({ owner: 'nobody' })).toEqual([]);
  expect(await names({ inferenceProviders: ['gigarouter'] })).toEqual([DEMO_MODEL]);
  expect(await names({ inferenceProviders: ['together'] })).toEqual([]);
  expect(await names({ tags: [TASK, 'license:apache-2.0'] })).toContain(DEMO_MODEL);
  expect(await names({ tags: ['license:none-that-exists'] })).toEqual([]);
  expect(await names({ tags: ['gguf'] })).toEqual([]);
});

test('who runs a model is told when it is asked for', async () => {
  const found: Record<string, unknown> = {};
  for await (const { name, inferenceProviderMapping, tags } of listModels({
    hubUrl: t.url,
    additionalFields: ['inferenceProviderMapping', 'tags'],
  })) {
    found[name] = [inferenceProviderMapping, tags];
  }
  expect(found[DEMO_MODEL]).toEqual([
    [
      {
        provider: 'gigarouter',
        providerId: DEMO_MODEL,
        hfModelId: DEMO_MODEL,
        status: 'live',
        task: TASK,
      },
    ],
    [TASK, 'license:apache-2.0'],
  ]);
  expect(found[COMING]).toEqual([[], [TASK, 'license:apache-2.0']]);
  const { body } = await callRest(t.url, 'GET', '/api/models?search=shapes&sort=createdAt');
  expect(body[0].inferenceProviderMapping).toBeUndefined();
});

test('numbers that nobody knows are left out, and those that are known can be filtered by', async () => {
  const { body: all } = await callRest(t.url, 'GET', '/api/models?limit=1000');
  const rows = await t.database.query<{ slug: string; likes: number | null; parameters: string }>(
    `SELECT slug, likes, parameters FROM model`,
  );
  const facts = new Map(rows.map((row) => [row.slug, row]));
  expect(all.length).toBeGreaterThan(10);
  for (const model of all) {
    expect([model.id, model.likes]).toEqual([model.id, facts.get(model.id)?.likes ?? undefined]);
    expect(Object.values(model)).not.toContain(null);
    const known = Number(facts.get(model.id)?.parameters);
    const safetensors = known > 0 ? { parameters: {}, total: known } : undefined;
    expect([model.id, model.safetensors]).toEqual([model.id, safetensors]);
  }
  const sizes = (list: { id: string }[]) =>
    list.map(({ id }) => Number(facts.get(id)?.parameters)).filter((size) => size > 0);
  const ask = async (query: string) =>
    sizes((await callRest(t.url, 'GET', `/api/models?limit=1000&${query}`)).body);
  const between = await ask('num_parameters=min:300M,max:0.5B&sort=num_parameters');
  expect(between).toEqual(
    sizes(all)
      .filter((size) => size >= 300e6 && size <= 500e6)
      .sort((one, other) => other - one),
  );
  expect(between.length).toBeGreaterThan(0);
  expect(await ask('num_parameters=max:1')).toEqual([]);
  expect(await ask('gated=true')).toEqual([]);
});

test('a model is found by its id, with the files that it was published with', async () => {
  const model = await modelInfo({
    name: COMING,
    hubUrl: t.url,
    additionalFields: ['tags', 'inferenceProviderMapping', 'filePaths'],
  });
  expect(model).toMatchObject({ name: COMING, task: TASK, filePaths: [] });
  const path = `/api/models/${DEMO_MODEL}`;
  const { status, body } = await callRest(t.url, 'GET', `${path}?blobs=true`);
  expect([status, body]).toMatchObject([200, { id: DEMO_MODEL, siblings: expect.any(Array) }]);
  expect((await callRest(t.url, 'GET', `${path}/revision/main?blobs=true`)).body).toEqual(body);
  const head = await fetch(t.url + path, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('what is not found says what it was, as clients of the hub tell it', async () => {
  await t.database.query(
    `INSERT INTO model (id, slug, name, owner, task, status, summary)
     VALUES ('mdl_p', 'many/proposed', 'P', 'many', 'IMAGE_CLASSIFICATION', 'PROPOSED', 'Proposed.')`,
  );
  for (const [path, code] of [
    ['nobody/nothing', 'RepoNotFound'],
    ['nothing', 'RepoNotFound'],
    // The message is in a header too.
    ['日本語/モデル\u{1f600}\u0007', 'RepoNotFound'],
    ['many/proposed', 'RepoNotFound'],
    [`${DEMO_MODEL}/revision/v2`, 'RevisionNotFound'],
  ] as const) {
    const answer = await callRest(t.url, 'GET', `/api/models/${path}`);
    expect([answer.status, answer.body, answer.headers.get('x-error-code')]).toEqual([
      404,
      { error: expect.any(String) },
      code,
    ]);
  }
});

test('a token is told whose it is', async () => {
  const { secret, accountId } = await newCaller(t, 0n, { name: 'my key', scopes: ['INFERENCE'] });
  // The hub's own JavaScript client takes no token that does not begin with hf_.
  const { body: me } = await callRest(t.url, 'GET', '/api/whoami-v2', { secret });
  expect(me).toMatchObject({
    type: 'user',
    id: accountId,
    auth: { type: 'access_token', accessToken: { displayName: 'my key', role: 'read' } },
  });
  const anonymous = await callRest(t.url, 'GET', '/api/whoami-v2');
  expect([anonymous.status, anonymous.body]).toEqual([401, { error: expect.any(String) }]);
});

test('it walks all pages, at the public address, whatever host it was asked by', async () => {
  await t.database.query(
    `INSERT INTO model (id, slug, name, owner, task, status, summary)
     SELECT 'mdl_' || n, 'many/model-' || n, 'Model', 'many', 'IMAGE_CLASSIFICATION', 'COMING_SOON', 'One of many.'
       FROM generate_series(1, 1100) n`,
  );
  const models = await list({ owner: 'many', task: 'image-classification' });
  expect(new Set(models.map(({ name }) => name)).size).toBe(1_100);
  expect(models).toHaveLength(1_100);
  // The client asks for 500 at a time.
  expect(addresses).toHaveLength(3);
  for (const address of addresses)
    expect(address.startsWith(`${PUBLIC_URL}/api/models?`)).toBe(true);
  expect(await list({ owner: 'many' }, 7)).toHaveLength(7);
});

test('errors are texts that the client shows', async () => {
  const error: unknown = await list({ query: 'a'.repeat(101) }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HubApiError);
  expect(error).toMatchObject({
    statusCode: 400,
    message: expect.stringMatching(/filter.search. must have at most 100 characters/),
  });
  for (const query of [
    'limit=0',
    'limit=1001',
    'limit=x',
    'cursor=x',
    'sort=a&sort=b',
    'sort=constructor',
    'sort=likes',
    'direction=1',
    'inference=cold',
    'num_parameters=6B',
    'num_parameters=min:6Q',
    'num_parameters=',
    'gated=maybe',
    'apps=vllm',
    'searched=shapes',
  ]) {
    const { status, body } = await callRest(t.url, 'GET', `/api/models?${query}`);
    expect([query, status, body]).toEqual([query, 400, { error: expect.any(String) }]);
  }
  for (const query of ['author=%00', 'filter=license:%00', 'pipeline_tag=%00']) {
    const { status, body } = await callRest(t.url, 'GET', `/api/models?${query}`);
    expect([query, status, body]).toEqual([query, 200, []]);
  }
  const wrong = await callRest(t.url, 'GET', '/api/models', { secret: 'gr-wrong' });
  expect([wrong.status, wrong.body]).toEqual([401, { error: 'The API key is not valid.' }]);
});
