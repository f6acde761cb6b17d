import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest, readAnswer } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const RAW = `/v2/models/${DEMO_MODEL}`;
const infer = (secret: string, body: object, where = RAW) =>
  callRest(t.url, 'POST', `${where}/infer`, { secret, body });
const posted = async ({ accountId }: Caller) =>
  (await t.app.services.credits.balance(accountId)).postedNanos;
const bytes = (name: string, data: readonly unknown[], shape = [data.length]) => ({
  name,
  shape,
  datatype: 'BYTES',
  data,
});

describe('the binary tensor extension', () => {
  const binary = (elements: readonly Buffer[]) =>
    Buffer.concat(
      elements.flatMap((element) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(element.length);
        return [length, element];
      }),
    );
  const describe1 = (name: string, elements: number, size: number) => ({
    name,
    shape: [elements],
    datatype: 'BYTES',
    parameters: { binary_data_size: size },
  });
  const send = async (
    secret: string,
    body: Buffer,
    headerLength?: number | string,
    contentType = 'application/octet-stream',
  ) => {
    const response = await fetch(`${t.url}${RAW}/infer`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        'content-type': contentType,
        ...(headerLength === undefined
          ? {}
          : { 'inference-header-content-length': String(headerLength) }),
      },
      body: new Uint8Array(body),
    });
    return readAnswer(response);
  };
  const picture = binary([Buffer.from(sample('red-circle.png'), 'base64')]);
  const texts = binary([Buffer.from('a red café'), Buffer.from('🔴 circle')]);

  test('gives what the same request in JSON gives', async () => {
    const { secret } = await t.caller(DOLLAR);
    const header = Buffer.from(
      JSON.stringify({
        inputs: [describe1('text', 2, texts.length), describe1('image', 1, picture.length)],
      }),
    );
    const answer = await send(secret, Buffer.concat([header, texts, picture]), header.length);
    const inputs = [
      bytes('image', [sample('red-circle.png')]),
      bytes('text', ['a red café', '🔴 circle']),
    ];
    const json = await infer(secret, { inputs });
    expect([answer.status, answer.body]).toEqual([200, json.body]);
  });

  test('answers in binary when it is asked to, for all outputs or for this one', async () => {
    const { secret } = await t.caller(DOLLAR);
    const inputs = [bytes('text', ['red circle', 'a new text'])];
    const { body: json } = await infer(secret, { inputs });
    const [{ data, ...output }] = json.outputs;
    const embedding = (parameters: object) => ({ outputs: [{ name: 'embedding', parameters }] });
    for (const asked of [
      { parameters: { binary_data_output: true } },
      { outputs: [], parameters: { binary_data_output: true } },
      embedding({ binary_data: true }),
      { ...embedding({ binary_data: true }), parameters: { binary_data_output: false } },
    ]) {
      const response = await fetch(`${t.url}${RAW}/infer`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}` },
        body: Buffer.from(JSON.stringify({ id: 'mine', inputs, ...asked })),
      });
      expect([response.status, response.headers.get('content-type')]).toEqual([
        200,
        'application/octet-stream',
      ]);
      const body = Buffer.from(await response.arrayBuffer());
      const length = Number(response.headers.get('inference-header-content-length'));
      expect(JSON.parse(body.subarray(0, length).toString())).toEqual({
        ...json,
        id: 'mine',
        outputs: [{ ...output, parameters: { binary_data_size: data.length * 4 } }],
      });
      expect(body.length).toBe(length + data.length * 4);
      const floats = data.map((_: number, at: number) => body.readFloatLE(length + at * 4));
      expect(floats).toEqual(data.map(Math.fround));
    }
    for (const asked of [
      {},
      { ...embedding({ binary_data: false }), parameters: { binary_data_output: true } },
    ]) {
      expect((await infer(secret, { inputs, ...asked })).body).toEqual(json);
    }
    const asClasses = await infer(secret, { inputs, ...embedding({ classification: 3 }) });
    expect([asClasses.status, asClasses.body.error]).toEqual([
      400,
      expect.stringMatching(/"classification"/),
    ]);
  });

  test('takes JSON alone, under the binary content type', async () => {
    const { secret } = await t.caller(DOLLAR);
    const body = Buffer.from(JSON.stringify({ inputs: [bytes('text', ['a'])] }));
    expect((await send(secret, body)).status).toBe(200);
    expect((await send(secret, body, body.length)).status).toBe(200);
  });

  test('what the header says counts, whatever the content type, and without one', async () => {
    const { secret } = await t.caller(DOLLAR);
    const header = headerOf(describe1('text', 2, texts.length));
    for (const contentType of ['', 'application/json', 'application/octet-stream; x=y']) {
      const answer = await send(secret, Buffer.concat([header, texts]), header.length, contentType);
      expect([contentType, answer.status, answer.body]).toMatchObject([
        contentType,
        200,
        { outputs: [{ shape: [2, expect.any(Number)] }] },
      ]);
      const json = Buffer.from(JSON.stringify({ inputs: [bytes('text', ['a'])] }));
      expect((await send(secret, json, undefined, contentType)).status).toBe(200);
    }
    const image = await send(secret, header, undefined, 'image/png');
    expect([image.status, image.body.error]).toEqual([415, expect.stringMatching(/octet-stream/)]);
  });

  const headerOf = (input: object) => Buffer.from(JSON.stringify({ inputs: [input] }));
  const whole = headerOf(describe1('text', 2, texts.length));
  const cut = Buffer.concat([whole, texts.subarray(0, -1)]);
  const long = Buffer.concat([whole, texts, Buffer.from('x')]);
  const notUtf8 = binary([Buffer.from([0xff]), Buffer.from([0xfe])]);
  const lying = Buffer.from([0xff, 0xff, 0xff, 0xff, 1]);
  const short = Buffer.from([1, 0]);
  const withTensor = (tensor: Buffer) =>
    Buffer.concat([headerOf(describe1('text', 2, tensor.length)), tensor]);
  const lengthFor = (tensor: Buffer) => headerOf(describe1('text', 2, tensor.length)).length;
  test.each<[string, Buffer, number | string | undefined, RegExp]>([
    ['is cut off', cut, whole.length, /ends before/],
    ['goes on', long, whole.length, /goes on/],
    ['has a header longer than itself', whole, 10_000, /does not fit/],
    ['has a header of no length', whole, 'x', /does not fit/],
    ['has a negative length', whole, -1, /does not fit/],
    ['has a header that is no JSON', Buffer.from('{"inputs":'), 10, /not JSON/],
    ['has a header that is no request', Buffer.from('[1]'), 3, /not a request/],
    ['is empty', Buffer.alloc(0), 0, /inputs: It is required/],
    ['ends where it begins', texts, 0, /not JSON/],
    ['has texts that are no UTF-8', withTensor(notUtf8), lengthFor(notUtf8), /UTF-8/],
    ['has an element longer than its tensor', withTensor(lying), lengthFor(lying), /element/],
    ['ends in the length of an element', withTensor(short), lengthFor(short), /element/],
  ])('a body that %s is refused, and free', async (_what, body, headerLength, message) => {
    const caller = await t.caller(DOLLAR);
    const answer = await send(caller.secret, body, headerLength);
    expect([answer.status, answer.body]).toEqual([400, { error: expect.stringMatching(message) }]);
    expect(await posted(caller)).toBe(DOLLAR);
  });
});
