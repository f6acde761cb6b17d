import { DEMO_MODEL, sample, startPlatform, type TestPlatform } from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const LABELS = ['red circle', 'green heart', 'cat'];
const classify = (secret: string, body: object, headers = {}) =>
  callRest(t.url, 'POST', '/v1/classify', { secret, body, headers });

test('classifies, charges what ran, and says so in headers and body', async () => {
  const { secret } = await t.caller(DOLLAR);
  const image = sample('green-heart.png');
  const body = { model: DEMO_MODEL, input: [{ image }], labels: LABELS };
  const first = await classify(secret, body);
  expect(first.status).toBe(200);
  expect(first.body).toMatchObject({
    object: 'list',
    data: [{ index: 0, prediction: 'green heart', num_classes: 3, none_of_the_above: false }],
    usage: { total_tokens: 4, cost: 0.00023 },
  });
  expect(first.headers.get('x-gigarouter-cost')).toBe('0.00023');
  expect(first.headers.get('x-gigarouter-run')).toMatch(/^run_/);
  expect(first.headers.get('x-request-id')).toBeTruthy();
  expect(first.headers.get('server-timing')).toMatch(/hold;dur=.*capture;dur=/);
  expect(first.headers.get('ratelimit')).toMatch(/"calls";r=\d+/);
  expect((await classify(secret, body)).headers.get('x-gigarouter-cost')).toBe('0');
});

test('the same idempotency key is answered again and charged once; another body is refused', async () => {
  const { secret } = await t.caller(DOLLAR);
  const headers = { 'idempotency-key': 'once' };
  const body = { model: DEMO_MODEL, input: sample('red-circle.png'), labels: LABELS };
  const first = await classify(secret, body, headers);
  const again = await classify(secret, body, headers);
  expect(again.body.id).toBe(first.body.id);
  expect(again.body.data).toEqual(first.body.data);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  const other = await classify(secret, { ...body, labels: ['cat'] }, headers);
  expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_mismatch']);
});

test.each([
  [{}, 400, /model/],
  [{ model: DEMO_MODEL, input: 'x' }, 400, /labels/],
  [{ model: DEMO_MODEL, input: 'x', labels: [] }, 400, /labels/],
  [{ model: DEMO_MODEL, input: [], labels: ['a'] }, 400, /input/],
  [{ model: DEMO_MODEL, input: 7, labels: ['a'] }, 400, /input/],
  [{ model: DEMO_MODEL, input: '!', labels: ['a'] }, 400, /base64/],
  [{ model: DEMO_MODEL, input: 'file:///etc/passwd', labels: ['a'] }, 400, /https/],
  [{ model: 'nobody/nothing', input: 'AAAA', labels: ['a'] }, 404, /nobody\/nothing/],
  [{ model: 'timm/ViT-SO400M-14-SigLIP-384', input: 'AAAA', labels: ['a'] }, 409, /not live/],
])('%j is refused with %i, in this dialect, and charges nothing', async (body, status, message) => {
  const { secret } = await t.caller(DOLLAR);
  const answer = await classify(secret, body);
  expect([answer.status, answer.body.error.type]).toEqual([
    status,
    status === 404 ? 'not_found_error' : 'invalid_request_error',
  ]);
  expect(answer.body.error.message).toMatch(message);
  expect(answer.headers.get('x-should-retry')).toBe('false');
});

test('no key, a wrong one, one in the address, and one without credit', async () => {
  const body = { model: DEMO_MODEL, input: sample('red-circle.png'), labels: LABELS };
  const nobody = await callRest(t.url, 'POST', '/v1/classify', { body });
  expect([nobody.status, nobody.body.error.type]).toEqual([401, 'authentication_error']);
  expect((await classify('gr-wrong', body)).status).toBe(401);
  const { secret } = await t.caller(0n);
  const inAddress = await callRest(t.url, 'POST', `/v1/classify?api_key=${secret}`, { body });
  expect([inAddress.status, inAddress.body.error.message]).toEqual([
    401,
    expect.stringMatching(/key in the URL/),
  ]);
  const spent = await classify(secret, { ...body, labels: ['a label that is new'] });
  expect([spent.status, spent.body.error.type]).toEqual([402, 'insufficient_quota']);
});
