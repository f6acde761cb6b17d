import type OpenAI from 'openai';
import {
  type BatchPlatform,
  classifyLine,
  classifyLines,
  createBatch,
  DOLLAR,
  lineOf,
  startBatchPlatform,
  uniquePicture,
  uploadLines,
} from '../support/batches.js';
import { type Caller, DEMO_MODEL } from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: BatchPlatform;
let caller: Caller;
let client: OpenAI;
beforeAll(async () => {
  t = await startBatchPlatform();
  ({ caller, client } = await t.customer());
});
afterEach(async () => {
  await t.verify();
  expect(await t.money(caller)).toEqual({ posted: DOLLAR, held: 0n });
});
afterAll(() => t.stop());

const CLASSIFY = '/v1/classify';
const NOT_LIVE = 'timm/ViT-SO400M-14-SigLIP-384';

test.each([
  ['what is no JSON', '{"custom_id": "a"', 'invalid_json_line', null, /JSON/],
  ['a list', '[1]', 'invalid_request', '', /object/],
  [
    'no custom_id',
    { ...classifyLine('x'), custom_id: undefined },
    'invalid_request',
    'custom_id',
    /./,
  ],
  ['a custom_id of NUL', { ...classifyLine('a\0b') }, 'invalid_request', 'custom_id', /512/],
  [
    'a number for a custom_id',
    { ...classifyLine('x'), custom_id: 7 },
    'invalid_request',
    'custom_id',
    /./,
  ],
  ['another method', { ...classifyLine('x'), method: 'GET' }, 'invalid_request', 'method', /POST/],
  [
    'another endpoint',
    { ...classifyLine('x'), url: '/v1/embeddings' },
    'invalid_url',
    'url',
    /classify/,
  ],
  ['no body', { ...classifyLine('x'), body: undefined }, 'invalid_request', 'body', /./],
  ['no labels', classifyLine('x', { labels: [] }), 'bad_user_input', 'body.labels', /labels/],
  ['an unknown model', classifyLine('x', { model: 'no/body' }), 'not_found', null, /no\/body/],
  [
    'a model that is not live',
    classifyLine('x', { model: NOT_LIVE }),
    'model_not_live',
    null,
    /live/,
  ],
  [
    'what is no base64',
    classifyLine('x', { input: '!' }),
    'bad_user_input',
    'body.image',
    /base64/,
  ],
  [
    'an image over 10 MiB',
    classifyLine('x', { input: 'A'.repeat(14_000_000) }),
    'payload_too_large',
    null,
    /10 MiB/,
  ],
  [
    'a line over the limit',
    classifyLine('x', { input: 'A'.repeat(15_000_000) }),
    'line_too_large',
    null,
    /bytes/,
  ],
  [
    'a file that nobody has',
    classifyLine('x', { input: `file_${'0'.repeat(26)}` }),
    'not_found',
    null,
    /file/,
  ],
])('a batch with %s fails, and says where', async (_what, line, code, param, message) => {
  const input = await uploadLines(client, [classifyLine('good'), line, classifyLine('good too')]);
  const batch = await createBatch(client, CLASSIFY, input);
  expect(batch).toMatchObject({
    status: 'failed',
    output_file_id: null,
    error_file_id: null,
    in_progress_at: null,
    request_counts: { total: 0, completed: 0, failed: 0 },
    errors: { object: 'list', data: [{ code, line: 2, param }] },
  });
  expect(batch.failed_at).toBe(batch.created_at);
  expect(batch.errors?.data?.[0]?.message).toMatch(message);
  expect(await client.batches.retrieve(batch.id)).toEqual(batch);
});

