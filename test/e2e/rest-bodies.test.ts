import { request } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { bearer } from '../support/platform.js';
import { readAnswer } from '../support/rest.js';

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  t = await startPlatform();
});
beforeEach(async () => {
  caller = await t.caller(DOLLAR);
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const embed = (input: unknown = ['red circle']) =>
  Buffer.from(JSON.stringify({ model: DEMO_MODEL, input }));
const balance = async () => (await t.app.services.credits.balance(caller.accountId)).postedNanos;

const send = async (
  path: string,
  body: Buffer | undefined,
  headers: Record<string, string>,
  method = 'POST',
) =>
  readAnswer(
    await fetch(t.url + path, {
      method,
      headers: { ...bearer(caller.secret), ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    }),
  );

/** Sends a body in chunks, and none of them when there is nothing to send. */
const sendChunked = (path: string, chunks: readonly string[], headers: Record<string, string>) =>
  new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(
      t.url + path,
      {
        method: 'POST',
        headers: { ...bearer(caller.secret), 'transfer-encoding': 'chunked', ...headers },
      },
      (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => {
          resolve({ status: answer.statusCode, text });
        });
      },
    );
    sent.on('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });

const upload = async () => {
  const client = new OpenAI({ baseURL: `${t.url}/v1`, apiKey: caller.secret });
  const bytes = Buffer.from(sample('red-circle.png'), 'base64');
  return client.files.create({
    file: new File([new Uint8Array(bytes)], 'a.png', { type: 'image/png' }),
    purpose: 'vision',
  });
};

describe('a body that is empty is no body', () => {
  test.each(['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'x', ''])(
    'a DELETE with the content type "%s" deletes',
    async (contentType) => {
      const { id } = await upload();
      for (const [status, body] of [
        [200, { id, deleted: true }],
        [404, { error: { type: 'not_found_error' } }],
      ] as const) {
        const answer = await send(
          `/v1/files/${id}`,
          undefined,
          { 'content-type': contentType, 'content-length': '0' },
          'DELETE',
        );
        expect([answer.status, answer.body]).toMatchObject([status, body]);
      }
    },
  );

  test('a POST without parameters reaches its route, in chunks too', async () => {
    const path = '/v1/batches/batch_none/cancel';
    for (const contentType of ['application/json', 'application/octet-stream']) {
      const answer = await send(path, undefined, { 'content-type': contentType });
      expect([answer.status, answer.body.error.type]).toEqual([404, 'not_found_error']);
      const chunked = await sendChunked(path, [], { 'content-type': contentType });
      expect([chunked.status, chunked.text]).toEqual([404, expect.stringMatching(/not_found/)]);
    }
  });

  test('where a body is needed, what is missing is named', async () => {
    const answer = await send('/v1/embeddings', undefined, { 'content-type': 'application/json' });
    expect([answer.status, answer.body.error]).toMatchObject([
      400,
      { param: 'model', message: 'model: It is required.' },
    ]);
  });

  test('a body in chunks is read whole', async () => {
    const text = embed().toString();
    const chunks = [text.slice(0, 1), text.slice(1, 20), text.slice(20)];
    const answer = await sendChunked('/v1/embeddings', chunks, {
      'content-type': 'application/json',
    });
    expect([answer.status, JSON.parse(answer.text).data]).toMatchObject([200, [{ index: 0 }]]);
    const broken = await sendChunked('/v1/embeddings', ['{"a":'], {
      'content-type': 'application/json',
    });
    expect(broken.status).toBe(400);
  });
});

describe('a compressed body', () => {
  const ENCODERS: [string, (bytes: Buffer) => Buffer][] = [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (bytes) => bytes],
  ];
  const json = { 'content-type': 'application/json' };

  test.each(ENCODERS)('in %s is decoded', async (coding, encode) => {
    const plain = await send('/v1/embeddings', embed(), json);
    const headers = { ...json, 'content-encoding': coding };
    const answer = await send('/v1/embeddings', encode(embed()), headers);
    expect([answer.status, answer.body.data]).toEqual([200, plain.body.data]);
  });

  test('of a file is decoded', async () => {
    const picture = Buffer.from(sample('red-circle.png'), 'base64');
    const headers = { 'content-type': 'image/png', 'content-encoding': 'gzip' };
    const answer = await send('/v1/files', gzipSync(picture), headers);
    expect([answer.status, answer.body]).toMatchObject([201, { bytes: picture.length }]);
  });

  test.each([
    ['zstd', embed(), 415, /"zstd" is not supported. Use one of gzip, deflate, br/],
    ['gzip, br', gzipSync(embed()), 415, /"gzip, br" is not supported/],
    ['gzip', embed(), 400, /not valid gzip/],
    ['deflate', gzipSync(embed()), 400, /not valid deflate/],
    ['br', embed(), 400, /not valid br/],
    ['gzip', gzipSync(embed()).subarray(0, -9), 400, /cut off/],
    ['gzip', gzipSync(Buffer.from('{"input":')), 400, /JSON/],
    ['gzip', gzipSync(Buffer.alloc(20_000_000, ' ')), 413, /decoded from gzip/],
    ['br', brotliCompressSync(Buffer.alloc(500_000_000, ' ')), 413, /decoded from br/],
  ])('in %s that cannot be taken is refused, and free', async (coding, body, status, message) => {
    const answer = await send('/v1/embeddings', body, { ...json, 'content-encoding': coding });
    expect([answer.status, answer.body.error.message]).toEqual([
      status,
      expect.stringMatching(message),
    ]);
    expect(answer.headers.get('accept-encoding')).toBe(status === 415 ? 'gzip, deflate, br' : null);
    expect(await balance()).toBe(DOLLAR);
    // Nothing of it is left on the connection, nor on the server.
    expect((await send('/v1/embeddings', embed(), json)).status).toBe(200);
  });

  test('in a form is refused by name', async () => {
    const form = new FormData();
    form.set('purpose', 'vision');
    form.set('file', new Blob(['x']), 'a.png');
    const response = await fetch(`${t.url}/v1/files`, {
      method: 'POST',
      headers: { ...bearer(caller.secret), 'content-encoding': 'gzip' },
      body: form,
    });
    const { status, body } = await readAnswer(response);
    expect([status, body.error.message]).toEqual([415, expect.stringMatching(/Forms.*"gzip"/)]);
  });
});
