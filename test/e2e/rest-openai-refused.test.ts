import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { DOLLAR } from '../support/payments.js';
import { callRest } from '../support/rest.js';

const HEART = `data:image/png;base64,${sample('green-heart.png')}`;
const picture = { type: 'image_url', image_url: { url: HEART } };
const said = (...content: unknown[]) => [{ role: 'user', content }];
const text = (words: string) => ({ type: 'text', text: words });
const LABELS = text('cat, dog');

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(DOLLAR);
});
afterEach(async () => {
  await t.verify();
  const { postedNanos, heldNanos } = await t.app.services.credits.balance(caller.accountId);
  expect([postedNanos, heldNanos]).toEqual([DOLLAR, 0n]);
});
afterAll(() => t.stop());

const responses = {
  instructions: 'cat, dog',
  input: [{ role: 'user', content: [{ type: 'input_image', image_url: HEART }] }],
};

const post = (path: string, body: unknown) =>
  callRest(t.url, 'POST', path, { secret: caller.secret, body });

const over10MiB = 'A'.repeat(Math.ceil((10 * 2 ** 20) / 3) * 4 + 8);
const schema = (given: object) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'x', schema: given } },
});

const functions = (parameters: object) => ({
  tools: [{ type: 'function', function: { name: 'f', parameters } }],
});
const named = (name: string) => ({ type: 'function', function: { name } });

