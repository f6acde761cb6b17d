import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { testRefusals } from '../support/refusals.js';
import { callRest, readAnswer } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const LABELS = ['red circle', 'green heart', 'blue square'];
const post = (secret: string, where: string, body: unknown) =>
  callRest(t.url, 'POST', where, { secret, body });
const posted = async ({ accountId }: Caller) =>
  (await t.app.services.credits.balance(accountId)).postedNanos;
const where = `/v1/inference/${DEMO_MODEL}`;
const send = async (secret: string, body: RequestInit['body'], headers = {}) =>
  readAnswer(
    await fetch(t.url + where, {
      method: 'POST',
      headers: { authorization: `bearer ${secret}`, ...headers },
      body: body ?? null,
      duplex: 'half',
    }),
  );

/** A form with these fields, in order. */
function formOf(...fields: readonly (readonly [string, string | Uint8Array<ArrayBuffer>])[]) {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([value]), 'picture.png');
  }
  return form;
}

const IMAGE = ['image', new Uint8Array(Buffer.from(sample('green-heart.png'), 'base64'))] as const;
const labeled = (...labels: readonly string[]) =>
  formOf(IMAGE, ...labels.map((label) => ['candidate_labels', label] as const));

test('classifies the file of a form, and says what it cost', async () => {
  const caller = await t.caller(DOLLAR);
  const { status, headers, body } = await send(
    caller.secret,
    labeled(JSON.stringify([...LABELS, 'a label that is new'])),
  );
  expect(status).toBe(200);
  expect(body.results[0].label).toBe('green heart');
  const scores: number[] = body.results.map(({ score }: { score: number }) => score);
  expect(scores.reduce((total, score) => total + score, 0)).toBeCloseTo(1, 6);
  expect(body.request_id).toBe(headers.get('inference-id'));
  const charged = DOLLAR - (await posted(caller));
  expect(body.inference_status).toEqual({
    status: 'succeeded',
    runtime_ms: expect.any(Number),
    cost: Number(charged) / 1e9,
    tokens_generated: 0,
    tokens_input: 5,
  });
  expect(charged).toBeGreaterThan(0n);
});

test('labels as JSON, repeated, with commas, or all of it as JSON: one answer', async () => {
  const { secret } = await t.caller(DOLLAR);
  const answers = [
    await send(secret, labeled(JSON.stringify(LABELS))),
    await send(secret, labeled(...LABELS)),
    await send(secret, labeled(LABELS.join(', '))),
    await post(secret, where, { image: sample('green-heart.png'), candidate_labels: LABELS }),
  ];
  for (const { status, body } of answers) {
    expect([status, body.results]).toEqual([200, answers[0]?.body.results]);
  }
});

test('one label that is no JSON is a label', async () => {
  const { secret } = await t.caller(DOLLAR);
  const { body } = await send(secret, labeled('[broken'));
  expect(body.results).toEqual([{ label: '[broken', score: expect.any(Number) }]);
  // Its share is 1; what is answered is how likely it is.
  expect(body.results[0].score).toBeLessThan(0.01);
});

const LABEL = ['candidate_labels', 'a'] as const;
const MEGABYTES = (count: number) => new Uint8Array(count * 1_000_000);
const FILES = Array.from({ length: 17 }, () => IMAGE);
const refused = [
  ['without a file', formOf(LABEL), 400, /^image/],
  ['without labels', formOf(IMAGE), 400, /^candidate_labels/],
  ['with empty labels', labeled('[]'), 400, /labels/],
  ['with a file that is no picture', formOf(['image', MEGABYTES(1)], LABEL), 415, /./],
  ['with 17 files', formOf(...FILES, LABEL), 413, /files/],
  ['with a field over 1 MiB', labeled('a'.repeat(1_100_000)), 413, /candidate_labels/],
  ['with a file over 10 MiB', formOf(['image', MEGABYTES(11)], LABEL), 413, /10 MiB/],
  ['that is too large', formOf(['image', MEGABYTES(8)], ['b', MEGABYTES(8)]), 413, /bytes/],
  ['with a name that is the prototype’s', formOf(['__proto__', 'x']), 400, /prototype/],
  ['that is empty', new FormData(), 400, /^image/],
] as const;
test.each(refused)('a form %s is refused, and free', async (_what, form, status, message) => {
  const caller = await t.caller(DOLLAR);
  const answer = await send(caller.secret, form);
  expect([answer.status, answer.body]).toEqual([
    status,
    { detail: expect.stringMatching(message) },
  ]);
  expect(await posted(caller)).toBe(DOLLAR);
});

const CRLF = '\r\n';
const PART = `--x${CRLF}content-disposition: form-data; name="image"; filename="a.png"${CRLF}${CRLF}`;
const X = 'multipart/form-data; boundary=x';
const broken = /^The form cannot be read/;
test.each([
  ['is cut off in a file', X, `${PART}abc`, broken],
  ['is cut off in a head', X, PART.slice(0, 30), broken],
  ['has another boundary', X.replace('x', 'y'), `${PART}abc${CRLF}--x--${CRLF}`, broken],
  ['has no boundary', 'multipart/form-data', `${PART}abc${CRLF}--x--${CRLF}`, broken],
  ['has no names', X, `--x${CRLF}${CRLF}abc${CRLF}--x--${CRLF}`, /./],
  ['is no form', X, 'hello', broken],
  ['is empty', X, '', /^image/],
])('a form that %s is refused as such', async (_what, contentType, body, message) => {
  const caller = await t.caller(DOLLAR);
  const answer = await send(caller.secret, body, { 'content-type': contentType });
  expect([answer.status, answer.body]).toEqual([400, { detail: expect.stringMatching(message) }]);
  expect(await posted(caller)).toBe(DOLLAR);
});

test('a form of no stated length is refused where it becomes too large', async () => {
  const caller = await t.caller(DOLLAR);
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const isFirst = sent % 8 === 0;
      controller.enqueue(Buffer.from(isFirst ? `${CRLF}${PART}` : '0'.repeat(1_000_000)));
      sent += 1;
      if (sent > 100) controller.close();
    },
  });
  const answer = await send(caller.secret, endless, { 'content-type': X });
  expect([answer.status, answer.body]).toEqual([413, { detail: expect.stringMatching(/bytes/) }]);
  expect(await posted(caller)).toBe(DOLLAR);
});

test('a caller who hangs up in the middle of a form costs nothing, and hurts nobody', async () => {
  const caller = await t.caller(DOLLAR);
  const { port } = new URL(t.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(
    [
      `POST ${where} HTTP/1.1`,
      'host: localhost',
      `authorization: Bearer ${caller.secret}`,
      'content-type: multipart/form-data; boundary=x',
      'content-length: 100000',
      '',
      `${PART}abc`,
    ].join(CRLF),
    () => socket.end(),
  );
  await text(socket);
  const { status } = await send(caller.secret, labeled('a new label'));
  expect(status).toBe(200);
});

describe('refusals', () => {
  testRefusals(() => t, {
    path: (model) => `/v1/inference/${model}`,
    body: (image) => ({ image, candidate_labels: LABELS }),
    errorField: 'detail',
  });
});
