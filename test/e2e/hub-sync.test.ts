import type { ServerResponse } from 'node:http';
import {
  CatalogChanges,
  HubModels,
  HubSyncService,
  type SyncSummary,
} from '../../src/catalog/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { startHubModels, type TestHubModels } from '../support/hub-models.js';
import { insertModel } from '../support/models.js';
import { until } from '../support/process.js';

const SLUG = 'owner/name';
const FACTS = {
  downloads: 1_000,
  likes: 7,
  lastModified: '2024-02-29T12:00:00.000Z',
  tags: ['license:mit'],
};
const NONE: SyncSummary = { changed: 0, unchanged: 0, unknown: 0, gone: 0, failed: 0 };

let t: TestApp;
let hub: TestHubModels;
let gateway: HubModels;
let sync: HubSyncService;

beforeEach(async () => {
  t = await startTestApp({ seeded: false, background: false });
  hub = await startHubModels();
  gateway = new HubModels({ endpoint: hub.url, token: undefined, backOffMs: 1 });
  sync = serviceOf(24 * 3_600_000);
  await insertModel(t.database, { slug: SLUG });
});
afterEach(async () => {
  await gateway.close();
  await hub.stop();
  await t.stop();
});

function serviceOf(intervalMs: number | undefined): HubSyncService {
  const catalogChanges = new CatalogChanges(t.app.database);
  const { database: db, logger } = t.app;
  return new HubSyncService({ db, catalogChanges, hub: gateway, logger, intervalMs });
}

async function facts() {
  const { body } = await t.gql(
    `{ model(slug: "${SLUG}") { downloadsPerMonth likes license updatedOn changelog { kind } } }`,
  );
  return body.data.model as object;
}
const edit = (set: string) => t.database.query(`UPDATE model SET ${set} WHERE slug = '${SLUG}'`);
const record = async () => (await t.database.query('SELECT * FROM hub_record'))[0];
const answer =
  (status: number, headers = {}, body = '') =>
  (_request: unknown, response: ServerResponse) =>
    response.writeHead(status, headers).end(body);

test('brings downloads, likes, license and date to what the Hub says', async () => {
  hub.models.set(SLUG, FACTS);
  expect(await sync.run()).toEqual({ ...NONE, changed: 1 });
  expect(await facts()).toEqual({
    downloadsPerMonth: 1_000,
    likes: 7,
    license: 'mit',
    updatedOn: '2024-02-29',
    changelog: [],
  });
});

test('asks with the etag of the last answer, and takes 304 for what it says', async () => {
  hub.models.set(SLUG, FACTS);
  await sync.run();
  expect(await sync.run()).toEqual({ ...NONE, unchanged: 1 });
  expect(hub.requests.at(-1)).toMatch(/^owner\/name W\/"\S+" 304$/);
  hub.models.set(SLUG, { ...FACTS, likes: 8 });
  expect(await sync.run()).toEqual({ ...NONE, changed: 1 });
  expect(await facts()).toMatchObject({ likes: 8 });
});

describe('never overwrites what an operator set', () => {
  test('before the first sync, and goes on with the rest', async () => {
    await edit(`license = 'other'`);
    hub.models.set(SLUG, FACTS);
    await sync.run();
    expect(await facts()).toMatchObject({ license: 'other', likes: 7 });
  });

  test('after it, and what was cleared stays empty', async () => {
    hub.models.set(SLUG, FACTS);
    await sync.run();
    await edit(`license = NULL, downloads_per_month = 5`);
    hub.models.set(SLUG, { ...FACTS, downloads: 2_000, tags: ['license:bsd'], likes: 9 });
    await sync.run();
    expect(await facts()).toMatchObject({ license: null, downloadsPerMonth: 5, likes: 9 });
  });

  test('but follows on from what the catalog’s file said', async () => {
    const seeded = { slug: SLUG, downloadsPerMonth: 10, license: 'mit', updatedOn: '2023' };
    await t.database.query('INSERT INTO catalog_seed (slug, values) VALUES ($1, $2)', [
      SLUG,
      JSON.stringify(seeded),
    ]);
    // The license is an operator's.
    await edit(`downloads_per_month = 10, license = 'other', updated_on = '2023'`);
    hub.models.set(SLUG, FACTS);
    await sync.run();
    expect(await facts()).toMatchObject({
      downloadsPerMonth: 1_000,
      license: 'other',
      updatedOn: '2024-02-29',
    });
  });
});