test.each<[string, string, object, RegExp, string | null]>([
  ['nothing', '/v1/embeddings', {}, /`input` or `messages`/, 'input'],
  ['an empty list', '/v1/embeddings', { input: [] }, />=1 items/, 'input'],
  ['an empty text', '/v1/embeddings', { input: ['a', ''] }, /Text 2 is empty/, null],
  ['a number', '/v1/embeddings', { input: 7 }, /Send a text/, 'input'],
  ['tokens', '/v1/embeddings', { input: [1, 2] }, /vocabulary of its own/, 'input'],
  ['lists of tokens', '/v1/embeddings', { input: [[1], [2]] }, /vocabulary of its own/, 'input'],
  [
    '65 images',
    '/v1/embeddings',
    { input: Array(65).fill({ image: HEART }) },
    /1 to 64 .*got 65.*Split/,
    'images',
  ],
  [
    '2,049 texts',
    '/v1/embeddings',
    { input: Array(2_049).fill('a') },
    /2049 texts; at most 2048.*Split/,
    null,
  ],
  ['both', '/v1/embeddings', { input: 'a', messages: said(LABELS) }, /either/i, 'input'],
  [
    'two parts for one vector',
    '/v1/embeddings',
    { input: [{ content: [LABELS, picture] }] },
    /one text or one image/,
    'input',
  ],
  ['a sound', '/v1/embeddings', { input: 'a', modality: 'audio' }, /modality/, 'modality'],
  ['no dimensions', '/v1/embeddings', { input: 'a', dimensions: 0 }, /dimensions/, 'dimensions'],
  [
    'a coding that is none',
    '/v1/embeddings',
    { input: 'a', encoding_format: 'int8' },
    /encoding_format/,
    'encoding_format',
  ],
  ['a file of ours', '/v1/embeddings', { input: [{ image: 'file:///etc/x' }] }, /https/, 'image'],
  ['no base64', '/v1/embeddings', { input: [{ image: '!' }] }, /base64/, 'image'],
  ['no messages', '/v1/chat/completions', {}, /messages/, 'messages'],
  ['no image', '/v1/chat/completions', { messages: said(LABELS) }, /there are 0/, 'messages'],
  [
    'two images',
    '/v1/chat/completions',
    { messages: said(LABELS, picture, picture) },
    /there are 2/,
    'messages',
  ],
  [
    'no labels',
    '/v1/chat/completions',
    { messages: said(text('What is this?'), picture) },
    /No labels found/,
    'messages',
  ],
  [
    'a label of nothing but punctuation',
    '/v1/chat/completions',
    { messages: said(text('One of: cat, -, dog'), picture) },
    /Label 2 is empty/,
    null,
  ],
  [
    'a sound',
    '/v1/chat/completions',
    { messages: said(LABELS, { type: 'input_audio', input_audio: {} }) },
    /image_url/,
    'messages.0.content',
  ],
  ['no answers', '/v1/chat/completions', { messages: said(LABELS, picture), n: 0 }, /n:/, 'n'],
  [
    'a tool that is no function',
    '/v1/chat/completions',
    { messages: said(LABELS, picture), tools: [{ type: 'custom', custom: { name: 'f' } }] },
    /Only functions/,
    'tools.0.type',
  ],
  [
    'a function that is not there',
    '/v1/chat/completions',
    { messages: said(LABELS, picture), ...functions({}), tool_choice: named('other') },
    /no function "other"/,
    'tools',
  ],
  [
    'a function without labels that has to be called',
    '/v1/chat/completions',
    { messages: said(LABELS, picture), ...functions({}), tool_choice: 'required' },
    /no labels/,
    'tools',
  ],
  [
    'a function that wants an essay',
    '/v1/chat/completions',
    {
      messages: said(picture),
      ...functions({
        type: 'object',
        properties: { label: { enum: ['a', 'b'] }, reason: { type: 'string' } },
        required: ['label', 'reason'],
      }),
      tool_choice: named('f'),
    },
    /"reason"/,
    'tools',
  ],
  [
    'speech',
    '/v1/chat/completions',
    { messages: said(LABELS, picture), modalities: ['text', 'audio'] },
    /text alone/,
    'modalities.1',
  ],
  [
    'a schema without labels',
    '/v1/chat/completions',
    { messages: said(LABELS, picture), ...schema({ type: 'string' }) },
    /enum/,
    'response_format',
  ],
  [
    'a schema that asks for an essay',
    '/v1/chat/completions',
    {
      messages: said(picture),
      ...schema({
        type: 'object',
        properties: { label: { enum: ['a', 'b'] }, reason: { type: 'string' } },
        required: ['label', 'reason'],
      }),
    },
    /"reason"/,
    'response_format',
  ],
  ['no input', '/v1/responses', {}, /input/, 'input'],
  ['a text alone', '/v1/responses', { input: 'cat, dog' }, /there are 0/, 'input'],
  [
    'an image from nowhere',
    '/v1/responses',
    { input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
    /image_url or a file_id/,
    'input',
  ],
  ['tools', '/v1/responses', { ...responses, tools: [{}] }, /Only functions/, 'tools.0.type'],
  [
    'an earlier response',
    '/v1/responses',
    { ...responses, previous_response_id: 'resp-run_1' },
    /not stored/,
    'previous_response_id',
  ],
  [
    'an answer for later',
    '/v1/responses',
    { ...responses, background: true },
    /at once/,
    'background',
  ],
  ['no input', '/v1/moderations', {}, /Only images/, 'input'],
  ['no images', '/v1/moderations', { input: [] }, /input/, 'input'],
])('%s at %s is refused', async (_what, path, body, message, param) => {
  const answer = await post(path, { model: DEMO_MODEL, ...body });
  expect(answer.body.error.message).toMatch(message);
  expect([answer.status, answer.body.error.type, answer.body.error.param]).toEqual([
    400,
    'invalid_request_error',
    param,
  ]);
});

test.each([
  ['/v1/embeddings', { input: [{ image: over10MiB }] }],
  [
    '/v1/chat/completions',
    { messages: said(LABELS, { ...picture, image_url: { url: over10MiB } }) },
  ],
])('an image of more than 10 MiB at %s is 413', async (path, body) => {
  const answer = await post(path, { model: DEMO_MODEL, ...body });
  expect([answer.status, answer.body.error.code]).toEqual([413, 'payload_too_large']);
});

test('what is no picture is 415', async () => {
  const body = {
    model: DEMO_MODEL,
    input: [{ image: Buffer.from('no picture').toString('base64') }],
  };
  const answer = await post('/v1/embeddings', body);
  expect([answer.status, answer.body.error.code]).toEqual([415, 'unsupported_media_type']);
});
