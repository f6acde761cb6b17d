import type OpenAI from 'openai';
import {
  type BatchPlatform,
  classifyLine,
  classifyLines,
  createBatch,
  ended,
  startBatchPlatform,
  uniquePicture,
  uploadLines,
} from '../support/batches.js';
import { bearer, type Caller } from '../support/platform.js';

let t: BatchPlatform;
let caller: Caller;
let client: OpenAI;
beforeAll(async () => {
  t = await startBatchPlatform();
  ({ caller, client } = await t.customer());
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('a file is there as it was sent, whichever its purpose, and gone when it is deleted', async () => {
  const { client } = await t.customer();
  const bytes = Buffer.from(uniquePicture(), 'base64');
  const picture = await client.files.create({
    file: new File([bytes], '♥ heart.png'),
    purpose: 'vision',
  });
  expect(picture).toMatchObject({
    object: 'file',
    bytes: bytes.length,
    filename: '♥ heart.png',
    purpose: 'vision',
    status: 'processed',
  });
  expect(picture.expires_at).toBe(picture.created_at + 3_600);
  expect(await client.files.retrieve(picture.id)).toEqual(picture);
  const content = await client.files.content(picture.id);
  expect(content.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true);

  const lines = await uploadLines(client, ['{"a": 1}', 'whatever']);
  expect(await (await client.files.content(lines)).text()).toBe('{"a": 1}\nwhatever');
  expect((await client.files.list({ purpose: 'batch' })).data.map(({ id }) => id)).toEqual([lines]);
  const oldestFirst: string[] = [];
  for await (const { id } of client.files.list({ limit: 1, order: 'asc' })) oldestFirst.push(id);
  expect(oldestFirst).toEqual([picture.id, lines]);
  expect(await client.files.delete(picture.id)).toEqual({
    id: picture.id,
    object: 'file',
    deleted: true,
  });
  await expect(client.files.content(picture.id)).rejects.toMatchObject({ status: 404 });
});

test('the input is kept while a batch reads it, and both files are there afterwards', async () => {
  const { client } = await t.customer();
  const input = await uploadLines(client, classifyLines(40));
  const made = await createBatch(client, '/v1/classify', input);
  await expect(client.files.delete(input)).rejects.toMatchObject({ status: 409 });
  const { output_file_id: output } = await ended(client, made.id);
  expect(await client.files.retrieve(output ?? '')).toMatchObject({
    object: 'file',
    purpose: 'batch_output',
    filename: `${made.id}_output.jsonl`,
    status: 'processed',
  });
  const listed = await client.files.list();
  expect(listed.data.map(({ id }) => id).sort()).toEqual([input, output].sort());
  expect((await client.files.list({ purpose: 'batch_output' })).data).toHaveLength(1);
  await client.files.delete(input);
  await client.files.delete(output ?? '');
  expect((await client.files.list()).data).toEqual([]);
});

async function send(parts: readonly [name: string, value: string | Blob][]): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of parts) form.append(name, value);
  return fetch(`${t.url}/v1/files`, { method: 'POST', body: form, headers: bearer(caller.secret) });
}

const lines = new Blob([JSON.stringify(classifyLine('x'))]);
const notUtf8 = new Blob([new Uint8Array([0x7b, 0xc3, 0x28])]);
const cutOff = new Blob([new Uint8Array([0x7b, 0xe2, 0x82])]);
const picture = () => new Blob([Buffer.from(uniquePicture(), 'base64')]);

test.each([
  [
    'lines for a purpose of images',
    [
      ['purpose', 'vision'],
      ['file', lines],
    ],
    415,
  ],
  ['lines whose purpose is not said', [['file', lines]], 415],
  [
    'an image for a batch',
    [
      ['purpose', 'batch'],
      ['file', picture()],
    ],
    415,
  ],
  [
    'an image for a batch, said later',
    [
      ['file', picture()],
      ['purpose', 'batch'],
    ],
    415,
  ],
  [
    'what is not UTF-8',
    [
      ['file', notUtf8],
      ['purpose', 'batch'],
    ],
    415,
  ],
  [
    'what ends in the middle of a character',
    [
      ['file', cutOff],
      ['purpose', 'batch'],
    ],
    415,
  ],
  [
    'a purpose that nobody has',
    [
      ['file', lines],
      ['purpose', 'theft'],
    ],
    400,
  ],
  [
    'a file for our own purpose',
    [
      ['file', lines],
      ['purpose', 'batch_output'],
    ],
    400,
  ],
  ['no file', [['purpose', 'batch']], 400],
  [
    'a file of another name',
    [
      ['document', lines],
      ['purpose', 'batch'],
    ],
    400,
  ],
  [
    '50,001 lines',
    [
      ['file', new Blob(['{}\n'.repeat(50_001)])],
      ['purpose', 'batch'],
    ],
    413,
  ],
  [
    '101 MiB',
    [
      ['file', new Blob(['{}'.repeat(51 * 2 ** 20)])],
      ['purpose', 'batch'],
    ],
    413,
  ],
] as [string, [string, string | Blob][], number][])(
  '%s is refused, and leaves nothing',
  async (_what, parts, status) => {
    const before = (await client.files.list()).data.length;
    // The server may hang up in the middle of what is too long.
    const response = await send(parts).catch(() => undefined);
    if (response !== undefined || status !== 413) expect(response?.status).toBe(status);
    if (response !== undefined) {
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    }
    expect((await client.files.list()).data).toHaveLength(before);
  },
);

test('a form that breaks off is a bad request, and leaves nothing', async () => {
  const head =
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n{"custom_id"';
  const response = await fetch(`${t.url}/v1/files`, {
    method: 'POST',
    body: head,
    headers: { ...bearer(caller.secret), 'content-type': 'multipart/form-data; boundary=x' },
  });
  expect(response.status).toBe(400);
});
