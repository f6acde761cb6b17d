import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { stopClock } from '../support/clock.js';
import { insertModel } from '../support/models.js';

let t: TestApp;

beforeAll(async () => {
  t = await startTestApp({ seeded: false });
  await stopClock(t.database, '2026-06-01T00:00:00Z');
  const small = await insertModel(t.database, {
    slug: 'openai/clip-small',
    name: 'CLIP small',
    summary: 'Contrastive image and text model.',
    license: 'mit',
    parameters: 100,
    downloads_per_month: 50,
    published_on: '2021',
  });
  await insertModel(t.database, {
    slug: 'timm/siglip-large',
    name: 'SigLIP large',
    summary: 'Sigmoid loss over image and text.',
    license: 'apache-2.0',
    parameters: 400,
    downloads_per_month: 900,
    published_on: '2023-10',
    related_slugs: ['other/vector'],
  });
  await insertModel(t.database, {
    slug: 'timm/siglip-base',
    name: 'SigLIP base',
    status: 'LIVE',
    parameters: 90,
  });
  await insertModel(t.database, { slug: 'old/gone', name: 'Gone', status: 'RETIRED' });
  await insertModel(t.database, {
    slug: 'other/vector',
    name: 'Vector',
    task: 'FEATURE_EXTRACTION',
  });
  await t.database.query(
    `INSERT INTO model_alias (slug, model_id) VALUES ('openai/former-name', $1)`,
    [small],
  );
  await t.database.query(
    `INSERT INTO price_version (id, model_id, unit, nanos_per_unit, effective_from) VALUES
       ('prc_1', $1, 'IMAGE', 500, '2026-01-01'), ('prc_2', $1, 'IMAGE', 300, '2026-05-01'),
       ('prc_3', $1, 'IMAGE', 100, '2026-07-01'), ('prc_4', $1, 'LABEL_TEXT', 9007199254740993, '2026-01-01')`,
    [small],
  );
});
afterAll(() => t.stop());

const slugs = async (args: string): Promise<string[]> => {
  const { body } = await t.gql(`{ models${args} { edges { node { slug } } } }`);
  return body.data.models.edges.map((edge: { node: { slug: string } }) => edge.node.slug);
};

describe('model', () => {
  test('answers an alias with the canonical slug', async () => {
    const { body } = await t.gql('{ model(slug: "openai/former-name") { slug aliases } }');
    expect(body.data.model).toEqual({ slug: 'openai/clip-small', aliases: ['openai/former-name'] });
  });

  test('is null for a slug that nobody has', async () => {
    const { status, body } = await t.gql('{ model(slug: "no/such") { slug } }');
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: { model: null } });
    expect(errorOf({ body })).toBeUndefined();
  });

  test('shows the prices in force now, to the last digit, and all versions newest first', async () => {
    const { body } = await t.gql(`{ model(slug: "openai/clip-small") {
      prices { unit nanosPerUnit } priceVersions { id effectiveFrom } } }`);
    expect(body.data.model.prices).toEqual([
      { unit: 'IMAGE', nanosPerUnit: '300' },
      { unit: 'LABEL_TEXT', nanosPerUnit: '9007199254740993' },
    ]);
    const ids = body.data.model.priceVersions.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(['prc_3', 'prc_2', 'prc_1', 'prc_4']);
    expect(body.data.model.priceVersions[0].effectiveFrom).toBe('2026-07-01T00:00:00.000Z');
  });

  test('still answers for a retired model', async () => {
    const { body } = await t.gql('{ model(slug: "old/gone") { status } }');
    expect(body.data.model.status).toBe('RETIRED');
  });
});

describe('node', () => {
  test('finds by the id that a model gives, and knows its type', async () => {
    const { body } = await t.gql('{ model(slug: "timm/siglip-base") { id } }');
    const { id } = body.data.model as { id: string };
    const again = await t.gql(
      'query($id: ID!) { node(id: $id) { __typename id ... on Model { slug } } }',
      { id },
    );
    expect(again.body.data.node).toEqual({ __typename: 'Model', id, slug: 'timm/siglip-base' });
  });

  test.each(['', 'mdl_', 'mdl_nobody', 'xyz_1', 'timm/siglip-base', '_', 'mdl'])(
    'is null for %j',
    async (id) => {
      const { body } = await t.gql('query($id: ID!) { node(id: $id) { id } }', { id });
      expect(body).toMatchObject({ data: { node: null } });
    },
  );
});

