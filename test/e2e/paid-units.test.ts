import { readConfig } from '../../src/config/config.js';
import { PaidUnitsService } from '../../src/credits/index.js';
import { errorOf } from '../support/app.js';
import { classified, settledCredit } from '../support/callers.js';
import { fresh, IMAGE, LABEL } from '../support/classify.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { type Caller, DEMO_MODEL } from '../support/platform.js';
import { until } from '../support/process.js';
import { callRest } from '../support/rest.js';

const CREDIT = 1_000_000_000n;
const EMBEDDING = 100_000n;

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

describe('on several servers', () => {
  test('what was paid on one is free on another that has never run it, which runs it', async () => {
    const caller = await t.caller(CREDIT);
    const input = { image: picture(), labels: fresh(3) };
    expect(await t.chargedFor(caller, input)).toBe(IMAGE + 3n * LABEL);
    await t.onServer({}, async ({ url, app }) => {
      const answer = await classified(url, caller, { model, ...input });
      expect(answer).toMatchObject({
        cost: { chargedNanos: '0' },
        labelsCached: 3,
        classification: { isCached: true },
      });
      expect(app.services.embeddings.texts.counts.misses).toBe(3);
    });
  });

  test('equal calls at once on two are paid once', async () => {
    const caller = await t.caller(CREDIT);
    const input = { image: picture(), labels: fresh(3) };
    await t.onServer({}, async ({ url }) => {
      const letGo = t.gate.hold();
      const before = t.gate.runs();
      const calls = [t.url, url, t.url, url].map((one) => t.chargedFor(caller, input, one));
      await until('both servers to run them', () =>
        t.gate.runs() >= before + 4 ? true : undefined,
      );
      letGo();
      const charged = await Promise.all(calls);
      expect(charged.toSorted()).toEqual([0n, 0n, 0n, IMAGE + 3n * LABEL]);
    });
  });
});

describe('a payment', () => {
  test('ends, and is swept; from then on the account pays again', async () => {
    const caller = await t.caller(CREDIT);
    const input = { image: picture(), labels: fresh(2) };
    const calls = { ...readConfig({}).calls, paidMs: 1 };
    await t.onServer({ calls }, async ({ url, app }) => {
      for (let round = 0; round < 2; round++) {
        expect(await t.chargedFor(caller, input, url)).toBe(IMAGE + 2n * LABEL);
      }
      await until('the payments to be swept', async () => {
        await app.services.paidUnits.prune();
        const rows = await t.database.query('SELECT FROM paid_unit WHERE account_id = $1', [
          caller.accountId,
        ]);
        return rows.length === 0 ? true : undefined;
      });
    });
  });

  test('of an account is forgotten when it has newer ones, and of other accounts is not', async () => {
    const [many, few] = [await t.caller(CREDIT), await t.caller(CREDIT)];
    const image = picture();
    const old = fresh(3);
    await t.chargedFor(few, { image, labels: old });
    await t.chargedFor(many, { image, labels: old });
    const recent = fresh(5);
    await t.chargedFor(many, { image: picture(), labels: recent });
    const small = new PaidUnitsService(t.app.database, 6);
    while (await small.prune());
    const rows = await t.database.query<{ account_id: string; count: string }>(
      'SELECT account_id, count(*) FROM paid_unit WHERE account_id = ANY ($1) GROUP BY 1',
      [[many.accountId, few.accountId]],
    );
    const counts = Object.fromEntries(rows.map((row) => [row.account_id, Number(row.count)]));
    expect(counts).toEqual({ [many.accountId]: 6, [few.accountId]: 4 });
    await t.onServer({}, async ({ url }) => {
      expect(await t.chargedFor(many, { image, labels: [...recent, ...old] }, url)).toBe(
        IMAGE + 3n * LABEL,
      );
    });
  });

  test('is looked up in the database by a process once, in one statement for all units of a call', async () => {
    const caller = await t.caller(CREDIT);
    const labels = fresh(3);
    await t.chargedFor(caller, { image: picture(), labels });
    const rows = await t.database.query<{ key: string }>(
      `SELECT encode(unit, 'hex') AS key FROM paid_unit WHERE account_id = $1`,
      [caller.accountId],
    );
    const keys = rows.map(({ key }) => key);
    expect(keys).toHaveLength(4);
    let statements = 0;
    const paid = new PaidUnitsService({
      ...t.app.database,
      query: (sql, values, options) => {
        statements += 1;
        return t.app.database.query(sql, values, options);
      },
    });
    for (let round = 0; round < 3; round++) {
      expect((await paid.find(caller.accountId, keys)).size).toBe(4);
    }
    expect(statements).toBe(1);
  });

  test('is for what was sold: a label is no embedding of its text, an image to classify no vector', async () => {
    const caller = await t.caller(CREDIT);
    const image = picture();
    const labels = fresh(2);
    await t.chargedFor(caller, { image, labels, template: '{}' });
    const embed = async (query: string) => {
      const { body } = await caller.gql(query);
      expect(errorOf({ body })).toBeUndefined();
      return BigInt(
        (Object.values(body.data)[0] as { cost: { chargedNanos: string } }).cost.chargedNanos,
      );
    };
    const texts = `mutation { embedTexts(input: { model: "${model}", texts: ${JSON.stringify(labels)} }) { cost { chargedNanos } userErrors { code message path details } } }`;
    const images = `mutation { embedImages(input: { model: "${model}", images: [{ base64: "${image.base64}" }] }) { cost { chargedNanos } userErrors { code message path details } } }`;
    expect([await embed(texts), await embed(texts)]).toEqual([2n * EMBEDDING, 0n]);
    expect([await embed(images), await embed(images)]).toEqual([EMBEDDING, 0n]);
    expect(await t.chargedFor(caller, { image, labels, template: '{}' })).toBe(0n);
  });

  test('is not made where nothing is cached: each call pays', async () => {
    const caller = await t.caller(CREDIT);
    const input = { image: picture(), labels: fresh(2) };
    await t.onServer({ caches: { textBytesMax: 2 ** 20, imageBytesMax: 0 } }, async ({ url }) => {
      expect(await t.chargedFor(caller, input, url)).toBe(IMAGE + 2n * LABEL);
      expect(await t.chargedFor(caller, input, url)).toBe(IMAGE);
    });
  });
});

