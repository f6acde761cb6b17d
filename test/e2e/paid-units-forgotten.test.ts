import { codeOf } from '../support/app.js';
import { classified } from '../support/callers.js';
import { CLASSIFY, fresh, IMAGE, LABEL } from '../support/classify.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { type Caller, DEMO_MODEL } from '../support/platform.js';
import { until } from '../support/process.js';

const CREDIT = 1_000_000_000n;

let t: PaidPlatform;
beforeAll(async () => {
  t = await startPaidPlatform();
});
afterEach(async () => {
  t.gate.onRun = () => 'pass';
  await t.verify();
});
afterAll(() => t.stop());

const model = DEMO_MODEL;

describe('what the caches have forgotten', () => {
  const TINY = { textBytesMax: 1_500, imageBytesMax: 1_500 };

  test('costs nothing, as what others do must not change a price', async () => {
    const caller = await t.caller(CREDIT);
    const input = { images: [picture(), picture(), picture(), picture()], labels: fresh(12) };
    await t.onServer({ caches: TINY }, async ({ url, app }) => {
      expect(await t.chargedFor(caller, input, url)).toBe(4n * IMAGE + 12n * LABEL);
      const { texts } = app.services.embeddings;
      const misses = texts.counts.misses;
      const again = await classified(url, caller, { model, ...input });
      expect(again.cost.chargedNanos).toBe('0');
      expect(again.classifications.map(({ isCached }: { isCached: boolean }) => isCached)).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect(again.labelsCached).toBe(12);
      // It was run again.
      expect(texts.counts.misses).toBeGreaterThan(misses);
    });
  });

  test('is run again for one call of an account at a time, and nobody else waits for it', async () => {
    const [caller, other] = [await t.caller(CREDIT), await t.caller(CREDIT)];
    const inputs = Array.from({ length: 4 }, () => ({ image: picture(), labels: fresh(12) }));
    await t.onServer({ caches: TINY }, async ({ url }) => {
      for (const input of inputs) await t.chargedFor(caller, input, url);
      let letGo: (what: 'pass') => void = () => undefined;
      const held = new Promise<'pass'>((resolve) => (letGo = resolve));
      let runs = 0;
      // The first call needs a run for its image and one for its labels.
      t.gate.onRun = () => ((runs += 1) <= 2 ? held : 'pass');
      const again = inputs.map((input) => t.chargedFor(caller, input, url));
      await until('the first call to run', () => (runs === 2 ? true : undefined));
      expect(await t.chargedFor(other, { image: picture(), labels: fresh(2) }, url)).toBe(
        IMAGE + 2n * LABEL,
      );
      // What the account has not paid for before does not wait either.
      expect(await t.chargedFor(caller, { image: picture(), labels: fresh(2) }, url)).toBe(
        IMAGE + 2n * LABEL,
      );
      expect(runs).toBe(6);
      letGo('pass');
      expect(await Promise.all(again)).toEqual([0n, 0n, 0n, 0n]);
    });
  });
});

describe('a saved label set', () => {
  const CREATE =
    'mutation ($input: CreateLabelSetInput!) { createLabelSet(input: $input) { labelSet { id } userErrors { code message path details } } }';
  const save = async (caller: Caller, labels: string[]) => {
    const { body } = await caller.gql(CREATE, { input: { name: 'set', labels } });
    return body.data.createLabelSet.labelSet.id as string;
  };
  const isKept = async (id: string) =>
    (await t.database.query('SELECT FROM label_set_embedding WHERE label_set_id = $1', [id]))
      .length === 1;

  test('is paid for by its first call, and its labels stay free for as long as there is the set', async () => {
    const caller = await t.caller(CREDIT);
    const labelSetId = await save(caller, fresh(4));
    expect(await t.chargedFor(caller, { image: picture(), labelSetId })).toBe(IMAGE + 4n * LABEL);
    await until('the vectors to be kept', async () =>
      (await isKept(labelSetId)) ? true : undefined,
    );
    await t.endPayments(caller);
    await t.onServer({}, async ({ url, app }) => {
      for (let round = 0; round < 2; round++) {
        const answer = await classified(url, caller, { model, image: picture(), labelSetId });
        expect(answer).toMatchObject({ labelsCached: 4, cost: { chargedNanos: String(IMAGE) } });
      }
      expect(app.services.embeddings.texts.counts.misses).toBe(0);
    });
    await t.onServer({ caches: { textBytesMax: 0, imageBytesMax: 0 } }, async ({ url }) => {
      expect(await t.chargedFor(caller, { image: picture(), labelSetId }, url)).toBe(IMAGE);
    });
  });

  test('of another account with the same labels is paid for by that account', async () => {
    const labels = fresh(3);
    for (let n = 0; n < 2; n++) {
      const caller = await t.caller(CREDIT);
      const labelSetId = await save(caller, labels);
      const image = picture();
      expect(await t.chargedFor(caller, { image, labelSetId })).toBe(IMAGE + 3n * LABEL);
    }
  });

  test('is not given to an account whose call failed', async () => {
    const caller = await t.caller(CREDIT);
    const labelSetId = await save(caller, fresh(3));
    t.gate.onRun = (tower) => (tower === 'image' ? 'cut' : 'pass');
    const { body } = await caller.gql(CLASSIFY, {
      input: { model, image: picture(), labelSetId },
    });
    expect(codeOf({ body })).toBe('UPSTREAM_UNAVAILABLE');
    t.gate.onRun = () => 'pass';
    expect(await isKept(labelSetId)).toBe(false);
    expect(await t.chargedFor(caller, { image: picture(), labelSetId })).toBe(IMAGE + 3n * LABEL);
  });
});
