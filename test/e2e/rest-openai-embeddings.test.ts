import type OpenAI from 'openai';
import { DOLLAR } from '../support/payments.js';
import { countedClient, type CountedClient } from '../support/openai.js';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

const CIRCLE = sample('red-circle.png');
const HEART = sample('green-heart.png');
const SQUARE = sample('blue-square.jpg');
/** Numbers of a vector of the demo model. */
const WIDTH = 128;
const EMBEDDING_NANOS = 100_000n;

let t: TestPlatform;
let caller: Caller;
let counted: CountedClient;
let client: OpenAI;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
  counted = countedClient(t.url, caller);
  client = counted.client;
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const posted = async ({ accountId }: Caller) =>
  (await t.app.services.credits.balance(accountId)).postedNanos;

/** Vectors of inputs in any dialect, by plain HTTP. */
async function embed(fields: object): Promise<number[][]> {
  const body = { model: DEMO_MODEL, ...fields };
  const answer = await callRest(t.url, 'POST', '/v1/embeddings', { secret: caller.secret, body });
  expect([answer.status, answer.body.error]).toEqual([200, undefined]);
  return answer.body.data.map(({ embedding }: { embedding: number[] }) => embedding);
}

const lengthOf = (vector: readonly number[]) => Math.hypot(...vector);
const data = (base64: string, type = 'png') => `data:image/${type};base64,${base64}`;

describe('a call of 2,048 texts and 64 images', () => {
  const texts = Array.from({ length: 2_048 }, (_, at) => `text number ${String(at)}`);
  const names = ['green-heart.png', 'red-circle.png', 'three-yellow-stars.png'];
  const images = Array.from({ length: 64 }, (_, at) => ({
    image: sample(names[at % names.length] ?? ''),
  }));
  const send = (secret: string, input: readonly unknown[]) =>
    callRest(t.url, 'POST', '/v1/embeddings', {
      secret,
      body: { model: DEMO_MODEL, input, encoding_format: 'base64' },
    });

  test('is one run, and costs what its different inputs cost', async () => {
    const rich = await t.caller(DOLLAR);
    const { status, body } = await send(rich.secret, [...images, ...texts]);
    expect([status, body.usage?.prompt_tokens]).toEqual([200, 2_112]);
    expect(body.data).toHaveLength(2_112);
    const { runs } = await t.app.services.usage.list(rich.accountId, {
      first: 9,
      after: undefined,
    });
    const ran = 2_048 + names.length;
    expect(runs).toMatchObject([
      {
        chargedNanos: BigInt(ran) * EMBEDDING_NANOS,
        details: { units: [{ requested: 2_112, ran }] },
      },
    ]);
    expect(await posted(rich)).toBe(DOLLAR - BigInt(ran) * EMBEDDING_NANOS);
    // The order holds across slices: a vector is the one that its input has alone.
    const alone = await send(rich.secret, [texts[2_047], images[2]]);
    expect(body.data[64 + 2_047].embedding).toBe(alone.body.data[0].embedding);
    expect(body.data[2].embedding).toBe(alone.body.data[1].embedding);
    expect(await posted(rich)).toBe(DOLLAR - BigInt(ran) * EMBEDDING_NANOS);
  });

  test('is refused before it runs where the credit does not last for all of it', async () => {
    const poor = await t.caller(2_111n * EMBEDDING_NANOS);
    const { status } = await send(poor.secret, [...images, ...texts]);
    expect([status, await posted(poor)]).toEqual([402, 2_111n * EMBEDDING_NANOS]);
  });

  test('is free when one of its images is broken, and the error says which', async () => {
    const rich = await t.caller(DOLLAR);
    const broken = images.with(40, { image: Buffer.from('no picture').toString('base64') });
    const { status, body } = await send(rich.secret, [...broken, ...texts]);
    expect([status, body.error.message]).toEqual([415, expect.stringMatching(/^Image 41 of 64: /)]);
    expect(await posted(rich)).toBe(DOLLAR);
  });
});

describe('by OpenAI’s client', () => {
  const create = (body: Omit<OpenAI.EmbeddingCreateParams, 'model'>) =>
    client.embeddings.create({ model: DEMO_MODEL, ...body });

  test('the default, which is base64 on the wire, is the float array, number for number', async () => {
    const input = ['a red circle', 'a green heart'];
    const whole = await create({ input });
    const floats = await create({ input, encoding_format: 'float' });
    expect(whole.data.map(({ embedding }) => embedding)).toEqual(
      floats.data.map(({ embedding }) => embedding),
    );
    expect(whole.data.map(({ embedding }) => embedding.length)).toEqual([WIDTH, WIDTH]);
    expect(whole.data.map(({ index, object }) => [index, object])).toEqual([
      [0, 'embedding'],
      [1, 'embedding'],
    ]);
    expect(lengthOf(whole.data[0]?.embedding ?? [])).toBeCloseTo(1, 5);
  });

  test('base64 is little-endian 32-bit floats', async () => {
    const input = 'a red circle';
    const [floats] = (await create({ input, encoding_format: 'float' })).data;
    const [coded] = (await create({ input, encoding_format: 'base64' })).data;
    const bytes = Buffer.from(coded?.embedding as unknown as string, 'base64');
    expect(bytes.length).toBe(WIDTH * 4);
    expect(Array.from({ length: WIDTH }, (_, at) => bytes.readFloatLE(at * 4))).toEqual(
      floats?.embedding,
    );
  });

  test('a text costs one embedding, and nothing when it is cached; user does nothing', async () => {
    const before = await posted(caller);
    const first = await create({ input: 'a yellow star', user: 'somebody' });
    expect(first).toMatchObject({
      object: 'list',
      model: DEMO_MODEL,
      usage: { prompt_tokens: 1, total_tokens: 1, cost: 0.0001 },
    });
    expect((await create({ input: 'a yellow star' })).usage).toMatchObject({ cost: 0 });
    expect(before - (await posted(caller))).toBe(EMBEDDING_NANOS);
    expect(counted.headers.at(-1)?.get('x-gigarouter-cost')).toBe('0');
    expect(counted.headers.at(-1)?.get('x-gigarouter-run')).toMatch(/^run_/);
  });

  test('fewer dimensions are the first numbers of the vector, of length 1', async () => {
    const [whole] = (await create({ input: 'a red circle' })).data;
    const [short] = (await create({ input: 'a red circle', dimensions: 16 })).data;
    const head = whole?.embedding.slice(0, 16) ?? [];
    expect(short?.embedding.length).toBe(16);
    expect(lengthOf(short?.embedding ?? [])).toBeCloseTo(1, 6);
    for (const [at, value] of (short?.embedding ?? []).entries()) {
      expect(value).toBeCloseTo((head[at] ?? 0) / lengthOf(head), 6);
    }
    const [same] = (await create({ input: 'a red circle', dimensions: WIDTH })).data;
    expect(same?.embedding).toEqual(whole?.embedding);
  });

  test('more dimensions than the model has are refused, and nothing is charged', async () => {
    const before = await posted(caller);
    const refused = create({ input: 'a text that is new', dimensions: WIDTH + 1 });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'dimensions' });
    expect(await posted(caller)).toBe(before);
  });
});