test('a replay costs nothing, is the answer as it was, and does not change what is owned', async () => {
  const [caller, other] = [await t.caller(CREDIT), await t.caller(CREDIT)];
  const unkeyed = { model, image: picture(), labels: fresh(2) };
  const input = { ...unkeyed, idempotencyKey: 'once' };
  const first = await classified(t.url, caller, input);
  await t.chargedFor(caller, unkeyed);
  await t.chargedFor(other, unkeyed);
  const again = await classified(t.url, caller, input);
  expect(again).toMatchObject({
    isReplay: true,
    runId: first.runId,
    labelsCached: 0,
    classification: first.classification,
    cost: { chargedNanos: '0', originalNanos: String(IMAGE + 2n * LABEL) },
  });
  expect(await settledCredit(caller)).toBe(CREDIT - (IMAGE + 2n * LABEL));
});

test('whichever API is spoken, an account pays once, and another one pays too', async () => {
  const { base64: image } = picture();
  const label = fresh(1)[0] ?? '';
  const ask = async ({ secret }: Caller, path: string, body: object) => {
    const answer = await callRest(t.url, 'POST', path, { secret, body });
    expect(answer.status).toBe(200);
    return Number(answer.headers.get('x-gigarouter-cost'));
  };
  for (let n = 0; n < 2; n++) {
    const caller = await t.caller(CREDIT);
    const costs = [
      await ask(caller, '/v1/classify', {
        model,
        input: [{ image }],
        labels: [label, 'another one'],
      }),
      await ask(caller, `/hf-inference/models/${model}`, {
        inputs: image,
        parameters: { candidate_labels: [label, 'another one'] },
      }),
      await ask(caller, '/v1/chat/completions', {
        model,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: `One of: ${label}, another one` },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
            ],
          },
        ],
      }),
      await ask(caller, '/v1/embeddings', { model, input: [label] }),
      await ask(caller, '/v1/embeddings', { model, input: [label] }),
      await ask(caller, '/v1/moderations', {
        model,
        input: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } }],
      }),
    ];
    // Moderations ask for labels of their own.
    expect(costs.slice(0, 5)).toEqual([0.00022, 0, 0, 0.0001, 0]);
    const query = '{ account { runs(first: 1) { edges { node { units { unit ran } } } } } }';
    const { body } = await caller.gql(query);
    expect(body.data.account.runs.edges[0].node.units[0]).toEqual({ unit: 'IMAGE', ran: 0 });
  }
});

test('a call that has waited for its turn longer than its caller runs nothing, and holds nothing', async () => {
  const caller = await t.caller(CREDIT);
  const gone = AbortSignal.abort(new DOMException('left', 'AbortError'));
  const actor = await t.app.services.keyAuthenticator.authenticate(caller.secret, '127.0.0.1');
  const call = { actor, model, images: [picture()], labels: fresh(1), scoring: 'SIGMOID' } as const;
  await expect(t.app.services.inference.classify({ ...call, signal: gone })).rejects.toMatchObject({
    code: 'REQUEST_TIMEOUT',
  });
  const { body } = await caller.gql('{ account { runs { edges { node { id } } } } }');
  expect(body.data.account.runs.edges).toEqual([]);
});
