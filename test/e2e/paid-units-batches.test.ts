import {
  type BatchPlatform,
  classifyLine,
  createBatch,
  DOLLAR,
  ended,
  IMAGE,
  startBatchPlatform,
  uploadLines,
  usd,
} from '../support/batches.js';
import { classified } from '../support/callers.js';
import { fresh, IMAGE as FULL_IMAGE } from '../support/classify.js';
import { picture } from '../support/paid-units.js';
import { DEMO_MODEL } from '../support/platform.js';

/** Price of a label in batches, in nano-USD. */
const LABEL = 5_000n;
const LINES = 24;

let t: BatchPlatform;
beforeAll(async () => {
  t = await startBatchPlatform({ caches: { textBytesMax: 2 ** 22, imageBytesMax: 2 ** 22 } });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('however the lines of a batch overlap and whichever server runs them, each image and label is paid once', async () => {
  const servers = [await t.anotherServer(), await t.anotherServer()];
  const { caller, client } = await t.customer();
  const stranger = await t.customer();
  const labels = fresh(6);
  const pictures = Array.from({ length: 5 }, () => picture().base64);
  const lines = Array.from({ length: LINES }, (_, at) =>
    classifyLine(`line-${String(at)}`, {
      input: [{ image: pictures[at % 5] }],
      labels: [labels[at % 6], labels[(at + 1) % 6]],
      template: 'a {}',
    }),
  );
  for (const one of [client, stranger.client]) {
    const { id } = await createBatch(one, '/v1/classify', await uploadLines(one, lines));
    const batch = await ended(one, id);
    expect(batch.request_counts).toMatchObject({ completed: LINES, failed: 0 });
    expect(batch.cost).toEqual({ held: 0, charged: usd(5n * IMAGE + 6n * LABEL) });
  }
  // What a batch has paid for is the account's, whoever asks.
  const ask = (images: string[]) =>
    classified(t.url, caller, {
      model: DEMO_MODEL,
      images: images.map((base64) => ({ base64 })),
      labels,
      template: 'a {}',
    });
  expect((await ask(pictures)).cost.chargedNanos).toBe('0');
  expect((await ask([picture().base64])).cost.chargedNanos).toBe(String(FULL_IMAGE));
  expect(await t.money(caller)).toEqual({
    posted: DOLLAR - (5n * IMAGE + 6n * LABEL) - FULL_IMAGE,
    held: 0n,
  });
  expect(servers).toHaveLength(2);
});