test('each mistake has its line, up to a hundred', async () => {
  const twice = [classifyLine('a'), '{', '', classifyLine('a'), classifyLine('b')];
  const batch = await createBatch(client, CLASSIFY, await uploadLines(client, twice));
  expect(batch.errors?.data?.map(({ code, line }) => [code, line])).toEqual([
    ['invalid_json_line', 2],
    ['duplicate_custom_id', 4],
  ]);
  const many = Array.from({ length: 300 }, () => 'nothing');
  const worse = await createBatch(client, CLASSIFY, await uploadLines(client, many));
  expect(worse.errors?.data).toHaveLength(100);
});

test.each([
  ['nothing', []],
  ['blank lines', ['', '  ', '']],
])('a file with %s makes a failed batch', async (_what, lines) => {
  const batch = await createBatch(client, CLASSIFY, await uploadLines(client, lines));
  expect([batch.status, batch.errors?.data?.[0]?.code]).toEqual(['failed', 'empty_file']);
});

test('a line that asks for a stream is a mistake', async () => {
  const url = '/v1/chat/completions';
  const content = [
    { type: 'text', text: 'Which is it: a or b?' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${uniquePicture()}` } },
  ];
  const body = { model: DEMO_MODEL, messages: [{ role: 'user', content }], stream: true };
  const batch = await createBatch(client, url, await uploadLines(client, [lineOf('x', url, body)]));
  expect(batch.errors?.data?.[0]).toMatchObject({ line: 1, param: 'body.stream' });
});

const post = (body: object, secret: string | undefined = caller.secret, headers = {}) =>
  callRest(t.url, 'POST', '/v1/batches', { secret, body, headers });

test.each([
  ['without a file', { input_file_id: undefined }, 400, 'input_file_id'],
  ['of a file that nobody has', { input_file_id: 'file_x' }, 404, null],
  ['of NUL', { input_file_id: 'file_\0' }, 404, null],
  ['for another endpoint', { endpoint: '/v1/responses' }, 400, 'endpoint'],
  ['for a word of every object', { endpoint: 'constructor' }, 400, 'endpoint'],
  ['with another window', { completion_window: '1h' }, 400, 'completion_window'],
  ['with numbers as metadata', { metadata: { a: 1 } }, 400, 'metadata.a'],
  ['with NUL as metadata', { metadata: { a: '\0' } }, 400, 'metadata.a'],
  [
    'with too much metadata',
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ''])) },
    400,
    'metadata',
  ],
])('a batch %s is refused', async (_what, more, status, param) => {
  const input = await uploadLines(client, classifyLines(1));
  const good = { input_file_id: input, endpoint: CLASSIFY, completion_window: '24h' };
  const answer = await post({ ...good, ...more });
  expect([answer.status, answer.body.error.param]).toEqual([status, param]);
  expect(answer.body.error.type).toBe(status === 404 ? 'not_found_error' : 'invalid_request_error');
});

test('an image is no input, and a key without the scope, a wrong one and none are refused', async () => {
  const file = new File([Buffer.from(uniquePicture(), 'base64')], 'a.png');
  const picture = await client.files.create({ file, purpose: 'vision' });
  const body = { input_file_id: picture.id, endpoint: CLASSIFY, completion_window: '24h' };
  expect((await post(body)).body.error).toMatchObject({
    param: 'input_file_id',
    message: expect.stringMatching(/purpose/),
  });
  const reader = await t.caller(0n, { scopes: ['READ'] });
  expect((await post(body, reader.secret)).status).toBe(403);
  expect((await post(body, 'gr-wrong')).status).toBe(401);
  expect((await callRest(t.url, 'POST', '/v1/batches', { body })).status).toBe(401);
  const headers = { 'idempotency-key': 'x'.repeat(256) };
  const batch = { ...body, input_file_id: await uploadLines(client, classifyLines(1)) };
  expect((await post(batch, caller.secret, headers)).status).toBe(400);
});

test.each(['?limit=0', '?limit=101', '?limit=x', '?after=%00'])(
  'a list with %s is refused',
  async (query) => {
    const { secret } = caller;
    expect((await callRest(t.url, 'GET', `/v1/batches${query}`, { secret })).status).toBe(400);
  },
);
