import { CatalogService } from '../../src/catalog/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;

beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const CREATE = `mutation ($input: CreateModelInput!) { createModel(input: $input) {
  id slug owner name status license apiProviders likes aliases specs { label value } changelog { kind text } } }`;
const PRICE = `mutation ($input: SetModelPriceInput!) { setModelPrice(input: $input) {
  prices { unit nanosPerUnit } priceVersions { unit nanosPerUnit effectiveFrom withdrawn } } }`;
const NOTE = `mutation ($model: String!, $text: String!) { addModelChange(model: $model, text: $text) { changelog { kind text } } }`;
const move = (act: string) =>
  `mutation ($model: String!, $reason: String) { ${act}(model: $model, reason: $reason) { status changelog(first: 1) { kind text } } }`;

let count = 0;
/** A new model. @returns its slug and id */
async function create(more: object = {}): Promise<{ slug: string; id: string }> {
  count += 1;
  const slug = `test/model-${String(count)}`;
  const input = { slug, name: 'Model', task: 'FEATURE_EXTRACTION', summary: 'A model.', ...more };
  const { body } = await operator.gql(CREATE, { input });
  expect(body.errors).toBeUndefined();
  return { slug, id: body.data.createModel.id as string };
}
const setStatus = (slug: string, status: string) =>
  t.database.query(`UPDATE model SET status = $2 WHERE slug = $1`, [slug, status]);
const codeOf = ({ body }: { body: { errors?: [{ extensions: object }] } }) =>
  body.errors?.[0].extensions;

/** Of a model, oldest first. */
const audited = (id: string) =>
  t.database.query<{ action: string; details: Record<string, string>; user_id: string }>(
    'SELECT action, details, user_id FROM audit_event WHERE target = $1 ORDER BY id',
    [id],
  );

describe('a status', () => {
  test('goes from live to deprecated to retired, each with a line that says why', async () => {
    const { slug, id } = await create();
    await setStatus(slug, 'LIVE');
    const deprecated = await operator.gql(move('deprecateModel'), {
      model: slug,
      reason: 'Call test/other.',
    });
    expect(deprecated.body.data.deprecateModel).toMatchObject({
      status: 'DEPRECATED',
      changelog: [
        { kind: 'DEPRECATED', text: expect.stringMatching(/Call test\/other\.$/) as string },
      ],
    });
    const retired = await operator.gql(move('retireModel'), { model: slug });
    expect(retired.body.data.retireModel).toMatchObject({
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
    const { body } = await operator.gql(move(act), { model: slug });
    expect(body.errors[0]).toMatchObject({
      message: expect.stringMatching(/it can become LIVE/) as string,
      extensions: { code: 'CONFLICT', status },
    });
  });
});

describe('setModelPrice', () => {
  const price = (model: string, nanosPerUnit: string, effectiveFrom?: string | Date) => ({
    input: { model, unit: 'IMAGE', nanosPerUnit, effectiveFrom },
  });

  test('adds a version that holds from now on, and keeps the one before', async () => {
    const { slug, id } = await create();
    await operator.gql(PRICE, price(slug, '500'));
    const { body } = await operator.gql(PRICE, price(slug, '700'));
    expect(body.data.setModelPrice.prices).toEqual([{ unit: 'IMAGE', nanosPerUnit: '700' }]);
    expect(body.data.setModelPrice.priceVersions).toMatchObject([
      { nanosPerUnit: '700', withdrawn: false },
      { nanosPerUnit: '500', withdrawn: false },
    ]);
    expect((await audited(id)).at(-1)).toMatchObject({
      action: 'model.priced',
      details: { unit: 'IMAGE', nanosPerUnit: '700' },
    });
  });

  test('one to come is withdrawn by another that begins at the same moment', async () => {
    const { slug } = await create();
    const from = new Date(Date.now() + 3_600_000);
    await operator.gql(PRICE, price(slug, '500'));
    await operator.gql(PRICE, price(slug, '9000', from));
    const { body } = await operator.gql(PRICE, price(slug, '500', from));
    expect(body.data.setModelPrice.prices).toEqual([{ unit: 'IMAGE', nanosPerUnit: '500' }]);
    expect(body.data.setModelPrice.priceVersions).toMatchObject([
      { nanosPerUnit: '500', effectiveFrom: from.toISOString(), withdrawn: false },
      { nanosPerUnit: '9000', effectiveFrom: from.toISOString(), withdrawn: true },
      { nanosPerUnit: '500', withdrawn: false },
    ]);
    // What counts when its moment has come.
    const later = new Date(from.getTime() + 1);
    const then = new CatalogService(t.app.database, { now: () => later });
    const model = (await then.findModels([slug], new Set(['prices']))).get(slug);
    expect(model?.prices).toMatchObject([{ nanosPerUnit: 500n }]);
  });

  test.each([
    ['in the past', '500', new Date(Date.now() - 1_000), 'effectiveFrom'],
    ['in a hundred years', '500', new Date('2126-01-01'), 'effectiveFrom'],
    ['below zero', '-1', undefined, 'nanosPerUnit'],
    ['out of range', '1000000000000000', undefined, 'nanosPerUnit'],
  ])('%s is refused, and nothing is added', async (_what, nanos, from, argument) => {
    const { slug } = await create();
    const answer = await operator.gql(PRICE, price(slug, nanos, from));
    expect(codeOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    const { body } = await t.gql(`{ model(slug: "${slug}") { priceVersions { id } } }`);
    expect(body.data.model.priceVersions).toEqual([]);
  });

  test('many at one moment are all kept, and one counts', async () => {
    const { slug } = await create();
    const from = new Date(Date.now() + 3_600_000);
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => operator.gql(PRICE, price(slug, String(n), from))),
    );
    const { body } = await t.gql(`{ model(slug: "${slug}") { priceVersions { withdrawn } } }`);
    const versions = body.data.model.priceVersions as { withdrawn: boolean }[];
    expect(versions).toHaveLength(8);
    expect(versions.filter(({ withdrawn }) => !withdrawn)).toHaveLength(1);
  });
});

describe('addModelChange', () => {
  test('adds a line for everybody to read', async () => {
    const { slug } = await create();
    await operator.gql(NOTE, { model: slug, text: ' Faster by a third. ' });
    const { body } = await t.gql(
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
    const answer = await operator.gql(NOTE, { model: slug, text });
    expect(codeOf(answer)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'text' });
  });

  test('a line stays as it was written', async () => {
    await create();
    await expect(t.database.query(`UPDATE model_change SET text = 'never'`)).rejects.toThrow(
      /append-only/,
    );
  });
});