describe('models', () => {
  test('lists by downloads, without values last, and leaves retired ones out', async () => {
    const all = await slugs('');
    expect(all.slice(0, 2)).toEqual(['timm/siglip-large', 'openai/clip-small']);
    expect(all).toHaveLength(4);
    expect(all).not.toContain('old/gone');
  });

  test.each([
    ['tasks: [FEATURE_EXTRACTION]', ['other/vector']],
    ['statuses: [RETIRED]', ['old/gone']],
    ['statuses: [LIVE]', ['timm/siglip-base']],
    ['licenses: ["mit"]', ['openai/clip-small']],
    ['owners: ["timm"]', ['timm/siglip-large', 'timm/siglip-base']],
    ['parameters: { min: 100, max: 400 }', ['timm/siglip-large', 'openai/clip-small']],
    ['parameters: { max: 99 }', ['timm/siglip-base']],
    ['hasPrice: true', ['openai/clip-small']],
    ['owners: ["timm"], statuses: [LIVE]', ['timm/siglip-base']],
    ['owners: []', []],
  ])('filters by %s', async (filter, expected) => {
    expect(await slugs(`(filter: { ${filter} })`)).toEqual(expected);
  });

  test.each([
    ['NAME', ['openai/clip-small', 'timm/siglip-base', 'timm/siglip-large', 'other/vector']],
    ['NEWEST', ['timm/siglip-large', 'openai/clip-small']],
    ['PARAMETERS', ['timm/siglip-large', 'openai/clip-small', 'timm/siglip-base', 'other/vector']],
    ['PRICE', ['openai/clip-small']],
  ])('orders by %s', async (field, expected) => {
    expect((await slugs(`(orderBy: { field: ${field} })`)).slice(0, expected.length)).toEqual(
      expected,
    );
  });

  test.each([
    ['siglip', ['timm/siglip-base', 'timm/siglip-large']],
    // cspell:ignore siglpi contrastve smal
    ['siglpi', ['timm/siglip-base', 'timm/siglip-large']],
    ['SigLIP large', ['timm/siglip-large']],
    ['contrastve', ['openai/clip-small']],
    ['clip smal', ['openai/clip-small']],
    ['zebra', []],
    ['100%', []],
    ['__', ['openai/clip-small', 'timm/siglip-base', 'timm/siglip-large', 'other/vector']],
  ])('finds %j although a letter may be wrong', async (search, expected) => {
    const found = await slugs(`(filter: { search: "${search}" })`);
    expect(found.sort()).toEqual([...expected].sort());
  });

  test('puts the closest first when there is a search', async () => {
    expect((await slugs('(filter: { search: "large siglip" })'))[0]).toBe('timm/siglip-large');
  });

  test.each(['DOWNLOADS', 'NEWEST', 'NAME', 'PARAMETERS', 'PRICE'])(
    'pages through every row once by %s in both directions, nulls included',
    async (field) => {
      for (const direction of ['ASC', 'DESC']) {
        const whole = await slugs(`(orderBy: { field: ${field}, direction: ${direction} })`);
        const paged: string[] = [];
        let after: string | null = null;
        for (let page = 0; page < 10; page += 1) {
          const { body } = await t.gql(
            `query($after: String) { models(first: 1, after: $after, orderBy: { field: ${field}, direction: ${direction} }) {
               edges { node { slug } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`,
            { after },
          );
          const { edges, pageInfo } = body.data.models;
          paged.push(...edges.map((edge: { node: { slug: string } }) => edge.node.slug));
          expect(pageInfo.hasPreviousPage).toBe(page > 0);
          after = pageInfo.endCursor;
          if (pageInfo.hasNextPage === false) break;
        }
        expect(paged).toEqual(whole);
      }
    },
  );

  test('a row that comes or goes elsewhere does not shift the next page', async () => {
    const firstPage = await t.gql(
      '{ models(first: 2, orderBy: { field: NAME }) { pageInfo { endCursor } } }',
    );
    const after = firstPage.body.data.models.pageInfo.endCursor as string;
    await insertModel(t.database, { slug: 'a/aardvark', name: 'Aardvark' });
    const next = await slugs(`(first: 1, after: "${after}", orderBy: { field: NAME })`);
    await t.database.query(`DELETE FROM model WHERE slug = 'a/aardvark'`);
    expect(next).toEqual(['timm/siglip-large']);
  });

  test('counts what the filter lets through, not the page', async () => {
    const { body } = await t.gql(
      '{ models(first: 1, filter: { owners: ["timm"] }) { totalCount edges { cursor } } }',
    );
    expect(body.data.models.totalCount).toBe(2);
    expect(body.data.models.edges).toHaveLength(1);
  });
});

