import { CatalogService } from '../../src/catalog/index.js';
import { errorOf } from '../support/app.js';
import { move, NOTE, PRICE, useCatalogAdmin } from '../support/catalog-admin.js';
import { moveClock, stopClock } from '../support/clock.js';

const rig = useCatalogAdmin();
const { create, audited } = rig;

const setStatus = (slug: string, status: string) =>
  rig.t.database.query(`UPDATE model SET status = $2 WHERE slug = $1`, [slug, status]);

describe('a status', () => {
  test('goes from live to deprecated to retired, each with a line that says why', async () => {
    const { slug, id } = await create();
    await setStatus(slug, 'LIVE');
    const deprecated = await rig.operator.gql(move('deprecateModel'), {
      model: slug,
      reason: 'Call test/other.',
    });
    expect(deprecated.body.data.deprecateModel.model).toMatchObject({
      status: 'DEPRECATED',
      changelog: [
        { kind: 'DEPRECATED', text: expect.stringMatching(/Call test\/other\.$/) as string },
      ],
    });
    const retired = await rig.operator.gql(move('retireModel'), { model: slug });
    expect(retired.body.data.retireModel.model).toMatchObject({
      status: 'RETIRED',
      changelog: [{ kind: 'RETIRED' }],
    });
    expect((await audited(id)).map(({ action }) => action)).toEqual([
      'model.created',
      'model.deprecated',
      'model.retired',
    ]);
  });

  test.each([
    ['COMING_SOON', 'deprecateModel'],
    ['DEGRADED', 'deprecateModel'],
    ['DEPRECATED', 'deprecateModel'],
    ['RETIRED', 'deprecateModel'],
    ['RETIRED', 'retireModel'],
  ])('%s: %s is refused and says where it may go', async (status, act) => {
    const { slug } = await create();
    await setStatus(slug, status);
    const { body } = await rig.operator.gql(move(act), { model: slug });
    expect(errorOf({ body })).toMatchObject({
      message: expect.stringMatching(/it can become LIVE/) as string,
      code: 'CONFLICT',
      status,
    });
  });
});

describe('setModelPrice', () => {
  const price = (model: string, nanosPerUnit: string, effectiveFrom?: string | Date) => ({
    input: { model, unit: 'IMAGE', nanosPerUnit, effectiveFrom },
  });

  test('adds a version that holds from now on, and keeps the one before', async () => {
    const { slug, id } = await create();
    await rig.operator.gql(PRICE, price(slug, '500'));
    const { body } = await rig.operator.gql(PRICE, price(slug, '700'));
    expect(body.data.setModelPrice.model.prices).toEqual([{ unit: 'IMAGE', nanosPerUnit: '700' }]);
    expect(body.data.setModelPrice.model.priceVersions).toMatchObject([
      { nanosPerUnit: '700', isWithdrawn: false },
      { nanosPerUnit: '500', isWithdrawn: false },
    ]);
    expect((await audited(id)).at(-1)).toMatchObject({
      action: 'model.priced',
      details: { unit: 'IMAGE', nanosPerUnit: '700' },
    });
  });

  test('one to come is withdrawn by another that begins at the same moment', async () => {
    const { slug } = await create();
    const from = new Date(Date.now() + 3_600_000);
    await rig.operator.gql(PRICE, price(slug, '500'));
    await rig.operator.gql(PRICE, price(slug, '9000', from));
    const { body } = await rig.operator.gql(PRICE, price(slug, '500', from));
    expect(body.data.setModelPrice.model.prices).toEqual([{ unit: 'IMAGE', nanosPerUnit: '500' }]);
    expect(body.data.setModelPrice.model.priceVersions).toMatchObject([
      { nanosPerUnit: '500', effectiveFrom: from.toISOString(), isWithdrawn: false },
      { nanosPerUnit: '9000', effectiveFrom: from.toISOString(), isWithdrawn: true },
      { nanosPerUnit: '500', isWithdrawn: false },
    ]);
    // What counts when its moment has come.
    const later = new Date(from.getTime() + 1);
    await stopClock(rig.t.database, later.toISOString());
    const catalog = new CatalogService(rig.t.app.database);
    const model = (await catalog.findModels([slug], new Set(['prices']))).get(slug);
    await moveClock(rig.t.database, 0);
    expect(model?.prices).toMatchObject([{ nanosPerUnit: 500n }]);
  });

  test.each([
    ['in the past', '500', new Date(Date.now() - 1_000), 'effectiveFrom'],
    ['in a hundred years', '500', new Date('2126-01-01'), 'effectiveFrom'],
    ['below zero', '-1', undefined, 'nanosPerUnit'],
    ['out of range', '1000000000000000', undefined, 'nanosPerUnit'],
  ])('%s is refused, and nothing is added', async (_what, nanos, from, argument) => {
    const { slug } = await create();
    const answer = await rig.operator.gql(PRICE, price(slug, nanos, from));
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    const { body } = await rig.t.gql(`{ model(slug: "${slug}") { priceVersions { id } } }`);
    expect(body.data.model.priceVersions).toEqual([]);
  });

  test('many at one moment are all kept, and one counts', async () => {
    const { slug } = await create();
    const from = new Date(Date.now() + 3_600_000);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => rig.operator.gql(PRICE, price(slug, String(n), from))),
    );
    const { body } = await rig.t.gql(
      `{ model(slug: "${slug}") { priceVersions { isWithdrawn } } }`,
    );
    const versions = body.data.model.priceVersions as { isWithdrawn: boolean }[];
    expect(versions).toHaveLength(8);
    expect(versions.filter(({ isWithdrawn }) => !isWithdrawn)).toHaveLength(1);
  });
});

describe('createModelChange', () => {
  test('adds a line for everybody to read', async () => {
    const { slug } = await create();
    await rig.operator.gql(NOTE, { model: slug, text: ' Faster by a third. ' });
    const { body } = await rig.t.gql(
      `{ model(slug: "${slug}") { changelog(first: 1) { kind text } } }`,
    );
    expect(body.data.model.changelog).toEqual([{ kind: 'NOTE', text: 'Faster by a third.' }]);
  });

  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['2,001 characters', 'x'.repeat(2_001)],
  ])('%s is refused', async (_what, text) => {
    const { slug } = await create();
    const answer = await rig.operator.gql(NOTE, { model: slug, text });
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'text' });
  });

  test('a line stays as it was written', async () => {
    await create();
    await expect(rig.t.database.query(`UPDATE model_change SET text = 'never'`)).rejects.toThrow(
      /append-only/,
    );
  });
});
