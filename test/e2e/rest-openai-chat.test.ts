import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { countedClient, type CountedClient } from '../support/openai.js';
import { DOLLAR } from '../support/payments.js';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming;

const HEART = `data:image/png;base64,${sample('green-heart.png')}`;
const STARS = `data:image/png;base64,${sample('three-yellow-stars.png')}`;
const QUESTION = 'Which of these is it: red circle, green heart or blue square?';

let t: TestPlatform;
let caller: Caller;
let counted: CountedClient;
let client: OpenAI;
beforeAll(async () => {
  t = await startPlatform({ imageUrl: { allow: ['127.0.0.1'], timeoutMs: 5_000 } });
  caller = await t.caller(DOLLAR);
  counted = countedClient(t.url, caller);
  client = counted.client;
});
afterEach(() => t.verify());
afterAll(() => t.stop());

/** A question of one message. */
function about(url: string, text?: string): Pick<Params, 'model' | 'messages'> {
  const picture = { type: 'image_url' as const, image_url: { url, detail: 'low' as const } };
  const words = text === undefined ? [] : [{ type: 'text' as const, text }];
  return { model: DEMO_MODEL, messages: [{ role: 'user', content: [...words, picture] }] };
}

const contentOf = ({ choices }: OpenAI.ChatCompletion) => choices[0]?.message.content;
const posted = async () => (await t.app.services.credits.balance(caller.accountId)).postedNanos;

