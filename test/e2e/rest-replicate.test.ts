import { DEMO_MODEL, sample, startPlatform, type TestPlatform } from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const DOLLAR = 1_000_000_000n;
const predict = (secret: string, input: unknown, model = DEMO_MODEL) =>
  callRest(t.url, 'POST', `/v1/models/${model}/predictions`, {
    secret,
    body: { input },
    headers: { prefer: 'wait=5' },
  });
const image = `data:image/png;base64,${sample('green-heart.png')}`;

test('a prediction has ended when it is answered, and is charged once', async () => {
  const { secret, accountId } = await t.caller(DOLLAR);
  const answer = await predict(secret, { image, labels: ['red circle', 'green heart'] });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('preference-applied')).toBe('wait=5');
  expect(answer.body).toMatchObject({
    id: expect.stringMatching(/^run_/) as string,
    model: DEMO_MODEL,
    status: 'succeeded',
    output: [{ label: 'green heart' }, { label: 'red circle' }],
    error: null,
  });
  const run = await t.app.services.usage.find(accountId, answer.body.id as string);
  expect(run).toMatchObject({ outcome: 'CAPTURED', chargedNanos: 220_000n });
});

test.each([
  [{}, 400, /input/],
  [{ image }, 400, /labels/],
  [{ image, labels: [] }, 400, /labels/],
  [{ image: 7, labels: ['a'] }, 400, /image/],
  [{ image: 'ftp://x/y.png', labels: ['a'] }, 400, /https/],
])('%j is refused with %i, in this dialect, and is free', async (input, status, detail) => {
  const { secret, accountId } = await t.caller(DOLLAR);
  const answer = await predict(secret, input);
  expect([answer.status, answer.body]).toEqual([
    status,
    { status, title: 'bad user input', detail: expect.stringMatching(detail) as string },
  ]);
  expect((await t.app.services.credits.balance(accountId)).postedNanos).toBe(DOLLAR);
});

test('an unknown model, one that is not live, no key, and no credit', async () => {
  const { secret } = await t.caller(0n);
  const input = { image, labels: ['a label that is new here'] };
  expect((await predict(secret, input, 'nobody/nothing')).status).toBe(404);
  expect((await predict(secret, input, 'timm/ViT-SO400M-14-SigLIP-384')).status).toBe(409);
  expect((await predict('gr-wrong', input)).status).toBe(401);
  expect((await predict(secret, input)).body).toMatchObject({ status: 402 });
});
