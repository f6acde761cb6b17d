import { codeOf } from '../support/app.js';
import { callThatCanLeave, classified, settledCredit } from '../support/callers.js';
import { CLASSIFY, fresh, IMAGE, LABEL } from '../support/classify.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { type Caller, DEMO_MODEL } from '../support/platform.js';
import { until } from '../support/process.js';

const CREDIT = 1_000_000_000n;

let t: PaidPlatform;
beforeAll(async () => {
  t = await startPaidPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

const model = DEMO_MODEL;

/** How many texts and images calls have found being run for others, so far. */
const shared = () => {
  const { texts, images } = t.app.services.embeddings;
  return texts.counts.shared + images.counts.shared;
};

/** Resolves when the newest call of an account has ended because its caller had left. */
const isOver = (caller: Caller) =>
  until('the call to be over', async () => {
    const { body } = await caller.gql('{ account { runs(first: 1) { nodes { status } } } }');
    return body.data.account.runs.nodes[0]?.status === 'CANCELLED' ? true : undefined;
  });

describe('a call that leaves gives nothing away', () => {
  test.each([
    ['of the same account', true],
    ['of another account', false],
  ])(
    'to an equal call %s that waits for the same run: it pays for all of it',
    async (_whose, same) => {
      const leaver = await t.caller(CREDIT);
      const stayer = same ? leaver : await t.caller(CREDIT);
      for (let round = 0; round < 3; round++) {
        const input = { model, image: picture(), labels: fresh(3) };
        const [runsBefore, sharedBefore] = [t.gate.runs(), shared()];
        const letGo = t.gate.hold();
        const first = callThatCanLeave(t.url, leaver, { input });
        await until('both runs to be sent', () =>
          t.gate.runs() === runsBefore + 2 ? true : undefined,
        );
        const second = classified(t.url, stayer, input);
        await until('the second call to join them', () =>
          shared() === sharedBefore + 4 ? true : undefined,
        );
        first.leave();
        await isOver(leaver);
        letGo();
        const { cost, classification, labelsCached } = await second;
        expect(cost.chargedNanos).toBe(String(IMAGE + 3n * LABEL));
        expect([classification.isCached, labelsCached]).toEqual([false, 0]);
        expect(t.gate.runs()).toBe(runsBefore + 2);
        // By now the embeddings are kept; whoever has not paid for them does.
        const late = await classified(t.url, leaver, input);
        expect(late.cost.chargedNanos).toBe(same ? '0' : String(IMAGE + 3n * LABEL));
        expect(t.gate.runs()).toBe(runsBefore + 2);
      }
      expect(await settledCredit(stayer)).toBe(CREDIT - 3n * (IMAGE + 3n * LABEL));
      expect(await settledCredit(leaver)).toBe(CREDIT - 3n * (IMAGE + 3n * LABEL));
    },
  );

  test('to itself: sent again, it pays for all of it', async () => {
    const caller = await t.caller(CREDIT);
    const input = { model, image: picture(), labels: fresh(2) };
    const runsBefore = t.gate.runs();
    const letGo = t.gate.hold();
    const call = callThatCanLeave(t.url, caller, { input });
    await until('the runs to be sent', () => (t.gate.runs() === runsBefore + 2 ? true : undefined));
    call.leave();
    await isOver(caller);
    letGo();
    expect(await t.chargedFor(caller, input)).toBe(IMAGE + 2n * LABEL);
    expect(await settledCredit(caller)).toBe(CREDIT - (IMAGE + 2n * LABEL));
  });
});

describe('a call that fails gives nothing away', () => {
  const broken: [string, object][] = [
    ['text', { base64: Buffer.from('not a picture').toString('base64') }],
    [
      'cut off',
      { base64: Buffer.from(picture().base64, 'base64').subarray(0, 60).toString('base64') },
    ],
    ['an address where nothing is', { url: 'http://127.0.0.1:1/cat.png' }],
  ];
  const places: [string, number][] = [
    ['first', 0],
    ['last', 15],
  ];

  test.each(
    broken.flatMap(([what, image]) => places.map(([where, at]) => ({ what, image, where, at }))),
  )(
    'one broken image of 16 ($what, $where): nothing runs, and without it all is paid',
    async ({ image, at }) => {
      const caller = await t.caller(CREDIT);
      const good = Array.from({ length: 15 }, picture);
      const labels = fresh(500);
      const runsBefore = t.gate.runs();
      for (let round = 0; round < 2; round++) {
        const images = good.toSpliced(at, 0, image as { base64: string });
        const { body } = await caller.gql(CLASSIFY, { input: { model, images, labels } });
        expect(codeOf({ body })).toMatch(/^(BAD_USER_INPUT|UNSUPPORTED_MEDIA_TYPE)$/);
      }
      expect(await settledCredit(caller)).toBe(CREDIT);
      expect(t.gate.runs()).toBe(runsBefore);
      expect(await t.chargedFor(caller, { images: good, labels })).toBe(15n * IMAGE + 500n * LABEL);
    },
  );

  test('a broken image among those to embed: nothing runs', async () => {
    const caller = await t.caller(CREDIT);
    const runsBefore = t.gate.runs();
    const [, image] = broken[0] ?? [];
    const { body } = await caller.gql(
      `mutation ($images: [ImageInput!]!) { embedImages(input: { model: "${model}", images: $images }) { runId userErrors { code message path details } } }`,
      { images: [picture(), picture(), image] },
    );
    expect(codeOf({ body })).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(t.gate.runs()).toBe(runsBefore);
    expect(await settledCredit(caller)).toBe(CREDIT);
  });

  test.each([1, 2])(
    'run %i of a call is cut off: what ran beside it is paid by the call that gets it',
    async (failing) => {
      const caller = await t.caller(CREDIT);
      const input = { image: picture(), labels: fresh(4) };
      let runs = 0;
      t.gate.onRun = () => ((runs += 1) === failing ? 'cut' : 'pass');
      const { body } = await caller.gql(CLASSIFY, { input: { model, ...input } });
      t.gate.onRun = () => 'pass';
      expect(codeOf({ body })).toBe('UPSTREAM_UNAVAILABLE');
      expect(await settledCredit(caller)).toBe(CREDIT);
      expect(await t.chargedFor(caller, input)).toBe(IMAGE + 4n * LABEL);
    },
  );
});

describe('what an account pays depends on its own history alone', () => {
  test('what another account has paid for is charged, said to be new, and free afterwards', async () => {
    const [first, second] = [await t.caller(CREDIT), await t.caller(CREDIT)];
    const input = { model, image: picture(), labels: fresh(3) };
    const runsBefore = t.gate.runs();
    for (const caller of [first, second]) {
      const { cost, classification, labelsCached } = await classified(t.url, caller, input);
      expect(cost.chargedNanos).toBe(String(IMAGE + 3n * LABEL));
      expect([classification.isCached, labelsCached]).toEqual([false, 0]);
      const again = await classified(t.url, caller, input);
      expect(again.cost.chargedNanos).toBe('0');
      expect([again.classification.isCached, again.labelsCached]).toEqual([true, 3]);
    }
    // Computation is shared.
    expect(t.gate.runs()).toBe(runsBefore + 2);
  });

  test('equal calls of an account at once are paid once, and each is answered', async () => {
    const caller = await t.caller(CREDIT);
    const input = { image: picture(), labels: fresh(3) };
    const charged = await Promise.all(Array.from({ length: 8 }, () => t.chargedFor(caller, input)));
    expect(charged.reduce((sum, one) => sum + one, 0n)).toBe(IMAGE + 3n * LABEL);
    expect(await settledCredit(caller)).toBe(CREDIT - (IMAGE + 3n * LABEL));
  });

  test('calls of an account at once that overlap pay each image and label once', async () => {
    const caller = await t.caller(CREDIT);
    const [images, labels] = [Array.from({ length: 4 }, picture), fresh(12)];
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        t.chargedFor(caller, {
          image: images[at % 4],
          labels: [0, 1, 5, 7].map((step) => labels[(at + step) % 12]),
        }),
      ),
    );
    expect(await settledCredit(caller)).toBe(CREDIT - (4n * IMAGE + 12n * LABEL));
  });
});
