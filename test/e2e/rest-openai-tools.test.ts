import type OpenAI from 'openai';
import { zodFunction } from 'openai/helpers/zod';
import { z } from 'zod';
import { countedClient } from '../support/openai.js';
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

const LABELS = ['red circle', 'green heart', 'blue square'] as const;
const NOT_LIVE = 'timm/ViT-SO400M-14-SigLIP-384';
const picture = (name: string) => ({
  type: 'image_url' as const,
  image_url: { url: `data:image/png;base64,${sample(name)}` },
});
const HEART = picture('green-heart.png');
const CIRCLE = picture('red-circle.png');

let t: TestPlatform;
let caller: Caller;
let client: OpenAI;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
  client = countedClient(t.url, caller).client;
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const classify = zodFunction({
  name: 'classify',
  parameters: z.object({ shape: z.enum(LABELS), confidence: z.number() }),
});
const search = zodFunction({ name: 'search', parameters: z.object({ query: z.string() }) });
const color = zodFunction({
  name: 'color',
  parameters: z.object({ color: z.enum(['red', 'green']) }),
});
const user = (...content: OpenAI.ChatCompletionContentPart[]) => ({
  role: 'user' as const,
  content,
});
const text = (words: string) => ({ type: 'text' as const, text: words });
const ask = (params: Partial<Params>) =>
  client.chat.completions.create({
    model: DEMO_MODEL,
    messages: [user(text('What is in the picture?'), HEART)],
    ...params,
  });
const callsIn = ({ choices }: OpenAI.ChatCompletion) =>
  (choices[0]?.message.tool_calls ?? []).map((call) =>
    call.type === 'function' ? [call.function.name, JSON.parse(call.function.arguments)] : [],
  );

describe('a function with an enum argument is a classification', () => {
  test.each<[string, Partial<Params>]>([
    ['by itself', {}],
    ['when it has to be called', { tool_choice: 'required' }],
    ['by its name', { tool_choice: { type: 'function', function: { name: 'classify' } } }],
    ['beside one that is none', { tools: [search, classify] }],
    [
      'though another is first, by its name',
      {
        tools: [color, classify],
        tool_choice: { type: 'function', function: { name: 'classify' } },
      },
    ],
    [
      'alone, when calls are not parallel',
      {
        tools: [classify, color],
        parallel_tool_calls: false,
      },
    ],
  ])('%s', async (_how, params) => {
    const completion = await ask({ tools: [classify], ...params });
    expect(callsIn(completion)).toEqual([
      ['classify', { shape: 'green heart', confidence: expect.any(Number) }],
    ]);
    expect(completion.choices[0]).toMatchObject({
      message: { content: null, tool_calls: [{ id: expect.stringMatching(/^call_/) }] },
      finish_reason: 'tool_calls',
    });
  });

  test('several are called together, by one call of the model', async () => {
    const completion = await ask({ tools: [classify, color] });
    expect(callsIn(completion)).toEqual([
      ['classify', { shape: 'green heart', confidence: expect.any(Number) }],
      ['color', { color: 'green' }],
    ]);
    // An image and five labels.
    expect(completion.usage?.prompt_tokens).toBe(6);
    const ids = completion.choices[0]?.message.tool_calls?.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });

  test('none is called when none may be, and labels are those of the text', async () => {
    const messages = [user(text('Which is it: red circle or green heart?'), HEART)];
    for (const params of [
      { tool_choice: 'none' as const, tools: [classify] },
      { tools: [search] },
    ]) {
      const { choices } = await ask({ messages, ...params });
      expect(choices[0]).toMatchObject({
        message: { content: 'green heart' },
        finish_reason: 'stop',
      });
    }
  });

  test('after its result has been sent, the answer is a text', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [user(text('What is it?'), HEART)];
    const first = await ask({ messages, tools: [classify] });
    const [message] = first.choices.map(({ message: one }) => one);
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call === undefined) throw new Error('Nothing was called.');
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'stored' });
    const { choices } = await ask({ messages, tools: [classify] });
    expect(choices[0]).toMatchObject({
      message: { content: 'green heart' },
      finish_reason: 'stop',
    });
  });

  test('it is streamed as clients put it together', async () => {
    const stream = client.chat.completions.stream({
      model: DEMO_MODEL,
      messages: [user(HEART)],
      tools: [classify],
    });
    expect(callsIn(await stream.finalChatCompletion())).toEqual([
      ['classify', { shape: 'green heart', confidence: expect.any(Number) }],
    ]);
  });

  test('functions, as they were called before, are answered as then', async () => {
    const [{ function: fn }] = [classify];
    const body = { model: DEMO_MODEL, messages: [user(HEART)], functions: [fn] };
    const { body: answer } = await callRest(t.url, 'POST', '/v1/chat/completions', {
      secret: caller.secret,
      body: { ...body, function_call: { name: 'classify' } },
    });
    expect(answer.choices[0]).toMatchObject({
      message: { content: null, function_call: { name: 'classify' } },
      finish_reason: 'function_call',
    });
    expect(JSON.parse(answer.choices[0].message.function_call.arguments).shape).toBe('green heart');
  });
});