describe('tasks', () => {
  test('counts models and live ones', async () => {
    const { body } = await t.gql('{ tasks { task name modelCount liveModelCount } }');
    expect(body.data.tasks).toEqual([
      {
        task: 'ZERO_SHOT_IMAGE_CLASSIFICATION',
        name: 'Zero-shot image classification',
        modelCount: 3,
        liveModelCount: 1,
      },
      { task: 'FEATURE_EXTRACTION', name: 'Feature extraction', modelCount: 1, liveModelCount: 0 },
    ]);
  });
});

describe('compareModels', () => {
  test('aligns the facts and says where they differ', async () => {
    const { body } =
      await t.gql(`{ compareModels(slugs: ["timm/siglip-large", "openai/former-name"]) {
      models { slug } rows { label values isDifferent } } }`);
    expect(body.data.compareModels.models).toEqual([
      { slug: 'timm/siglip-large' },
      { slug: 'openai/clip-small' },
    ]);
    const rows = new Map(
      body.data.compareModels.rows.map((row: { label: string }) => [row.label, row]),
    );
    expect(rows.get('License')).toEqual({
      label: 'License',
      values: ['apache-2.0', 'mit'],
      isDifferent: true,
    });
    expect(rows.get('Task')).toMatchObject({ isDifferent: false });
    expect(rows.get('Price per image')).toMatchObject({ values: [null, '0.0000003 USD'] });
    expect(rows.has('Image size')).toBe(false);
  });

  test.each([
    ['["timm/siglip-large"]', 'BAD_USER_INPUT'],
    ['["a/1","a/2","a/3","a/4","a/5","a/6","a/7"]', 'BAD_USER_INPUT'],
    ['["openai/clip-small","openai/former-name"]', 'BAD_USER_INPUT'],
    ['["openai/clip-small","openai/clip-small"]', 'BAD_USER_INPUT'],
    ['["openai/clip-small","no/such"]', 'NOT_FOUND'],
  ])('refuses %s with %s', async (list, code) => {
    const { body } = await t.gql(`{ compareModels(slugs: ${list}) { rows { label } } }`);
    expect(codeOf({ body })).toBe(code);
  });
});

describe('relatedModels', () => {
  test('puts the chosen first, then the closest in size, and never itself or a retired one', async () => {
    const { body } = await t.gql('{ model(slug: "timm/siglip-large") { relatedModels { slug } } }');
    expect(body.data.model.relatedModels.map(({ slug }: { slug: string }) => slug)).toEqual([
      'other/vector',
      'openai/clip-small',
      'timm/siglip-base',
    ]);
  });

  test('serves different lengths of one model from one statement', async () => {
    const { body } = await t.gql(`{ model(slug: "timm/siglip-large") {
      one: relatedModels(first: 1) { slug } two: relatedModels(first: 2) { slug summary specs { label } } } }`);
    expect(body.data.model.one).toHaveLength(1);
    expect(body.data.model.two).toHaveLength(2);
  });
});

test('public reads may be kept by shared caches, answers with an error may not', async () => {
  const good = await t.gql('{ tasks { task } }');
  expect(good.headers.get('cache-control')).toBe('public, max-age=60, stale-while-revalidate=600');
  const bad = await t.gql('{ models(first: 0) { totalCount } }');
  expect(bad.headers.get('cache-control')).toBe('no-store');
});
