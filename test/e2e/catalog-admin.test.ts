import { codeOf, errorOf } from '../support/app.js';
import { CREATE, move, NOTE, PRICE, useCatalogAdmin } from '../support/catalog-admin.js';
import { signUp } from '../support/people.js';

const rig = useCatalogAdmin();
const { create, audited } = rig;

const EDIT = `mutation ($input: UpdateModelInput!) {
  updateModel(input: $input) {
    model { name license parameters about bestFor specs { label } changelog { kind } }
    userErrors { code message path details }
  }
}`;
const RENAME = `mutation ($model: String!, $slug: String!) {
  renameModel(input: { model: $model, slug: $slug }) {
    model { id slug owner aliases changelog { kind text } }
    userErrors { code message path details }
  }
}`;
const ALIAS = `mutation ($model: String!, $alias: String!) { createModelAlias(input: { model: $model, alias: $alias }) { model { slug aliases } userErrors { code message path details } } }`;
const UNALIAS = `mutation ($model: String!, $alias: String!) { deleteModelAlias(input: { model: $model, alias: $alias }) { model { aliases } userErrors { code message path details } } }`;

describe('createModel', () => {
  test('adds a model that is coming soon, with what is known of it, and says who did so', async () => {
    const input = {
      slug: 'acme/seer',
      name: ' Seer ',
      task: 'ZERO_SHOT_IMAGE_CLASSIFICATION',
      summary: 'Sees.',
      license: 'mit',
      aliases: ['acme/seer-v1'],
      specs: [{ label: 'Towers', value: 'two' }],
    };
    const { body } = await rig.operator.gql(CREATE, { input });
    expect(body.data.createModel.model).toMatchObject({
      slug: 'acme/seer',
      owner: 'acme',
      name: 'Seer',
      status: 'COMING_SOON',
      license: 'mit',
      apiProviders: 0,
      likes: null,
      aliases: ['acme/seer-v1'],
      specs: [{ label: 'Towers', value: 'two' }],
      changelog: [{ kind: 'ADDED', text: 'Seer was added to the catalog.' }],
    });
    expect(await audited(body.data.createModel.model.id as string)).toEqual([
      {
        action: 'model.created',
        details: { slug: 'acme/seer' },
        user_id: expect.stringMatching(/^usr_/) as string,
      },
    ]);
  });

  test.each([
    [{ slug: '../etc' }, 'slug'],
    [{ slug: 'a/b', name: ' ' }, 'name'],
    [{ slug: 'a/b', license: 'Apache 2' }, 'license'],
    [{ slug: 'a/b', publishedOn: '2023-13' }, 'publishedOn'],
    [{ slug: 'a/b', parameters: -1 }, 'parameters'],
    [{ slug: 'a/b', summary: null }, 'summary'],
    [{ slug: 'a/b', faq: [{ question: '', answer: 'b' }] }, 'faq.0.question'],
  ])('%j is refused by its field, and nothing is added', async (over, argument) => {
    const input = { name: 'M', task: 'FEATURE_EXTRACTION', summary: 'A model.', ...over };
    const answer = await rig.operator.gql(CREATE, { input });
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    expect(errorOf(answer)?.message).toContain(argument);
    expect(await rig.t.database.query(`SELECT FROM model WHERE slug = 'a/b'`)).toEqual([]);
  });

  test('a slug or alias that a model has, however it has it, is refused', async () => {
    const one = await create({ aliases: ['taken/alias'] });
    for (const input of [
      { slug: one.slug },
      { slug: 'taken/alias' },
      { slug: 'free/slug', aliases: [one.slug] },
      { slug: 'free/slug', aliases: ['taken/alias'] },
    ]) {
      const model = { name: 'M', task: 'FEATURE_EXTRACTION', summary: 'A model.', ...input };
      expect(errorOf(await rig.operator.gql(CREATE, { input: model }))).toMatchObject({
        code: 'CONFLICT',
      });
    }
  });

  test('sent twice at once with one slug, it adds one model', async () => {
    const input = { slug: 'race/one', name: 'M', task: 'FEATURE_EXTRACTION', summary: 'A model.' };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => rig.operator.gql(CREATE, { input })),
    );
    expect(answers.map(({ body }) => codeOf({ body }) ?? 'ok').sort()).toEqual([
      'CONFLICT',
      'CONFLICT',
      'CONFLICT',
      'ok',
    ]);
  });
});

describe('updateModel', () => {
  test('changes what is named, clears what is null, and leaves the rest', async () => {
    const { slug, id } = await create({
      license: 'mit',
      parameters: 5_000_000_000,
      bestFor: ['tests'],
      specs: [{ label: 'a', value: 'b' }],
    });
    const input = { name: 'Better', license: null, specs: [] };
    const { body } = await rig.operator.gql(EDIT, { input: { model: slug, ...input } });
    expect(body.data.updateModel.model).toEqual({
      name: 'Better',
      license: null,
      parameters: 5_000_000_000,
      about: null,
      bestFor: ['tests'],
      specs: [],
      changelog: [{ kind: 'ADDED' }],
    });
    expect((await audited(id)).at(-1)).toMatchObject({
      action: 'model.edited',
      details: { fields: 'name, license, specs' },
    });
  });

  test.each([
    [{}, 'No changes given'],
    [{ name: null }, 'name'],
    [{ relatedSlugs: ['nonsense'] }, 'relatedSlugs.0'],
    [{ downloadsPerMonth: -1 }, 'downloadsPerMonth'],
  ])('%j is refused, and nothing changes', async (input, problem) => {
    const { slug } = await create({ license: 'mit' });
    const { body } = await rig.operator.gql(EDIT, { input: { model: slug, ...input } });
    expect(errorOf({ body })).toMatchObject({
      message: expect.stringContaining(problem) as string,
      code: 'BAD_USER_INPUT',
    });
  });

  test('a model that nobody has is not found', async () => {
    for (const model of ['no/such', 'mdl_nobody', 'no\u0000such', 'x'.repeat(10_000)]) {
      const answer = await rig.operator.gql(EDIT, { input: { model, name: 'M' } });
      expect(errorOf(answer)).toMatchObject({ code: 'NOT_FOUND' });
    }
  });
});