test('leaves alone what the Hub does not know', async () => {
  await edit('likes = 3');
  expect(await sync.run()).toEqual({ ...NONE, unknown: 1 });
  hub.next(SLUG, answer(404));
  expect(await sync.run()).toEqual({ ...NONE, unknown: 1 });
  expect(await facts()).toMatchObject({ likes: 3, changelog: [] });
});

test('remarks once that the Hub has a model no more, keeps its facts, and takes it up again', async () => {
  hub.models.set(SLUG, FACTS);
  await sync.run();
  hub.models.delete(SLUG);
  expect(await sync.run()).toEqual({ ...NONE, gone: 1 });
  expect(await sync.run()).toEqual({ ...NONE, gone: 1 });
  expect(await facts()).toMatchObject({ likes: 7, changelog: [{ kind: 'HUB' }] });
  hub.models.set(SLUG, { ...FACTS, likes: 8 });
  expect(await sync.run()).toEqual({ ...NONE, changed: 1 });
  expect(await record()).toMatchObject({ gone_at: null });
});

test('asked again and again, leaves nothing out', async () => {
  hub.models.set(SLUG, FACTS);
  await sync.run();
  for (let round = 0; round < 100; round += 1) {
    expect(await sync.run()).toEqual({ ...NONE, unchanged: 1 });
  }
});

describe('tries again after', () => {
  test.each<[string, (request: unknown, response: ServerResponse) => void]>([
    ['429', answer(429, { 'retry-after': '0.01' })],
    ['500', answer(500)],
    ['503 without a time', answer(503)],
    ['a cut connection', (_request, response) => response.destroy()],
    [
      'an answer that is cut',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"downloads":', () => response.destroy());
      },
    ],
    ['broken JSON', answer(200, {}, '{"downloads":')],
    ['a page in HTML', answer(200, { 'content-type': 'text/html' }, '<html></html>')],
  ])('%s, and then succeeds', async (_what, handler) => {
    hub.models.set(SLUG, FACTS);
    hub.next(SLUG, handler);
    expect(await sync.run()).toEqual({ ...NONE, changed: 1 });
    expect(hub.requests.length).toBe(2);
  });
});

test('gives up after four attempts, changes nothing, and tries again later and later', async () => {
  for (const [minutes, doubled] of [
    [5, 1],
    [10, 2],
    [20, 3],
  ] as const) {
    hub.next(SLUG, ...Array.from({ length: 4 }, () => answer(502)));
    expect(await sync.run()).toEqual({ ...NONE, failed: 1 });
    const [row] = await t.database.query<{ minutes: number; failures: number; problem: string }>(
      `SELECT round(extract(epoch FROM due_at - now()) / 60)::int AS minutes, failures, problem FROM hub_record`,
    );
    expect(row).toEqual({
      minutes,
      failures: doubled,
      problem: expect.stringContaining('it answered 502') as string,
    });
  }
  expect(hub.requests).toHaveLength(12);
  expect(await facts()).toMatchObject({ likes: null });
});

test('does not repeat what the Hub refuses as wrong', async () => {
  hub.next(SLUG, answer(400));
  expect(await sync.run()).toEqual({ ...NONE, failed: 1 });
  expect(hub.requests).toHaveLength(1);
});

