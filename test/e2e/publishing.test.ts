import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf, errorOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { writeSelfReference } from '../../src/siglip/index.js';
import { runGraph } from '../support/onnx.js';
import { mailTo, newOperator } from '../support/operators.js';
import { type Person, signUp } from '../support/people.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { installCopy, startProvider, type TestProvider } from '../support/providers.js';

const READINESS = `query ($model: String!) { publishingReadiness(model: $model) {
  model isReady missing checks { requirement isMet outcome } } }`;
const PUBLISH = `mutation ($model: String!) {
  publishModel(input: { model: $model }) {
    model { slug status apiProviders changelog(first: 1) { kind } }
    userErrors { code message path details }
  }
}`;
const CREATE = `mutation ($input: CreateModelInput!) {
  createModel(input: $input) { model { id } userErrors { code message path details } }
}`;
const PRICE = `mutation ($input: SetModelPriceInput!) {
  setModelPrice(input: $input) { model { slug } userErrors { code message path details } }
}`;
const ADD = `mutation ($input: CreateProviderInput!) {
  createProvider(input: $input) { provider { id health } userErrors { code message path details } }
}`;
const UNITS = ['IMAGE', 'LABEL_TEXT', 'EMBEDDING'];

const outbox = temporaryFolder();
let t: TestPlatform;
let operator: Person;
let provider: TestProvider;
let count = 0;

beforeAll(async () => {
  t = await startPlatform(mailTo(outbox.path), {}, { background: false });
  operator = await newOperator(t, outbox.path);
  for (let n = 1; n <= 7; n += 1) installCopy(t, `test/shapes-${String(n)}`);
  // It serves the copies; the platform's own predictor was started before they were there.
  provider = await startProvider(t.modelsDir);
});
afterAll(async () => {
  await provider.stop();
  await t.stop();
  outbox.remove();
});

/** A model that is coming soon, whose files are installed. */
async function createInstalled(): Promise<string> {
  count += 1;
  return create(`test/shapes-${String(count)}`);
}

async function create(slug: string): Promise<string> {
  const task = 'ZERO_SHOT_IMAGE_CLASSIFICATION';
  const input = { slug, name: 'Copy', task, summary: 'A copy.' };
  expect(errorOf(await operator.gql(CREATE, { input }))).toBeUndefined();
  return slug;
}

async function price(model: string, units = UNITS): Promise<void> {
  for (const unit of units) {
    await operator.gql(PRICE, { input: { model, unit, nanosPerUnit: '1000' } });
  }
}

const createProvider = (model: string, url = provider.url) =>
  operator.gql(ADD, { input: { model, name: 'far', url } });
const golden = (model: string) => path.join(t.modelsDir, model, 'golden.json');
/** Another number at the beginning of the first embedding. */
function spoil(model: string): void {
  const content = JSON.parse(readFileSync(golden(model), 'utf8')) as {
    texts: { embedding: number[] }[];
  };
  const [first] = content.texts;
  if (first !== undefined) first.embedding[0] = (first.embedding[0] ?? 0) + 0.01;
  writeFileSync(golden(model), JSON.stringify(content));
}

/** What publishing says is missing; undefined: it went live. Readiness says the same. */
async function refusal(model: string): Promise<{ missing: string[]; message: string } | undefined> {
  const { body: asked } = await operator.gql(READINESS, { model });
  const { body } = await operator.gql(PUBLISH, { model });
  const missing = (asked.data.publishingReadiness.missing as string[]).map((one) =>
    one.toLowerCase(),
  );
  expect(asked.data.publishingReadiness.isReady).toBe(missing.length === 0);
  const error = errorOf({ body });
  if (error === undefined) {
    expect(missing).toEqual([]);
    return undefined;
  }
  expect(error).toMatchObject({ code: 'CONFLICT', model, missing });
  const { body: seen } = await t.gql(`{ model(slug: "${model}") { status } }`);
  expect(seen.data.model.status).toBe('COMING_SOON');
  return { missing, message: error.message };
}

