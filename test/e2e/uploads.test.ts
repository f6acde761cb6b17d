import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { codeOf } from '../support/app.js';
import { CLASSIFY } from '../support/classify.js';
import { temporaryFolder } from '../support/folder.js';
import {
  bearer,
  type Caller,
  DEMO_MODEL,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';

const PICTURE = path.resolve('models/demo-shapes/samples/green-heart.png');
const folder = temporaryFolder();
const stored = path.join(folder.path, 'uploads');

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  const uploads = { folder: stored, ttlS: 3_600, accountBytesMax: 40 * 2 ** 20 };
  t = await startPlatform({ uploads }, {}, { background: false });
  caller = await t.caller(10_000_000n);
});
afterAll(async () => {
  await t.stop();
  folder.remove();
});

const kept = () => (existsSync(stored) ? readdirSync(stored).length : 0);
const send = async (
  body: FormData | Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
  secret = caller.secret,
) =>
  fetch(`${t.url}/v1/files`, { method: 'POST', body, headers: { ...bearer(secret), ...headers } });
const classify = (uploadId: string, who = caller) =>
  who.gql(CLASSIFY, {
    input: { model: DEMO_MODEL, image: { uploadId }, labels: ['green heart', 'cat'] },
  });

async function form(): Promise<FormData> {
  const data = new FormData();
  data.append('purpose', 'vision');
  data.append('file', new Blob([await readFile(PICTURE)], { type: 'image/png' }), 'heart.png');
  return data;
}

test.each([
  ['multipart, as OpenAI’s clients send it', async () => send(await form())],
  ['the body itself', async () => send(await readFile(PICTURE), { 'content-type': 'image/png' })],
  [
    'bytes of an unnamed kind',
    async () => send(await readFile(PICTURE), { 'content-type': 'application/octet-stream' }),
  ],
])('a file sent as %s is classified by its id', async (_name, upload) => {
  const response = await upload();
  const file = (await response.json()) as { id: string };
  expect(response.status).toBe(201);
  expect(file).toMatchObject({
    object: 'file',
    media_type: 'image/png',
    bytes: expect.any(Number),
  });
  const { body } = await classify(file.id);
  expect(body.data.classifyImage.classification.labels[0].label).toBe('green heart');
});

test('an upload is its account’s alone, can be looked at, and is gone when deleted', async () => {
  const { id } = (await (await send(await form())).json()) as { id: string };
  const stranger = await t.caller(10_000_000n);
  const at = (secret: string, method = 'GET') =>
    fetch(`${t.url}/v1/files/${id}`, { method, headers: bearer(secret) });
  expect((await at(stranger.secret)).status).toBe(404);
  expect((await at(stranger.secret, 'DELETE')).status).toBe(404);
  expect(codeOf(await classify(id, stranger))).toBe('NOT_FOUND');
  expect(await (await at(caller.secret)).json()).toMatchObject({ id, object: 'file' });
  const before = kept();
  expect(await (await at(caller.secret, 'DELETE')).json()).toMatchObject({ id, deleted: true });
  expect(kept()).toBe(before - 1);
  expect(codeOf(await classify(id))).toBe('NOT_FOUND');
});

test('an upload that has expired is gone before it is swept, and its file afterwards', async () => {
  const { id } = (await (await send(await form())).json()) as { id: string };
  await t.database.query(`UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = $1`, [
    id,
  ]);
  expect(codeOf(await classify(id))).toBe('NOT_FOUND');
  expect(existsSync(path.join(stored, id))).toBe(true);
  await t.app.services.uploads.sweep();
  expect(existsSync(path.join(stored, id))).toBe(false);
});

test.each([
  ['text', 'no picture at all', 415],
  ['nothing', '', 415],
  ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 415],
])('%s is refused, and leaves nothing', async (_name, text, status) => {
  const before = kept();
  const response = await send(text, { 'content-type': 'image/png' });
  expect([response.status, kept()]).toEqual([status, before]);
});

test('nobody, and a key without the scope, is refused before the file is read', async () => {
  expect((await fetch(`${t.url}/v1/files`, { method: 'POST', body: await form() })).status).toBe(
    401,
  );
  const reader = await t.caller(0n, { scopes: ['READ'] });
  expect((await send(await form(), {}, reader.secret)).status).toBe(403);
  const json = await send('{}', { 'content-type': 'application/json' });
  expect(json.status).toBe(415);
});

test('5 GB are refused at their head', async () => {
  const { status, sent } = await stream({ 'content-length': String(5 * 2 ** 30) });
  expect(status).toBe(413);
  expect(sent).toBeLessThan(20 * 2 ** 20);
});

test('an endless file is cut off at the limit, and leaves nothing', async () => {
  const before = kept();
  const { status, sent } = await stream({ 'transfer-encoding': 'chunked' });
  expect([413, undefined]).toContain(status);
  expect(sent).toBeLessThan(80 * 2 ** 20);
  expect(kept()).toBe(before);
});

/** Sends zeros after a PNG's head until the server has had enough. */
function stream(
  headers: Record<string, string>,
): Promise<{ status: number | undefined; sent: number }> {
  return new Promise((resolve) => {
    let sent = 0;
    let status: number | undefined;
    const call = request(`${t.url}/v1/files`, {
      method: 'POST',
      headers: { 'content-type': 'image/png', ...bearer(caller.secret), ...headers },
    });
    const finish = () => {
      clearTimeout(deadline);
      call.destroy();
      resolve({ status, sent });
    };
    const deadline = setTimeout(finish, 20_000);
    call.on('response', (response) => {
      status = response.statusCode;
      response.resume();
      finish();
    });
    call.on('error', finish);
    const chunk = Buffer.alloc(64 * 1_024);
    const write = () => {
      while (!call.destroyed && sent < 100 * 2 ** 20) {
        sent += chunk.length;
        if (!call.write(chunk)) {
          call.once('drain', write);
          return;
        }
      }
    };
    const head = createReadStream(PICTURE, { end: 63 });
    head.on('data', (bytes) => call.write(bytes));
    head.on('end', write);
  });
}

test('an account that keeps too much has to delete', async () => {
  const other = await t.caller(0n);
  await t.database.query(
    `INSERT INTO upload (id, account_id, bytes, media_type, sha256, expires_at)
     VALUES ('file_full', $1, $2, 'image/png', '', now() + interval '1 h')`,
    [other.accountId, 31 * 2 ** 20],
  );
  expect((await send(await form(), {}, other.secret)).status).toBe(409);
});