test('JSON by a schema in the prompt, as clients ask models that take none', async () => {
  const schema = JSON.stringify(z.toJSONSchema(z.object({ shape: z.enum(LABELS) })), null, 2);
  const system = {
    role: 'system' as const,
    content: `Provide the parsed objects in json that match the following json_schema:\n\n${schema}\n\nMake sure to return an instance of the JSON.`,
  };
  const messages = [system, user(text('What is it?'), HEART)];
  const asJson = await ask({ messages, response_format: { type: 'json_object' } });
  expect(asJson.choices[0]?.message.content).toBe('{"shape":"green heart"}');
  const asText = await ask({ messages });
  expect(asText.choices[0]?.message.content).toBe('```json\n{"shape":"green heart"}\n```');
  const format = {
    type: 'json_object',
    schema: z.toJSONSchema(z.object({ shape: z.enum(LABELS) })),
  };
  const beside = await ask({ messages: [user(HEART)], response_format: format as never });
  expect(beside.choices[0]?.message.content).toBe('{"shape":"green heart"}');
});

test('the picture is that of the last message that has one', async () => {
  const question = text('Which is it: red circle or green heart?');
  const turns = [
    user(question, CIRCLE),
    { role: 'assistant' as const, content: 'red circle' },
    user(text('And this one?'), HEART),
  ];
  expect((await ask({ messages: turns })).choices[0]?.message.content).toBe('green heart');
  const again = [...turns, { role: 'assistant' as const, content: 'green heart' }, user(question)];
  expect((await ask({ messages: again })).choices[0]?.message.content).toBe('green heart');
  const two = ask({ messages: [user(question, CIRCLE), user(question, CIRCLE, HEART)] });
  await expect(two).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/its last message with images there are 2/),
  });
});

test('n choices are all the same, and paid once', async () => {
  const messages = [user(text('Which is it: red circle or green heart?'), HEART)];
  const [one, three] = [await ask({ messages }), await ask({ messages, n: 3 })];
  expect(three.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  for (const { message } of three.choices) expect(message).toEqual(one.choices[0]?.message);
  expect(three.usage?.prompt_tokens).toBe(one.usage?.prompt_tokens);
});

test('logprobs of JSON are those of its labels', async () => {
  const { choices } = await ask({
    tools: [classify],
    logprobs: true,
    top_logprobs: 3,
  });
  const top = choices[0]?.logprobs?.content?.[0]?.top_logprobs ?? [];
  expect(top.map(({ token }) => token)).toEqual(expect.arrayContaining([...LABELS]));
  expect(top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 9);
  const [call] = callsIn(await ask({ tools: [classify] }));
  expect(call?.[1].confidence).toBeCloseTo(Math.exp(top[0]?.logprob ?? 0), 9);
});

describe('of several models the first is called that can be', () => {
  const post = (body: object, path = '/api/v1/chat/completions') =>
    callRest(t.url, 'POST', path, { secret: caller.secret, body });
  const messages = [user(text('Which is it: red circle or green heart?'), HEART)];

  test.each([
    [{ models: [DEMO_MODEL] }],
    [{ model: NOT_LIVE, models: ['nobody/nothing', DEMO_MODEL] }],
    [{ model: 'nobody/nothing', models: [DEMO_MODEL, NOT_LIVE] }],
  ])('%j', async (choice) => {
    const { status, body } = await post({ messages, ...choice });
    expect([status, body]).toMatchObject([
      200,
      { model: DEMO_MODEL, choices: [{ message: { content: 'green heart' } }] },
    ]);
  });

  test('without one that can be called, the last says why', async () => {
    expect((await post({ messages, models: ['nobody/nothing', NOT_LIVE] })).status).toBe(409);
    expect((await post({ messages })).body.error.message).toBe('model: It is required.');
    // What is wrong with the call is not tried again.
    const wrong = await post({ messages: [user(HEART)], models: [DEMO_MODEL, 'nobody/nothing'] });
    expect(wrong.status).toBe(400);
  });

  test('a preference for a provider has no effect, and is told so; other variants do not exist', async () => {
    for (const path of ['/api/v1/chat/completions', '/v1/chat/completions']) {
      const { status, headers } = await post({ messages, model: `${DEMO_MODEL}:floor` }, path);
      expect([status, headers.get('x-gigarouter-notice')]).toEqual([
        200,
        expect.stringMatching(/":floor" has no effect/),
      ]);
      const free = await post({ messages, model: `${DEMO_MODEL}:free` }, path);
      expect([free.status, free.body.error.message]).toEqual([
        404,
        expect.stringMatching(/no model is free of charge here/),
      ]);
    }
  });
});

test('a stream ends with what it cost, where clients of OpenRouter look for it', async () => {
  const body = {
    model: DEMO_MODEL,
    stream: true,
    messages: [user(text('Which is it: red circle or green heart?'), HEART)],
  };
  const lastOf = async (path: string, more: object = {}) => {
    const response = await fetch(t.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${caller.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...more }),
    });
    const events = (await response.text())
      .split('\n\n')
      .filter((line) => line.startsWith('data: {'));
    return JSON.parse(events.at(-1)?.slice(6) ?? '');
  };
  const usage = { prompt_tokens: 3, total_tokens: 3, cost: expect.any(Number) };
  expect(await lastOf('/api/v1/chat/completions')).toMatchObject({ usage });
  expect(await lastOf('/v1/chat/completions', { usage: { include: true } })).toMatchObject({
    usage,
  });
  expect(await lastOf('/v1/chat/completions')).not.toHaveProperty('usage');
});
