import { OpenRouter } from '@openrouter/sdk';
import { DOLLAR } from '../support/payments.js';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';

const HEART = `data:image/png;base64,${sample('green-heart.png')}`;
const QUESTION = 'One of: red circle, green heart';

let t: TestPlatform;
let caller: Caller;
let client: OpenRouter;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
  client = new OpenRouter({
    apiKey: caller.secret,
    serverURL: `${t.url}/api/v1`,
    retryConfig: { strategy: 'none' },
  });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const messages = [
  {
    role: 'user' as const,
    content: [
      { type: 'text' as const, text: QUESTION },
      { type: 'image_url' as const, imageUrl: { url: HEART } },
    ],
  },
];

test('embeddings of a text and an image, as content parts', async () => {
  const answer = await client.embeddings.generate({
    requestBody: {
      model: DEMO_MODEL,
      input: [
        { content: [{ type: 'text', text: 'This is a photo of green heart.' }] },
        { content: [{ type: 'image_url', imageUrl: { url: HEART } }] },
      ],
    },
  });
  if (typeof answer === 'string') throw new Error(answer);
  expect(answer.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
    [0, 128],
    [1, 128],
  ]);
  expect(answer.usage?.cost).toBe(0.0002);
});

test('a chat, and its record under its id', async () => {
  const answer = await client.chat.send({ chatRequest: { model: DEMO_MODEL, messages } });
  if (!('choices' in answer)) throw new Error('It is a stream.');
  expect(answer.choices[0]?.message.content).toBe('green heart');
  const { data } = await client.generations.getGeneration({ id: answer.id });
  expect(data.totalCost).toBeGreaterThan(0);
  expect(data.totalCost).toBe(answer.usage?.cost);
});

test('a chat, streamed', async () => {
  const stream = await client.chat.send({
    chatRequest: { model: DEMO_MODEL, messages, stream: true },
  });
  if ('choices' in stream) throw new Error('It is no stream.');
  let text = '';
  let cost: unknown;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    cost = chunk.usage?.cost;
  }
  expect(text).toBe('green heart');
  expect(cost).toEqual(expect.any(Number));
});

test('a response, plain and streamed', async () => {
  const input = [
    {
      role: 'user' as const,
      content: [
        { type: 'input_text' as const, text: QUESTION },
        { type: 'input_image' as const, imageUrl: HEART, detail: 'auto' as const },
      ],
    },
  ];
  const plain = await client.responses.send({ responsesRequest: { model: DEMO_MODEL, input } });
  if (!('output' in plain)) throw new Error('It is a stream.');
  expect(plain.output[0]).toMatchObject({ content: [{ text: 'green heart' }] });
  const stream = await client.responses.send({
    responsesRequest: { model: DEMO_MODEL, input, stream: true },
  });
  if ('output' in stream) throw new Error('It is no stream.');
  const types: string[] = [];
  for await (const event of stream) types.push(event.type);
  expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
});

test('an error is one of OpenRouter’s', async () => {
  const poor = await t.caller(0n);
  const refused = new OpenRouter({
    apiKey: poor.secret,
    serverURL: `${t.url}/api/v1`,
    retryConfig: { strategy: 'none' },
  }).embeddings.generate({ requestBody: { model: DEMO_MODEL, input: 'a text that is new' } });
  await expect(refused).rejects.toMatchObject({ statusCode: 402, error: { code: 402 } });
});