test('facts of a wrong type, and answers without end, change nothing of the rest', async () => {
  await insertModel(t.database, { slug: 'owner/endless' });
  hub.models.set(SLUG, { ...FACTS, likes: 'many', lastModified: 5 });
  hub.next(
    'owner/endless',
    ...Array.from({ length: 4 }, () => (_request: unknown, response: ServerResponse) => {
      response.writeHead(200);
      const block = Buffer.alloc(1 << 20, ' ');
      const go = () => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once('drain', go);
      };
      go();
    }),
  );
  expect(await sync.run()).toEqual({ ...NONE, changed: 1, failed: 1 });
  expect(await facts()).toMatchObject({ downloadsPerMonth: 1_000, likes: null, updatedOn: null });
});

test('a token is shown to the Hub, and to nobody that it sends to', async () => {
  const elsewhere = await startHubModels();
  const seen: (string | undefined)[] = [];
  const tell = (request: { headers: { authorization?: string | undefined } }) => {
    seen.push(request.headers.authorization);
  };
  elsewhere.next('new/name', (request, response) => {
    tell(request);
    response.end(JSON.stringify(FACTS));
  });
  hub.next(SLUG, (request, response) => {
    tell(request);
    response.writeHead(307, { location: `${elsewhere.url}/api/models/new/name` }).end();
  });
  const withToken = new HubModels({ endpoint: hub.url, token: 'hf_secret', backOffMs: 1 });
  try {
    expect(await withToken.find(SLUG, undefined)).toMatchObject({ kind: 'facts' });
    expect(seen).toEqual(['Bearer hf_secret', undefined]);
  } finally {
    await withToken.close();
    await elsewhere.stop();
  }
});

test('asks about four models at a time, and about each once, by however many servers', async () => {
  for (let n = 0; n < 50; n += 1) {
    await insertModel(t.database, { slug: `many/${String(n)}` });
    hub.models.set(`many/${String(n)}`, { ...FACTS, likes: n });
  }
  hub.models.set(SLUG, FACTS);
  const [one, other] = [sync, serviceOf(3_600_000)];
  await until('all to be asked about', async () => {
    const more = await Promise.all([one.turn(), other.turn()]);
    return more.some(Boolean) ? undefined : true;
  });
  expect(hub.requests).toHaveLength(51);
  expect(hub.parallelMax()).toBeLessThanOrEqual(8);
  const [row] = await t.database.query('SELECT sum(likes)::int AS sum FROM model');
  expect(row).toEqual({ sum: 7 + (49 * 50) / 2 });
});

test('a model that a server died with is asked about when its lease is over', async () => {
  hub.models.set(SLUG, FACTS);
  let release: (() => void) | undefined;
  hub.next(SLUG, (_request, response) => {
    release = () => response.end(JSON.stringify({ ...FACTS, likes: 1 }));
  });
  const slow = sync.turn();
  await until('the first to be asked', () => release);
  expect(await serviceOf(3_600_000).turn()).toBe(false);
  expect(hub.requests).toHaveLength(0);
  await t.database.query(`UPDATE hub_record SET due_at = 'epoch'`);
  await serviceOf(3_600_000).turn();
  expect(await facts()).toMatchObject({ likes: 7 });
  // It was not dead, only slow: what it has is not written down.
  release?.();
  await slow;
  expect(await facts()).toMatchObject({ likes: 7 });
});

test('switched off, nobody is asked unless somebody wants to know', async () => {
  hub.models.set(SLUG, FACTS);
  const off = serviceOf(undefined);
  expect(await off.turn()).toBe(false);
  expect(hub.requests).toEqual([]);
  expect(await off.run()).toEqual({ ...NONE, changed: 1 });
});

test('retired models are not asked about; renamed ones by their old slug too', async () => {
  await insertModel(t.database, { slug: 'owner/retired', status: 'RETIRED' });
  hub.models.set('hub/name', FACTS);
  await edit(`served_as = 'hub/name'`);
  expect(await sync.run()).toEqual({ ...NONE, changed: 1 });
  expect(hub.requests).toEqual(['owner/name 401', 'hub/name 200']);
});