describe('texts and images', () => {
  test('an image is near the text that says what it shows', async () => {
    const [image, right, wrong] = await embed({
      input: [
        { image: HEART },
        'This is a photo of green heart.',
        'This is a photo of red circle.',
      ],
    });
    const dot = (one: number[] = [], other: number[] = []) =>
      one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
    expect(dot(image, right)).toBeGreaterThan(dot(image, wrong) + 0.1);
  });

  test('a mix is one call, and its vectors come in the order of the inputs', async () => {
    const [circle] = await embed({ input: [{ image: CIRCLE }] });
    const [heart] = await embed({ input: [{ image: HEART }] });
    const texts = await embed({ input: ['one', 'two'] });
    const mix = ['one', { image: CIRCLE }, { text: 'two' }, { image: HEART }, 'one'];
    const runs = async () =>
      (await caller.gql('{ account { runs(first: 100) { edges { node { id } } } } }')).body.data
        .account.runs.edges.length as number;
    const before = await runs();
    expect(await embed({ input: mix })).toEqual([texts[0], circle, texts[1], heart, texts[0]]);
    expect((await runs()) - before).toBe(1);
  });

  test.each<[string, object]>([
    [
      'OpenRouter’s content',
      { input: [{ content: [{ type: 'image_url', image_url: { url: data(HEART) } }] }] },
    ],
    [
      'messages, as vLLM has them',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: data(HEART) } }] },
        ],
      },
    ],
    ['infinity’s modality', { modality: 'image', input: data(HEART) }],
    ['infinity’s list', { modality: 'image', input: [HEART] }],
    ['NVIDIA’s data: URL', { input: [data(HEART)] }],
    ['Cohere’s base64, as LiteLLM passes it on', { input: [HEART] }],
    ['Cohere’s input type', { input: [HEART], input_type: 'image' }],
    ['Jina’s image', { input: [{ image: HEART }] }],
    ['Jina’s image as a data: URL', { input: [{ image: data(HEART) }] }],
    ['a part by itself', { input: [{ type: 'image_url', image_url: data(HEART) }] }],
  ])('%s is the same image', async (_dialect, fields) => {
    expect(await embed(fields)).toEqual(await embed({ input: [{ image: HEART }] }));
  });

  test.each<[string, object]>([
    ['OpenRouter’s content', { input: [{ content: [{ type: 'text', text: 'iVBORw0KGgo' }] }] }],
    ['OpenRouter’s content as a text', { input: [{ content: 'iVBORw0KGgo' }] }],
    ['messages, as vLLM has them', { messages: [{ role: 'user', content: 'iVBORw0KGgo' }] }],
    ['infinity’s modality', { modality: 'text', input: ['iVBORw0KGgo'] }],
    ['Jina’s text', { input: [{ text: 'iVBORw0KGgo' }] }],
    ['a text that begins as a picture would', { input: ['iVBORw0KGgo'] }],
  ])('%s is the same text', async (_dialect, fields) => {
    expect(await embed(fields)).toEqual(await embed({ input: [{ text: 'iVBORw0KGgo' }] }));
  });

  test('base64 of a JPEG is an image, and an address among texts is a text', async () => {
    const [jpeg] = await embed({ input: [SQUARE] });
    expect([jpeg]).toEqual(await embed({ input: [data(SQUARE, 'jpeg')] }));
    const [address] = await embed({ input: ['https://example.com/cat.png'] });
    expect([address]).toEqual(await embed({ input: [{ text: 'https://example.com/cat.png' }] }));
  });

  test('infinity’s address without a version, and OpenRouter’s, answer alike', async () => {
    const body = { model: DEMO_MODEL, input: ['a red circle'] };
    const { secret } = caller;
    const answers = await Promise.all(
      ['/embeddings', '/v1/embeddings', '/api/v1/embeddings'].map((path) =>
        callRest(t.url, 'POST', path, { secret, body }),
      ),
    );
    const [first, ...others] = answers.map((answer) => answer.body.data);
    expect(others).toEqual([first, first]);
  });
});
