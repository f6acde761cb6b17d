import type OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
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

type Params = OpenAI.Responses.ResponseCreateParamsNonStreaming;

const HEART = `data:image/png;base64,${sample('green-heart.png')}`;

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

function about(text: string): Pick<Params, 'model' | 'input'> {
  return {
    model: DEMO_MODEL,
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text },
          { type: 'input_image', image_url: HEART, detail: 'auto' },
        ],
      },
    ],
  };
}
const posted = async () => (await t.app.services.credits.balance(caller.accountId)).postedNanos;

test('the best label is the output text, with what it cost', async () => {
  const before = await posted();
  const response = await client.responses.create(about('One of: red circle, green heart'));
  expect(response.output_text).toBe('green heart');
  expect(response).toMatchObject({
    object: 'response',
    status: 'completed',
    model: DEMO_MODEL,
    store: false,
    output: [{ type: 'message', role: 'assistant', status: 'completed' }],
    usage: { input_tokens: 3, output_tokens: 0, total_tokens: 3, cost: 0.00022 },
  });
  expect(response.id).toMatch(/^resp-run_/);
  expect(before - (await posted())).toBe(220_000n);
});

test('labels may be in the instructions, and metadata come back', async () => {
  const response = await client.responses.create({
    model: DEMO_MODEL,
    instructions: 'Answer with one of: green heart, red circle',
    input: [{ role: 'user', content: [{ type: 'input_image', image_url: HEART, detail: 'low' }] }],
    metadata: { order: '7' },
  });
  expect(response.output_text).toBe('green heart');
  expect(response.metadata).toEqual({ order: '7' });
});

test('parse() of OpenAI’s client accepts the answer, by the schema that it was made from', async () => {
  const Seen = z.object({ label: z.enum(['red circle', 'green heart']), confidence: z.number() });
  const response = await client.responses.parse({
    ...about('What is it?'),
    text: { format: zodTextFormat(Seen, 'seen') },
  });
  expect(response.output_parsed?.label).toBe('green heart');
  expect(response.output_parsed?.confidence).toBeGreaterThan(0.9);
  expect(response.text?.format).toMatchObject({ type: 'json_schema', name: 'seen' });
});

test('an answer can be sent back as part of the next input', async () => {
  const { input = [] } = about('One of: red circle, green heart');
  const first = await client.responses.create({ model: DEMO_MODEL, input });
  const second = await client.responses.create({
    model: DEMO_MODEL,
    input: [
      ...(typeof input === 'string' ? [] : input),
      ...first.output.filter((item) => item.type === 'message'),
      { role: 'user', content: 'And now one of: blue square, green heart' },
    ],
  });
  expect(second.output_text).toBe('green heart');
});

test('a stream sends the events of the API in their order, after headers with the cost', async () => {
  const stream = await client.responses.create({
    ...about('One of: red circle, green heart, a label for the stream'),
    stream: true,
  });
  expect(counted.headers.at(-1)?.get('x-gigarouter-cost')).toBe('0.00001');
  const events: OpenAI.Responses.ResponseStreamEvent[] = [];
  for await (const event of stream) events.push(event);
  expect(events.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ]);
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, at) => at));
  expect(events[4]).toMatchObject({ delta: 'green heart', output_index: 0, content_index: 0 });
  expect(events.at(-1)).toMatchObject({
    response: { status: 'completed', usage: { total_tokens: 4, cost: 0.00001 } },
  });
});

test('stream() of OpenAI’s client puts the answer together', async () => {
  const Seen = z.object({ label: z.enum(['red circle', 'green heart']) });
  const stream = client.responses.stream({
    ...about(''),
    text: { format: zodTextFormat(Seen, 'seen') },
  });
  const response = await stream.finalResponse();
  expect(response.output_parsed).toEqual({ label: 'green heart' });
  expect(response.output_text).toBe('{"label":"green heart"}');
});

describe('functions', () => {
  const LABELS = ['red circle', 'green heart', 'blue square'] as const;
  const classify = zodResponsesFunction({
    name: 'classify',
    parameters: z.object({ shape: z.enum(LABELS) }),
  });
  const search = zodResponsesFunction({
    name: 'search',
    parameters: z.object({ query: z.string() }),
  });
  const question = about('What is in the picture?');

  test.each<[string, Partial<Params>]>([
    ['by itself', { tools: [search, classify] }],
    ['when one has to be called', { tools: [classify], tool_choice: 'required' }],
    ['by its name', { tools: [classify], tool_choice: { type: 'function', name: 'classify' } }],
  ])('one with an enum argument is a classification, %s', async (_way, params) => {
    const before = await posted();
    const response = await client.responses.parse({ ...question, ...params });
    expect(response.output).toMatchObject([
      {
        type: 'function_call',
        status: 'completed',
        name: 'classify',
        call_id: expect.stringMatching(/^call_/),
        parsed_arguments: { shape: 'green heart' },
      },
    ]);
    expect(response).toMatchObject({ output_text: '', tool_choice: params.tool_choice ?? 'auto' });
    expect(before - (await posted())).toBeLessThanOrEqual(330_000n);
  });

  test('its result is followed by a text', async () => {
    const { output } = await client.responses.create({ ...question, tools: [classify] });
    const [call] = output;
    if (call?.type !== 'function_call') throw new Error('no call');
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'done' };
    const { output_text: text } = await client.responses.create({
      ...question,
      input: [...(question.input as OpenAI.Responses.ResponseInput), call, result],
      tools: [classify],
    });
    expect(text).toBe('green heart');
  });

  test('the events of a stream say the same', async () => {
    const stream = client.responses.stream({ ...question, tools: [classify] });
    const types = new Set<string>();
    for await (const { type } of stream) types.add(type);
    expect([...types]).toEqual(
      expect.arrayContaining([
        'response.output_item.added',
        'response.function_call_arguments.delta',
        'response.function_call_arguments.done',
        'response.output_item.done',
      ]),
    );
    const { output } = await stream.finalResponse();
    expect(output).toMatchObject([{ type: 'function_call', arguments: '{"shape":"green heart"}' }]);
  });

  test.each<[string, object]>([
    ['that is none', { tools: [{ type: 'web_search' }] }],
    ['that does not exist', { tools: [classify], tool_choice: { type: 'function', name: 'f' } }],
    ['that asks for a text', { tools: [search], tool_choice: 'required' }],
  ])('one %s is refused, and free', async (_what, params) => {
    const before = await posted();
    await expect(
      client.responses.create({ ...question, ...params } as Params),
    ).rejects.toMatchObject({ status: 400, param: expect.stringMatching(/^tools/) });
    expect(await posted()).toBe(before);
  });
});
