import {
  type Caller,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

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
const IMAGE = sample('red-circle.png');
const LABELS = ['red circle', 'green heart'];
const classify = (input: unknown) =>
  callRest(t.url, 'POST', '/v1/classify', {
    secret: caller.secret,
    body: { model: DEMO_MODEL, input, labels: LABELS },
  });
const posted = async () => (await t.app.services.credits.balance(caller.accountId)).postedNanos;

test('an image is the same in every form of base64 and data: URL that browsers read', async () => {
  const bytes = Buffer.from(IMAGE, 'base64');
  const lines = IMAGE.replace(/(.{76})/g, '$1\n');
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const [expected] = (await classify(IMAGE)).body.data;
  const paid = await posted();
  for (const text of [
    `${lines}\n`,
    bytes.toString('base64url'),
    `data:image/png;base64,${lines}`,
    `DATA:;BASE64,${IMAGE}`,
    `data:application/pdf;name=a.png;base64,${encodeURIComponent(IMAGE)}`,
    `data:image/png,${percent}`,
  ]) {
    const { status, body } = await classify(text);
    expect([text.slice(0, 50), status, body.data]).toEqual([text.slice(0, 50), 200, [expected]]);
  }
  // All are the image that was paid for.
  expect(await posted()).toBe(paid);
});

test.each([
  ['no base64', '!', 400],
  ['a broken data: URL', 'data:image/png;base64,%%%', 400],
  ['nothing', 'data:image/png;base64,', 400],
  ['another scheme', 'ftp://example.org/a.png', 400],
  ['no picture', 'data:image/png;base64,AAAA', 415],
  ['a damaged picture', IMAGE.slice(0, 200), 400],
])('among several images, %s is refused by its number, and free', async (_what, broken, status) => {
  const answer = await classify([IMAGE, { image: broken }, IMAGE]);
  expect([answer.status, answer.body.error]).toMatchObject([
    status,
    { message: expect.stringMatching(/^Image 2 of 3: /), param: 'images.1' },
  ]);
  const embedded = await callRest(t.url, 'POST', '/v1/embeddings', {
    secret: caller.secret,
    body: { model: DEMO_MODEL, input: ['a text', { image: IMAGE }, { image: broken }] },
  });
  expect([embedded.status, embedded.body.error.message]).toEqual([
    status,
    expect.stringMatching(/^Image 2 of 2: /),
  ]);
  const alone = await classify(broken);
  expect([alone.status, alone.body.error.message]).toEqual([
    status,
    expect.not.stringMatching(/^Image 1/),
  ]);
  expect(await posted()).toBe(DOLLAR);
});
