import { codeOf } from '../support/app.js';
import { callThatCanLeave, settledCredit } from '../support/callers.js';
import { CLASSIFY, fresh, IMAGE, LABEL } from '../support/classify.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { DEMO_MODEL } from '../support/platform.js';
import { until } from '../support/process.js';

const CREDIT = 1_000_000_000n;
const LABELS = 500;

let t: PaidPlatform;
beforeAll(async () => {
  // Each label is a run, and those of several requests take turns.
  t = await startPaidPlatform({}, { PREDICTOR_BATCH_ROWS_MAX: '1' });
});
afterEach(async () => {
  t.gate.onRun = () => 'pass';
  await t.verify();
});
afterAll(() => t.stop());

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${t.predictorUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name) && !line.includes('image'));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
const rows = () => metric('predictor_rows_total');
const waiting = () => metric('predictor_queue_size');

/** Rows that have run when nothing waits or runs any more. */
const rowsInTheEnd = () =>
  until('the predictor to have nothing to do', async () =>
    (await waiting()) === 0 ? rows() : undefined,
  );

test('labels of a call that has left are dropped from the queue; those of others run', async () => {
  const [leaver, stayer] = [await t.caller(CREDIT), await t.caller(CREDIT)];
  const before = await rowsInTheEnd();
  const staying = t.chargedFor(stayer, { image: picture(), labels: fresh(LABELS) });
  const input = { model: DEMO_MODEL, image: picture(), labels: fresh(LABELS) };
  const call = callThatCanLeave(t.url, leaver, { input });
  await until('both to be in the queue', async () => ((await waiting()) >= 2 ? true : undefined));
  call.leave();
  expect(await staying).toBe(IMAGE + BigInt(LABELS) * LABEL);
  const ran = (await rowsInTheEnd()) - before;
  expect(ran).toBeGreaterThanOrEqual(LABELS);
  expect(ran).toBeLessThan(2 * LABELS);
  expect(await settledCredit(leaver)).toBe(CREDIT);
});

test('labels of a call that fails for its image are dropped from the queue', async () => {
  const caller = await t.caller(CREDIT);
  const before = await rowsInTheEnd();
  let cut: (what: 'cut') => void = () => undefined;
  const held = new Promise<'cut'>((resolve) => (cut = resolve));
  t.gate.onRun = (tower) => (tower === 'image' ? held : 'pass');
  const input = { model: DEMO_MODEL, image: picture(), labels: fresh(LABELS) };
  const failing = caller.gql(CLASSIFY, { input });
  await until('the labels to run', async () => ((await rows()) > before ? true : undefined));
  cut('cut');
  expect(codeOf(await failing)).toBe('UPSTREAM_UNAVAILABLE');
  expect((await rowsInTheEnd()) - before).toBeLessThan(LABELS);
  expect(await settledCredit(caller)).toBe(CREDIT);
});

test('labels that another call waits for run on when the call that wanted them first fails', async () => {
  const [first, second] = [await t.caller(CREDIT), await t.caller(CREDIT)];
  const labels = fresh(LABELS);
  const before = await rowsInTheEnd();
  let cut: (what: 'cut') => void = () => undefined;
  const held = new Promise<'cut'>((resolve) => (cut = resolve));
  let images = 0;
  t.gate.onRun = (tower) => (tower === 'image' && (images += 1) === 1 ? held : 'pass');
  const failing = first.gql(CLASSIFY, {
    input: { model: DEMO_MODEL, image: picture(), labels },
  });
  await until('the labels to run', async () => ((await rows()) > before ? true : undefined));
  const { texts } = t.app.services.embeddings;
  const sharedBefore = texts.counts.shared + texts.counts.hits;
  const answered = t.chargedFor(second, { image: picture(), labels });
  await until('the second call to want them', () =>
    texts.counts.shared + texts.counts.hits > sharedBefore ? true : undefined,
  );
  cut('cut');
  expect(codeOf(await failing)).toBe('UPSTREAM_UNAVAILABLE');
  expect(await answered).toBe(IMAGE + BigInt(LABELS) * LABEL);
  expect((await rowsInTheEnd()) - before).toBe(LABELS);
  // Nothing was given to the call that failed.
  expect(await t.chargedFor(first, { image: picture(), labels })).toBe(
    IMAGE + BigInt(LABELS) * LABEL,
  );
});