describe('going live', () => {
  test('names everything that is missing at once, and what to do about each', async () => {
    const refused = await refusal(await create('test/nowhere'));
    expect(refused?.missing).toEqual(['provider', 'prices', 'golden']);
    expect(refused?.message).toMatch(/provider: .*createProvider.*models pull test\/nowhere/);
    expect(refused?.message).toMatch(/prices: .*IMAGE, LABEL_TEXT, EMBEDDING.*setModelPrice/);
    expect(refused?.message).toMatch(/golden: .*not installed.*models pull test\/nowhere/);
  });

  test('is refused without a provider that serves the model', async () => {
    const model = await createInstalled();
    await price(model);
    const refused = await refusal(model);
    expect(refused?.missing).toEqual(['provider', 'golden']);
    expect(refused?.message).toMatch(/the built-in predictor: It does not serve/);
    // One that does not answer is none either.
    await createProvider(model, 'http://127.0.0.1:9');
    expect((await refusal(model))?.message).toMatch(/far: The predictor does not answer/);
  });

  test.each(UNITS)('is refused without a price for %s', async (unit) => {
    const model = await create(`test/unpriced-${unit.toLowerCase()}`);
    await price(
      model,
      UNITS.filter((one) => one !== unit),
    );
    expect((await refusal(model))?.message).toContain(`no price for ${unit}: set it`);
  });

  test('is refused with a price that is still to come', async () => {
    const model = await createInstalled();
    await createProvider(model);
    const effectiveFrom = new Date(Date.now() + 3_600_000);
    for (const unit of UNITS) {
      await operator.gql(PRICE, { input: { model, unit, nanosPerUnit: '1', effectiveFrom } });
    }
    expect((await refusal(model))?.missing).toEqual(['prices']);
  });

  test('is refused without golden scores', async () => {
    const model = await createInstalled();
    await price(model);
    await createProvider(model);
    rmSync(golden(model));
    const refused = await refusal(model);
    expect(refused?.missing).toEqual(['golden']);
    expect(refused?.message).toMatch(/no golden\.json/);
  });

  test('is refused where nothing but this project’s own reference backs its scores', async () => {
    const model = await createInstalled();
    await price(model);
    await createProvider(model);
    rmSync(golden(model));
    await writeSelfReference(path.join(t.modelsDir, model), runGraph);
    const refused = await refusal(model);
    expect(refused?.missing).toEqual(['golden']);
    expect(refused?.message).toMatch(
      /golden: Unverified: .*but no external one.*publishModel with allowUnverified: true.*publish --unverified/,
    );

    const query = `mutation ($model: String!) {
      publishModel(input: { model: $model, allowUnverified: true }) {
        model { status changelog(first: 1) { text } }
        userErrors { code message path }
      }
    }`;
    expect((await operator.gql(query, { model })).body.data.publishModel.model).toEqual({
      status: 'LIVE',
      changelog: [{ text: expect.stringContaining('The scores are unverified') as string }],
    });
  });

  test('is refused where golden scores do not match, or say nothing', async () => {
    const model = await createInstalled();
    await price(model);
    await createProvider(model);
    spoil(model);
    const wrong = await refusal(model);
    expect(wrong?.missing).toEqual(['golden']);
    expect(wrong?.message).toMatch(/far: .*embedding differs from golden\.json/);
    writeFileSync(golden(model), '{ "texts": [], "images": [] }');
    expect((await refusal(model))?.message).toMatch(/golden\.json/);
    writeFileSync(golden(model), '{');
    expect((await refusal(model))?.message).toMatch(/golden\.json is not JSON/);
  });

  test('happens when nothing is missing: the model can be called, through its provider', async () => {
    const model = await createInstalled();
    await price(model);
    await createProvider(model);
    const { body } = await operator.gql(PUBLISH, { model });
    expect(body.data.publishModel.model).toEqual({
      slug: model,
      status: 'LIVE',
      apiProviders: 1,
      changelog: [{ kind: 'PUBLISHED' }],
    });
    const before = provider.runs();
    const caller = await t.caller(10_000_000n);
    const called = await caller.gql(
      `mutation {
        embedTexts(input: { model: "${model}", texts: ["a red circle"] }) {
          cost { chargedNanos }
          userErrors { code message path details }
        }
      }`,
    );
    expect(called.body.data.embedTexts.cost.chargedNanos).toBe('1000');
    expect(provider.runs()).toBe(before + 1);
    const [event] = await t.database.query(
      `SELECT details FROM audit_event WHERE action = 'model.published' ORDER BY id DESC LIMIT 1`,
    );
    expect(event).toEqual({ details: { from: 'COMING_SOON' } });
    // Once is enough.
    const again = await operator.gql(PUBLISH, { model });
    expect(errorOf(again)).toMatchObject({ code: 'CONFLICT', status: 'LIVE' });
  });

  test('twice at the same moment happens once', async () => {
    const model = await createInstalled();
    await price(model);
    await createProvider(model);
    const answers = await Promise.all([1, 2].map(() => operator.gql(PUBLISH, { model })));
    expect(answers.filter((answer) => errorOf(answer) === undefined)).toHaveLength(1);
    const { body } = await t.gql(`{ model(slug: "${model}") { changelog { kind } } }`);
    const kinds = (body.data.model.changelog as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'PUBLISHED')).toHaveLength(1);
  });

  test('is no member’s business', async () => {
    const member = await signUp({ url: t.url, outboxDir: outbox.path }, 'member@example.org');
    for (const query of [PUBLISH, READINESS]) {
      const { body } = await member.gql(query, { model: 'gigarouter/demo-shapes' });
      expect(codeOf({ body })).toBe('FORBIDDEN');
    }
  });
});
