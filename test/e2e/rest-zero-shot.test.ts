import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { testRefusals } from '../support/refusals.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const LABELS = ['red circle', 'green heart', 'blue square'];
const post = (secret: string, where: string, body: unknown) =>
  callRest(t.url, 'POST', where, { secret, body });
const posted = async ({ accountId }: Caller) =>
  (await t.app.services.credits.balance(accountId)).postedNanos;
const lengthOf = (vector: number[]) => Math.hypot(...vector);
const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);

describe('/classify of Jina and vLLM', () => {
  const classify = (secret: string, more: object, where = '/v1/classify') =>
    post(secret, where, { model: DEMO_MODEL, labels: LABELS, ...more });

  test('answers with the names of both, probs in the order of the labels', async () => {
    const { secret } = await t.caller(DOLLAR);
    const input = [{ image: sample('green-heart.png') }, { image: sample('red-circle.png') }];
    const { body } = await classify(secret, { input });
    expect(body).toMatchObject({ id: expect.stringMatching(/^classify-/), object: 'list' });
    expect(body.usage).toMatchObject({ total_tokens: 5, prompt_tokens: 5 });
    const [heart, circle] = body.data;
    expect(heart).toMatchObject({ object: 'classification', index: 0, num_classes: 3 });
    expect([heart.prediction, heart.label]).toEqual(['green heart', 'green heart']);
    expect([circle.index, circle.prediction]).toEqual([1, 'red circle']);
    expect(heart.score).toBe(heart.predictions[0].score);
    expect(heart.probs).toEqual(
      LABELS.map(
        (label) => heart.predictions.find((one: { label: string }) => one.label === label).score,
      ),
    );
    expect(sum(heart.probs)).toBeCloseTo(1, 6);
  });

  test('top_k shortens the predictions, and nothing else', async () => {
    const { secret } = await t.caller(DOLLAR);
    const input = sample('green-heart.png');
    const { body: all } = await classify(secret, { input });
    const { body: best } = await classify(secret, { input, top_k: 1 }, '/classify');
    expect(best.data[0].predictions).toEqual(all.data[0].predictions.slice(0, 1));
    expect(best.data[0]).toMatchObject({ probs: all.data[0].probs, num_classes: 3 });
  });

  test.each([[{ text: 'a cat' }], [[{ text: 'a cat' }]], [[{ image: 'AAAA' }, { text: 'a' }]]])(
    '%j: a text is refused in words, and free',
    async (input) => {
      const caller = await t.caller(DOLLAR);
      const answer = await classify(caller.secret, { input });
      expect([answer.status, answer.body.error]).toEqual([
        400,
        expect.objectContaining({
          message: expect.stringMatching(/^input: .*text/),
          param: 'input',
        }),
      ]);
      expect(await posted(caller)).toBe(DOLLAR);
    },
  );
});

