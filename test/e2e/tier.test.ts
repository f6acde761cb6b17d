import { fresh } from '../support/classify.js';
import { DOLLAR } from '../support/batches.js';
import { DEMO_MODEL, sample } from '../support/platform.js';
import { until } from '../support/process.js';
import { type GatedPlatform, startGatedPlatform } from '../support/providers.js';
import { callRest } from '../support/rest.js';

let t: GatedPlatform;
beforeAll(async () => {
  t = await startGatedPlatform({ caches: { textBytesMax: 0, imageBytesMax: 0 } });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const IMAGE = sample('green-heart.png');
const classify = (secret: string, headers: Record<string, string>, labels = fresh(2)) =>
  callRest(t.url, 'POST', '/v1/classify', {
    secret,
    headers,
    body: { model: DEMO_MODEL, input: IMAGE, labels },
  });
const BATCH = { 'x-tier': 'batch' };

test('the batch tier costs half, to the nano-dollar, and says so unit by unit', async () => {
  const caller = await t.caller(DOLLAR);
  const batch = await classify(caller.secret, BATCH);
  expect([batch.status, batch.headers.get('x-gigarouter-cost')]).toEqual([200, '0.00011']);
  const dear = await classify(caller.secret, { 'x-tier': 'interactive' });
  expect(dear.headers.get('x-gigarouter-cost')).toBe('0.00022');
  const id = batch.headers.get('x-gigarouter-run') ?? '';
  const { body } = await caller.gql(
    `{ run: node(id: "${id}") { ... on Run { chargedNanos heldNanos units { unit nanosPerUnit ran } } } }`,
  );
  expect(body.data.run).toEqual({
    chargedNanos: '110000',
    heldNanos: '110000',
    units: [
      { unit: 'IMAGE', nanosPerUnit: '100000', ran: 1 },
      { unit: 'LABEL_TEXT', nanosPerUnit: '5000', ran: 2 },
    ],
  });
  const { postedNanos } = await t.app.services.credits.balance(caller.accountId);
  expect(postedNanos).toBe(DOLLAR - 330_000n);
});

test('a tier that is not there is refused, and charges nothing', async () => {
  const caller = await t.caller(DOLLAR);
  const answer = await classify(caller.secret, { 'x-tier': 'golden' });
  expect([answer.status, answer.body.error.param]).toEqual([400, 'X-Tier']);
  expect((await t.app.services.credits.balance(caller.accountId)).postedNanos).toBe(DOLLAR);
});

test('the same idempotency key in another tier is another request', async () => {
  const { secret } = await t.caller(DOLLAR);
  const labels = fresh(2);
  const key = { 'idempotency-key': 'once' };
  const first = await classify(secret, { ...key, ...BATCH }, labels);
  const again = await classify(secret, { ...key, ...BATCH }, labels);
  expect([again.body.id, again.headers.get('idempotent-replayed')]).toEqual([
    first.body.id,
    'true',
  ]);
  expect((await classify(secret, key, labels)).status).toBe(422);
});

test('calls of the batch tier take turns, and others pass them', async () => {
  const { secret } = await t.caller(DOLLAR);
  const order: string[] = [];
  const note = async (name: string, headers: Record<string, string>) => {
    expect((await classify(secret, headers, fresh(100))).status).toBe(200);
    order.push(name);
  };
  // Labels of the first one are held at the predictor, and with them all others of the tier. Its image is not, as
  // it is everybody's.
  let release: ((answer: 'pass') => void) | undefined;
  t.gate.onRun = (tower) => {
    if (tower === 'image') return 'pass';
    t.gate.onRun = () => 'pass';
    return new Promise((go) => (release = go));
  };
  const slow = Array.from({ length: 8 }, (_, n) => note(`batch ${String(n)}`, BATCH));
  await until('the first to run', () => release);
  await note('interactive', {});
  expect(order).toEqual(['interactive']);
  release?.('pass');
  await Promise.all(slow);
  const runs = await t.database.query<{ overlap: string }>(
    `SELECT count(*) AS overlap FROM run a JOIN run b ON b.id > a.id AND b.account_id = a.account_id
      WHERE a.details ->> 'tier' = 'batch' AND b.details ->> 'tier' = 'batch'
        AND tstzrange(a.started_at, a.ended_at) && tstzrange(b.started_at, b.ended_at)`,
  );
  expect(runs).toEqual([{ overlap: '0' }]);
});
