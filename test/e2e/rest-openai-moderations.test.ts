import type OpenAI from 'openai';
import { errorOf, countedClient } from '../support/openai.js';
import { insertModel } from '../support/models.js';
import { DOLLAR } from '../support/payments.js';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

const image = (name: string) => ({
  type: 'image_url' as const,
  image_url: { url: `data:image/png;base64,${sample(name)}` },
});

let t: TestPlatform;
let caller: Caller;
let client: OpenAI;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
  ({ client } = countedClient(t.url, caller, { maxRetries: 0 }));
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const posted = async () => (await t.app.services.credits.balance(caller.accountId)).postedNanos;

test('an image has all thirteen categories, and those of texts say that nothing was judged', async () => {
  const moderation = await client.moderations.create({
    model: DEMO_MODEL,
    input: [image('green-heart.png')],
  });
  expect(moderation.model).toBe(DEMO_MODEL);
  expect(moderation.id).toMatch(/^modr-run_/);
  const [result] = moderation.results;
  expect(moderation.results).toHaveLength(1);
  expect(result?.flagged).toBe(false);
  expect(Object.keys(result?.categories ?? {})).toHaveLength(13);
  expect(Object.keys(result?.category_scores ?? {})).toHaveLength(13);
  expect(result?.category_applied_input_types).toMatchObject({
    violence: ['image'],
    'self-harm/intent': ['image'],
    'sexual/minors': [],
    hate: [],
  });
  expect(result?.category_scores.hate).toBe(0);
  expect(result?.category_scores.violence).toBeGreaterThan(0);
});

test('a score is the probability of the category’s likeliest label', async () => {
  const { results } = await client.moderations.create({
    model: DEMO_MODEL,
    input: [image('red-circle.png')],
  });
  const { body } = await callRest(t.url, 'POST', '/v1/classify', {
    secret: caller.secret,
    body: {
      model: DEMO_MODEL,
      input: sample('red-circle.png'),
      labels: ['a naked person', 'pornography', 'people having sex', 'genitals'],
      scoring: 'sigmoid',
    },
  });
  expect(results[0]?.category_scores.sexual).toBe(body.data[0].score);
});

test('several images have a result each, in order, by one call; labels are paid once', async () => {
  const before = await posted();
  const input = [image('two-black-arrows.png'), image('green-heart.png')];
  const both = await client.moderations.create({ model: DEMO_MODEL, input });
  const alone = await client.moderations.create({ model: DEMO_MODEL, input: input.slice(1) });
  expect(both.results[1]).toEqual(alone.results[0]);
  expect(both.results[0]).not.toEqual(both.results[1]);
  // One image is new, the other and all labels are cached.
  expect(before - (await posted())).toBe(200_000n);
});

test('texts are refused, alone and beside an image, as they would not be judged', async () => {
  const before = await posted();
  const text = { type: 'text' as const, text: 'I hate you' };
  for (const input of ['I hate you', ['I hate you'], [text], [text, image('green-heart.png')]]) {
    const error = await errorOf(client.moderations.create({ model: DEMO_MODEL, input }));
    expect(error).toMatchObject({ status: 400, code: 'bad_user_input' });
    expect(error.message).toMatch(/Only images are moderated/);
  }
  expect(await posted()).toBe(before);
});

test('without a model, the only one that is live is meant; when there are several, one has to be named', async () => {
  const input = [image('green-heart.png')];
  expect((await client.moderations.create({ input })).model).toBe(DEMO_MODEL);
  const latest = await client.moderations.create({ model: 'omni-moderation-latest', input });
  expect(latest.model).toBe(DEMO_MODEL);
  await insertModel(t.database, { slug: 'another/live-one', status: 'LIVE' });
  const error = await errorOf(client.moderations.create({ input }));
  expect(error).toMatchObject({ status: 400, param: 'model' });
  expect((await client.moderations.create({ model: DEMO_MODEL, input })).model).toBe(DEMO_MODEL);
});