describe('labels in a text', () => {
  test('the best label is the answer, with what it cost', async () => {
    const before = await posted();
    const completion = await client.chat.completions.create(about(HEART, QUESTION));
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: DEMO_MODEL,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'green heart', refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: { prompt_tokens: 4, completion_tokens: 0, total_tokens: 4, cost: 0.00023 },
    });
    expect(completion.id).toMatch(/^chatcmpl-run_/);
    expect(before - (await posted())).toBe(230_000n);
  });

  test('the last text of the user has them; without one, the system’s', async () => {
    const [message] = about(HEART).messages;
    const conversation = (...messages: OpenAI.ChatCompletionMessageParam[]) =>
      client.chat.completions.create({ model: DEMO_MODEL, messages });
    const system = {
      role: 'system' as const,
      content: 'Answer with one of: red circle, blue square',
    };
    if (message === undefined) throw new Error('There is no message.');
    const last = await conversation(
      system,
      message,
      { role: 'assistant', content: 'cat, dog' },
      { role: 'user', content: '- green heart\n- red circle' },
    );
    expect(contentOf(last)).toBe('green heart');
    expect(contentOf(await conversation(system, message))).toMatch(/^(red circle|blue square)$/);
  });

  test('logprobs are those of the labels, and their shares add up to 1', async () => {
    const { choices } = await client.chat.completions.create({
      ...about(HEART, QUESTION),
      logprobs: true,
      top_logprobs: 5,
    });
    const [token] = choices[0]?.logprobs?.content ?? [];
    expect(token).toMatchObject({ token: 'green heart', bytes: [...Buffer.from('green heart')] });
    const top = token?.top_logprobs ?? [];
    expect(top.map((one) => one.token)).toHaveLength(3);
    expect(top[0]).toMatchObject({ token: 'green heart', logprob: token?.logprob });
    expect(top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 10);
    expect(top.every(({ logprob }) => Number.isFinite(logprob))).toBe(true);
  });

  test('the id of a file is an image too', async () => {
    const file = await client.files.create({
      file: createReadStream('models/demo-shapes/samples/green-heart.png'),
      purpose: 'vision',
    });
    const completion = await client.chat.completions.create(about(file.id, QUESTION));
    expect(contentOf(completion)).toBe('green heart');
  });

  test('an address is fetched', async () => {
    const server = createServer((_request, response) => {
      response.end(Buffer.from(sample('green-heart.png'), 'base64'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}/heart.png`;
    const completion = await client.chat.completions.create(about(url, QUESTION));
    expect(contentOf(completion)).toBe('green heart');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('json_object is answered by a label and its score', async () => {
    const completion = await client.chat.completions.create({
      ...about(HEART, QUESTION),
      response_format: { type: 'json_object' },
    });
    const { label, score } = JSON.parse(contentOf(completion) ?? '');
    expect(label).toBe('green heart');
    expect(score).toBeGreaterThan(0.9);
  });
});

describe('labels in a schema', () => {
  const Seen = z.object({
    label: z.enum(['red circle', 'green heart', 'blue square']),
    score: z.number().min(0).max(1),
    note: z.string().nullable(),
  });

  test('parse() of OpenAI’s client accepts the answer, by the schema that it was made from', async () => {
    const { choices } = await client.chat.completions.parse({
      ...about(HEART),
      response_format: zodResponseFormat(Seen, 'seen'),
    });
    const parsed = choices[0]?.message.parsed;
    expect(parsed).toMatchObject({ label: 'green heart', note: null });
    expect(parsed?.score).toBeGreaterThan(0.9);
  });

  test('an array gets every label that is in the picture', async () => {
    const Tags = z.object({
      tags: z.array(z.enum(['red circle', 'three yellow stars', 'yellow star', 'green heart'])),
    });
    const { choices } = await client.chat.completions.parse({
      ...about(STARS),
      response_format: zodResponseFormat(Tags, 'tags'),
    });
    expect(choices[0]?.message.parsed?.tags.toSorted()).toEqual([
      'three yellow stars',
      'yellow star',
    ]);
  });

  test('enums are answered each by itself, by one call, and a label in two of them is paid once', async () => {
    const Both = z.object({
      seen: z.object({ shape: z.enum(['heart', 'circle', 'square']), kind: z.literal('drawing') }),
      main: z.enum(['circle', 'square']),
    });
    const before = await posted();
    const completion = await client.chat.completions.parse({
      ...about(HEART),
      response_format: zodResponseFormat(Both, 'both'),
    });
    const parsed = completion.choices[0]?.message.parsed;
    expect(parsed?.seen).toEqual({ shape: 'heart', kind: 'drawing' });
    expect(['circle', 'square']).toContain(parsed?.main);
    // The image is cached by now.
    expect(completion.usage?.prompt_tokens).toBe(4);
    expect(before - (await posted())).toBe(30_000n);
  });
});

describe('streams', () => {
  test('the chunks say who speaks, what, that it is over, and what it cost; headers say so first', async () => {
    const before = await posted();
    const stream = await client.chat.completions.create({
      ...about(HEART, 'One of: red circle, green heart, a label for the stream'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const cost = counted.headers.at(-1)?.get('x-gigarouter-cost');
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(
      chunks.map(({ choices: [choice], usage }) => [choice?.delta, choice?.finish_reason, usage]),
    ).toEqual([
      [{ role: 'assistant', content: '', refusal: null }, null, null],
      [{ content: 'green heart' }, null, null],
      [{}, 'stop', null],
      [undefined, undefined, expect.objectContaining({ total_tokens: 4, cost: 0.00001 })],
    ]);
    expect(new Set(chunks.map(({ id, object }) => [id, object].join()))).toHaveProperty('size', 1);
    expect(cost).toBe('0.00001');
    expect(before - (await posted())).toBe(10_000n);
  });

  test('the bytes are server-sent events that end with [DONE]', async () => {
    const response = await fetch(`${t.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${caller.secret}` },
      body: JSON.stringify({ ...about(HEART, QUESTION), stream: true }),
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = (await response.text()).split('\n\n');
    expect(events.slice(-2)).toEqual(['data: [DONE]', '']);
    expect(events.filter((event) => event.includes('"usage"'))).toEqual([]);
    expect(events.every((event) => event === '' || event.startsWith('data: '))).toBe(true);
  });

  test('stream() of OpenAI’s client puts a schema’s answer together', async () => {
    const Seen = z.object({ label: z.enum(['red circle', 'green heart']) });
    const stream = client.chat.completions.stream({
      ...about(HEART),
      response_format: zodResponseFormat(Seen, 'seen'),
    });
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.parsed).toEqual({ label: 'green heart' });
  });

  test('a stream with an idempotency key is sent again, and charged once', async () => {
    const body = { ...about(HEART, 'One of: red circle, a label of one key'), stream: true };
    const send = () =>
      fetch(`${t.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${caller.secret}`,
          'idempotency-key': 'a-stream',
        },
        body: JSON.stringify(body),
      });
    const before = await posted();
    const texts = [await (await send()).text(), await (await send()).text()];
    const contents = texts.map((text) => /"content":"([^"]+)"/.exec(text)?.[1]);
    expect(contents[0]).toMatch(/red circle|a label of one key/);
    expect(contents[1]).toBe(contents[0]);
    expect(before - (await posted())).toBe(10_000n);
  });
});

test('OpenRouter’s address answers alike', async () => {
  const { secret } = caller;
  const body = about(HEART, QUESTION);
  const answer = await callRest(t.url, 'POST', '/api/v1/chat/completions', { secret, body });
  expect(contentOf(answer.body)).toBe('green heart');
});
