import { fresh } from '../support/classify.js';
import {
  bearer,
  DEMO_MODEL,
  sample,
  startPlatform,
  type TestPlatform,
} from '../support/platform.js';
import { callRest } from '../support/rest.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const CREDIT = 1_000_000_000n;
const model = DEMO_MODEL;
const image = sample('red-circle.png');
const url = `data:image/png;base64,${image}`;
const once = (secret: string) => ({ 'idempotency-key': 'once', ...bearer(secret) });

/** A paid call at each door, and where its body says what it cost. */
const DOORS: readonly (readonly [path: string, body: () => object, cost: string | undefined])[] = [
  ['/v1/classify', () => ({ model, input: [{ image }], labels: fresh(2) }), 'usage'],
  ['/v1/embeddings', () => ({ model, input: fresh(2) }), 'usage'],
  ['/v1/chat/completions', () => ({ model, messages: asking(fresh(2)) }), 'usage'],
  ['/v1/responses', () => ({ model, input: asking(fresh(2), 'input_') }), 'usage'],
  [`/v1/inference/${model}`, () => ({ image, candidate_labels: fresh(2) }), 'inference_status'],
  [
    `/hf-inference/models/${model}`,
    () => ({ inputs: image, parameters: { candidate_labels: fresh(2) } }),
    undefined,
  ],
];

function asking(labels: readonly string[], prefix = ''): object[] {
  const content = [
    { type: `${prefix}text`, text: `One of: ${labels.join(', ')}` },
    prefix === ''
      ? { type: 'image_url', image_url: { url } }
      : { type: 'input_image', image_url: url },
  ];
  return [{ role: 'user', content }];
}

test.each(DOORS)(
  '%s: a replay costs 0, with the original cost beside it, and costs add up to what was charged',
  async (path, body, place) => {
    const { secret, accountId } = await t.caller(CREDIT);
    const same = body();
    const answers = [];
    for (let n = 0; n < 3; n++) {
      answers.push(await callRest(t.url, 'POST', path, { body: same, headers: once(secret) }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const costs = answers.map(({ headers }) => Number(headers.get('x-gigarouter-cost')));
    const [cost = 0] = costs;
    expect(cost).toBeGreaterThan(0);
    expect(costs).toEqual([cost, 0, 0]);
    const originals = answers.map(({ headers }) => headers.get('x-gigarouter-original-cost'));
    expect(originals).toEqual([null, String(cost), String(cost)]);
    const { postedNanos } = await t.app.services.credits.balance(accountId);
    expect(Number(CREDIT - postedNanos) / 1e9).toBe(cost);
    if (place === undefined) return;
    const told = answers.map((answer) => answer.body[place]);
    expect(told).toEqual([
      expect.objectContaining({ cost }),
      expect.objectContaining({ cost: 0, original_cost: cost }),
      expect.objectContaining({ cost: 0, original_cost: cost }),
    ]);
    expect(told[0]).not.toHaveProperty('original_cost');
  },
);