describe('Roboflow', () => {
  const image = (name: string) => ({ type: 'base64', value: sample(name) });
  const compare = (secret: string, body: object) => post(secret, '/clip/compare', body);

  test('compares an image with texts, in their order', async () => {
    const caller = await t.caller(DOLLAR);
    const subject = image('green-heart.png');
    const body = { subject, subject_type: 'image', prompt: LABELS, prompt_type: 'text' };
    const answer = await compare(caller.secret, body);
    expect([answer.status, answer.body.time]).toEqual([200, expect.any(Number)]);
    const similarity: number[] = answer.body.similarity;
    expect(similarity.indexOf(Math.max(...similarity))).toBe(1);
    expect(await posted(caller)).toBeLessThan(DOLLAR);
    const [first] = similarity;
    const one = await compare(caller.secret, { subject, prompt: LABELS[0] });
    expect(one.body.similarity).toEqual([first]);
    const prompt = { heart: 'green heart', circle: 'red circle' };
    const mapped = await compare(caller.secret, { subject, prompt, model: DEMO_MODEL });
    expect(mapped.body.similarity).toEqual({ heart: similarity[1], circle: similarity[0] });
  });

  test('compares a text with images, and the cosine is the same from either side', async () => {
    const { secret } = await t.caller(DOLLAR);
    const there = await compare(secret, { subject: image('red-circle.png'), prompt: 'red circle' });
    const back = await compare(secret, {
      subject: 'red circle',
      subject_type: 'text',
      prompt: [image('red-circle.png'), image('blue-square.jpg')],
      prompt_type: 'image',
    });
    expect(back.body.similarity[0]).toBeCloseTo(there.body.similarity[0], 9);
    expect(back.body.similarity[0]).toBeGreaterThan(back.body.similarity[1]);
  });

  test('compares texts with texts and images with images', async () => {
    const { secret } = await t.caller(DOLLAR);
    const texts = await compare(secret, {
      subject: 'red circle',
      subject_type: 'text',
      prompt: ['red circle', 'blue square'],
    });
    expect(texts.body.similarity[0]).toBeCloseTo(1, 5);
    expect(texts.body.similarity[1]).toBeLessThan(0.99);
    const images = await compare(secret, {
      subject: image('red-circle.png'),
      prompt: image('red-circle.png'),
      prompt_type: 'image',
    });
    expect(images.body.similarity[0]).toBeCloseTo(1, 5);
  });

  test('embeds images and texts: one or a list, by the model of the query too', async () => {
    const { secret } = await t.caller(DOLLAR);
    const where = `/clip/embed_image?model=${encodeURIComponent(DEMO_MODEL)}`;
    const one = await post(secret, where, { image: image('red-circle.png') });
    const two = await post(secret, '/clip/embed_image', {
      clip_version_id: 'ViT-B-16',
      image: [image('green-heart.png'), image('red-circle.png')],
    });
    expect(two.body.embeddings[1]).toEqual(one.body.embeddings[0]);
    expect(lengthOf(one.body.embeddings[0])).toBeCloseTo(1, 5);
    const texts = await post(secret, '/clip/embed_text', { text: ['red circle', 'green heart'] });
    const text1 = await post(secret, '/clip/embed_text', { text: 'green heart' });
    expect(texts.body.embeddings[1]).toEqual(text1.body.embeddings[0]);
    expect(texts.body.time).toBeGreaterThan(0);
  });

  test.each([
    [{ prompt: 'a' }, /subject/],
    [{ subject: 'AAAA' }, /prompt/],
    [{ subject: 'AAAA', prompt: [] }, /prompt/],
    [{ subject: 'AAAA', prompt: {} }, /prompt/],
    [{ subject: 'AAAA', prompt: 'a', prompt_type: 'sound' }, /prompt_type/],
    [{ subject: { type: 'numpy', value: 'AAAA' }, prompt: 'a' }, /subject/],
    [{ subject: { type: 'base64', value: 'AAAA' }, subject_type: 'text', prompt: 'a' }, /subject/],
    [{ subject: { type: 'url', value: 'http://127.0.0.1/a.png' }, prompt: 'a' }, /address/],
    [{ subject: { type: 'base64', value: 'http://example.org' }, prompt: 'a' }, /base64/],
    [{ subject: 'AAAA', prompt: Array(2_049).fill('a') }, /2048/],
    [
      { subject: 'a', subject_type: 'text', prompt: Array(65).fill('AAAA'), prompt_type: 'image' },
      /64/,
    ],
  ])('%j is refused in words, and free', async (body, message) => {
    const caller = await t.caller(DOLLAR);
    const answer = await compare(caller.secret, body);
    expect([answer.status, answer.body]).toEqual([
      400,
      { message: expect.stringMatching(message) },
    ]);
    expect(await posted(caller)).toBe(DOLLAR);
  });

  test('a request without a model is refused when more than one is live', async () => {
    const { secret } = await t.caller(DOLLAR);
    const setStatus = (status: string) =>
      t.database.query(`UPDATE model SET status = $1::"ModelStatus" WHERE slug = $2`, [
        status,
        'timm/ViT-SO400M-14-SigLIP-384',
      ]);
    await setStatus('LIVE');
    try {
      const answer = await post(secret, '/clip/embed_text', { text: 'a' });
      expect([answer.status, answer.body.message]).toEqual([
        400,
        expect.stringMatching(/more than one model is live.*"model"/i),
      ]);
      const named = await post(secret, '/clip/embed_text', { text: 'a', model: DEMO_MODEL });
      expect(named.status).toBe(200);
    } finally {
      await setStatus('COMING_SOON');
    }
  });

  describe('refusals', () => {
    testRefusals(() => t, {
      path: (model) => `/clip/compare?model=${encodeURIComponent(model)}`,
      body: (value) => ({ subject: { type: 'base64', value }, prompt: LABELS }),
      errorField: 'message',
    });
  });
});

describe('BentoML’s /rank', () => {
  const blob = (name: string) => ({ img_blob: sample(name) });
  const candidates = LABELS.map((label) => ({ text: `This is a photo of ${label}.` }));

  test('ranks texts for images, with the probabilities of classification', async () => {
    const caller = await t.caller(DOLLAR);
    const queries = [blob('green-heart.png'), blob('blue-square.jpg')];
    const { status, body } = await post(caller.secret, '/rank', { queries, candidates });
    expect(status).toBe(200);
    const best = body.probabilities.map((row: number[]) => row.indexOf(Math.max(...row)));
    expect(best).toEqual([1, 2]);
    const native = await post(caller.secret, '/v1/classify', {
      model: DEMO_MODEL,
      input: sample('green-heart.png'),
      labels: LABELS,
    });
    for (const [at, share] of native.body.data[0].probs.entries()) {
      expect(body.probabilities[0][at]).toBeCloseTo(share, 6);
    }
    expect(body.cosine_similarities.flat().every((one: number) => Math.abs(one) <= 1)).toBe(true);
  });

  test('ranks images for texts', async () => {
    const { secret } = await t.caller(DOLLAR);
    const { body } = await post(secret, '/rank', {
      model: DEMO_MODEL,
      queries: [{ text: 'a blue square' }],
      candidates: [blob('green-heart.png'), blob('blue-square.jpg')],
    });
    expect(body.probabilities[0][1]).toBeGreaterThan(body.probabilities[0][0]);
    expect(sum(body.probabilities[0])).toBeCloseTo(1, 9);
  });

  test.each([
    [{ candidates: [{ text: 'a' }] }, /queries/],
    [{ queries: [{ img_blob: 'AAAA' }] }, /candidates/],
    [{ queries: [], candidates: [{ text: 'a' }] }, /queries/],
    [{ queries: [{}], candidates: [{ text: 'a' }] }, /queries/],
    [{ queries: [{ img_uri: 'http://127.0.0.1/' }], candidates: [{ text: 'a' }] }, /address/],
    [{ queries: [{ text: '!?' }], candidates: [{ text: 'a' }] }, /punctuation/],
  ])('%j is refused in words, and free', async (body, message) => {
    const caller = await t.caller(DOLLAR);
    const answer = await post(caller.secret, '/rank', body);
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(message) }]);
    expect(await posted(caller)).toBe(DOLLAR);
  });

  describe('refusals', () => {
    testRefusals(() => t, {
      path: (model) => `/rank?model=${encodeURIComponent(model)}`,
      body: (image) => ({ queries: [{ img_blob: image }], candidates: [{ text: 'a' }] }),
      errorField: 'error',
    });
  });
});