describe('renameModel', () => {
  test('gives it another slug, by which and by the old one it is found', async () => {
    const { slug, id } = await create();
    const { body } = await rig.operator.gql(RENAME, { model: slug, slug: 'other/name' });
    expect(body.data.renameModel.model).toMatchObject({
      id,
      slug: 'other/name',
      owner: 'other',
      aliases: [slug],
    });
    const asked = await rig.t.gql(
      `{ old: model(slug: "${slug}") { id } new: model(slug: "other/name") { id } }`,
    );
    expect(asked.body.data).toEqual({ old: { id }, new: { id } });
  });

  test('back again leaves the other slug as an alias', async () => {
    const { slug, id } = await create();
    await rig.operator.gql(RENAME, { model: slug, slug: 'there/back' });
    const { body } = await rig.operator.gql(RENAME, { model: id, slug });
    expect(body.data.renameModel.model).toMatchObject({ slug, aliases: ['there/back'] });
    const [row] = await rig.t.database.query('SELECT served_as FROM model WHERE id = $1', [id]);
    expect(row).toEqual({ served_as: slug });
  });

  test('to a slug that another model has, or its own, is refused', async () => {
    const one = await create();
    const other = await create({ aliases: ['its/alias'] });
    for (const slug of [one.slug, other.slug, 'its/alias']) {
      const answer = await rig.operator.gql(RENAME, { model: one.slug, slug });
      expect(errorOf(answer)).toMatchObject({ code: 'CONFLICT' });
    }
    const answer = await rig.operator.gql(RENAME, { model: one.slug, slug: 'nonsense' });
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'slug' });
  });

  test('a key that may run a model only may run it by its new slug', async () => {
    const { slug } = await create();
    const accountId = await rig.t.app.services.accounts.openAccount('Test');
    await rig.t.database.query(
      `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, models)
       VALUES ('key_renamed', $1, 'k', sha256('k'), 'p', 'last', $2)`,
      [accountId, [slug, 'x/y']],
    );
    await rig.operator.gql(RENAME, { model: slug, slug: 'keys/follow' });
    expect(
      await rig.t.database.query(`SELECT models FROM api_key WHERE id = 'key_renamed'`),
    ).toEqual([{ models: ['keys/follow', 'x/y'] }]);
  });
});

describe('an alias', () => {
  test('leads to the model until it is removed', async () => {
    const { slug, id } = await create();
    const added = await rig.operator.gql(ALIAS, { model: slug, alias: 'also/known' });
    expect(added.body.data.createModelAlias.model).toEqual({ slug, aliases: ['also/known'] });
    expect((await rig.t.gql('{ model(slug: "also/known") { id } }')).body.data.model).toEqual({
      id,
    });
    const removed = await rig.operator.gql(UNALIAS, { model: 'also/known', alias: 'also/known' });
    expect(removed.body.data.deleteModelAlias.model).toEqual({ aliases: [] });
    expect((await rig.t.gql('{ model(slug: "also/known") { id } }')).body.data.model).toBeNull();
  });

  test('that another model has, or that the model does not have, is refused', async () => {
    const one = await create();
    const other = await create({ aliases: ['the/others'] });
    for (const alias of [one.slug, other.slug, 'the/others']) {
      expect(errorOf(await rig.operator.gql(ALIAS, { model: one.slug, alias }))).toMatchObject({
        code: 'CONFLICT',
      });
    }
    expect(
      errorOf(await rig.operator.gql(UNALIAS, { model: one.slug, alias: 'the/others' })),
    ).toMatchObject({ code: 'NOT_FOUND' });
  });
});

test('a member is refused each of these, and nothing is done', async () => {
  const member = await signUp({ url: rig.t.url, outboxDir: rig.outboxDir }, 'member@example.org');
  const { slug } = await create();
  const before = await rig.t.database.query('SELECT * FROM model ORDER BY id');
  const input = { slug: 'mine/now', name: 'M', task: 'FEATURE_EXTRACTION', summary: 'A model.' };
  for (const [query, variables] of [
    [CREATE, { input }],
    [EDIT, { input: { model: slug, name: 'Mine' } }],
    [RENAME, { model: slug, slug: 'mine/now' }],
    [ALIAS, { model: slug, alias: 'mine/now' }],
    [UNALIAS, { model: slug, alias: 'mine/now' }],
    [PRICE, { input: { model: slug, unit: 'IMAGE', nanosPerUnit: '0' } }],
    [NOTE, { model: slug, text: 'Mine.' }],
    [move('deprecateModel'), { model: slug }],
    [move('retireModel'), { model: slug }],
  ] as const) {
    expect(errorOf(await member.gql(query, variables))).toMatchObject({ code: 'FORBIDDEN' });
  }
  expect(await rig.t.database.query('SELECT * FROM model ORDER BY id')).toEqual(before);
});
