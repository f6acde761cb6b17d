import { readConfig } from '../../src/config/config.js';
import { MeterService } from '../../src/inference/meter.service.js';
import { newId } from '../../src/platform/ids.js';
import { codeOf, errorOf } from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, IMAGE, input, LABEL } from '../support/classify.js';
import { insertModel } from '../support/models.js';
import { DEMO_MODEL, sample, startPlatform, type TestPlatform } from '../support/platform.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('an image is classified, and exactly what ran is charged', async () => {
  const caller = await t.caller(1_000_000n);
  const labels = ['red circle', 'green heart', 'cat'];
  const { body, headers } = await caller.gql(CLASSIFY, input({ labels }));
  expect(errorOf({ body })).toBeUndefined();
  const { classification, cost, runId, timingsMs, quote } = body.data.classifyImage;
  expect(classification.labels[0]).toMatchObject({ label: 'green heart' });
  expect(classification.labels[0].score).toBeGreaterThan(0.5);
  expect(classification.isNoneOfTheAbove).toBe(false);
  const charged = IMAGE + 3n * LABEL;
  expect(cost).toMatchObject({
    chargedNanos: String(charged),
    balanceNanos: String(1_000_000n - charged),
    units: [
      { unit: 'IMAGE', requested: 1, ran: 1, nanosPerUnit: String(IMAGE) },
      { unit: 'LABEL_TEXT', requested: 3, ran: 3, nanosPerUnit: String(LABEL) },
    ],
  });
  expect(quote).toBeNull();
  for (const part of ['auth', 'hold', 'fetch', 'decode', 'queue', 'infer', 'capture']) {
    expect(timingsMs[part]).toEqual(expect.any(Number));
    expect(headers.get('server-timing')).toContain(`${part};dur=`);
  }
  const posted = String(1_000_000n - charged);
  expect((await caller.gql(BALANCE)).body.data.account.balance).toEqual({
    postedNanos: posted,
    heldNanos: '0',
    availableNanos: posted,
  });
  const seen = await caller.gql(
    `query ($id: ID!) {
      run: node(id: $id) {
        ... on Run {
          operation modelSlug model { slug } status errorCode tier variant chargedNanos heldNanos latencyMs imageCount imagesCached
          units { unit ran chargedNanos priceVersion { id nanosPerUnit } } timingsMs { hold infer }
          apiKey { id name } calledBy { id } ledgerEntries { nanos transactionId }
        }
      }
      node(id: $id) { id }
      account { ledger { edges { node { id kind nanos balanceAfterNanos transactionId } } } }
    }`,
    { id: runId },
  );
  expect(seen.body.data).toMatchObject({
    run: {
      operation: 'classifyImage',
      modelSlug: DEMO_MODEL,
      model: { slug: DEMO_MODEL },
      status: 'SUCCEEDED',
      errorCode: null,
      tier: 'STANDARD',
      imageCount: 1,
      imagesCached: 0,
      ledgerEntries: [{ nanos: String(-charged), transactionId: runId }],
      chargedNanos: String(charged),
      heldNanos: String(charged),
    },
    node: { id: runId },
    account: {
      ledger: {
        edges: [
          { node: { kind: 'USAGE', nanos: String(-charged), transactionId: runId } },
          { node: { kind: 'GRANT', nanos: '1000000' } },
        ],
      },
    },
  });
  const other = await t.caller(0n);
  const [entry] = seen.body.data.account.ledger.edges;
  for (const id of [runId, entry.node.id]) {
    expect(
      (await caller.gql('query ($id: ID!) { node(id: $id) { id } }', { id })).body.data,
    ).toEqual({ node: { id } });
    expect(
      (await other.gql('query ($id: ID!) { node(id: $id) { id } }', { id })).body.data,
    ).toEqual({ node: null });
    const anybody = await t.gql('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect(anybody.body.data).toEqual({ node: null });
  }
});

test('what is cached is free, and only what is new is charged', async () => {
  const caller = await t.caller(10_000_000n);
  const labels = fresh(4);
  const image = { base64: sample('blue-square.jpg') };
  const first = await caller.gql(CLASSIFY, input({ labels, image }));
  expect(first.body.data.classifyImage.cost.chargedNanos).toBe(String(IMAGE + 4n * LABEL));
  const again = await caller.gql(CLASSIFY, input({ labels, image }));
  expect(again.body.data.classifyImage).toMatchObject({
    labelsCached: 4,
    isReplay: false,
    classification: { isCached: true },
    cost: { chargedNanos: '0', units: [{ ran: 0 }, { ran: 0 }] },
  });
  const more = await caller.gql(CLASSIFY, input({ labels: [...labels, ...fresh(1)], image }));
  expect(more.body.data.classifyImage.cost.chargedNanos).toBe(String(LABEL));
});

test('what was kept and what was computed is counted on /metrics', async () => {
  const count = async (cache: string, outcome: string) => {
    const text = await (await fetch(`${t.url}/metrics`)).text();
    const line = `gigarouter_embedding_lookups_total{cache="${cache}",outcome="${outcome}"} `;
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.slice(line.length),
    );
  };
  const caller = await t.caller(10_000_000n);
  const labels = fresh(2);
  const [hits, misses] = [await count('text', 'hits'), await count('text', 'misses')];
  for (let n = 0; n < 2; n++) await caller.gql(CLASSIFY, input({ labels }));
  expect(await count('text', 'misses')).toBe(misses + 2);
  expect(await count('text', 'hits')).toBe(hits + 2);
});

test('a label given twice is charged once', async () => {
  const caller = await t.caller(10_000_000n);
  const [label = ''] = fresh(1);
  const { body } = await caller.gql(
    CLASSIFY,
    input({ labels: [label, label.toUpperCase(), label] }),
  );
  expect(body.data.classifyImage.cost.units[1]).toMatchObject({ requested: 1, ran: 1 });
});

test('several images in one call are scored against the same labels', async () => {
  const caller = await t.caller(10_000_000n);
  const names = ['green-heart.png', 'blue-square.jpg', 'green-heart.png'];
  const images = names.map((name) => ({ base64: sample(name) }));
  const labels = ['green heart', 'blue square'];
  const { body } = await caller.gql(CLASSIFY, { input: { model: DEMO_MODEL, images, labels } });
  expect(
    body.data.classifyImage.classifications.map(
      ({ labels: [best] }: { labels: { label: string }[] }) => best?.label,
    ),
  ).toEqual(['green heart', 'blue square', 'green heart']);
});

test('scoring, threshold and topK change what is told, not what it costs', async () => {
  const caller = await t.caller(10_000_000n);
  const labels = ['red circle', 'green heart', 'cat'];
  await caller.gql(CLASSIFY, input({ labels }));
  const { body } = await caller.gql(
    CLASSIFY,
    input({ labels, scoring: 'SOFTMAX', threshold: 1, topK: 2 }),
  );
  const { classification } = body.data.classifyImage;
  expect(classification.labels).toHaveLength(2);
  expect(classification.isNoneOfTheAbove).toBe(true);
  for (const { score, share } of classification.labels) expect(score).toBe(share);
});

test('a dry run quotes exactly what a first call costs, and charges nothing', async () => {
  const caller = await t.caller(0n);
  const labels = fresh(5);
  const { body } = await caller.gql(CLASSIFY, input({ labels, dryRun: true }));
  expect(body.data.classifyImage).toMatchObject({
    runId: null,
    cost: null,
    quote: { maximumNanos: String(IMAGE + 5n * LABEL) },
  });
  expect(
    (await caller.gql('{ account { runs { edges { node { id } } } } }')).body.data.account.runs
      .edges,
  ).toEqual([]);
  const refused = await caller.gql(CLASSIFY, input({ labels: [], dryRun: true }));
  expect(codeOf(refused)).toBe('BAD_USER_INPUT');
});

test('without enough credit nothing runs, and the answer says what is missing', async () => {
  const caller = await t.caller(IMAGE);
  const { body, status } = await caller.gql(CLASSIFY, input({ labels: fresh(2) }));
  expect(status).toBe(200);
  expect(errorOf({ body })).toMatchObject({
    code: 'INSUFFICIENT_CREDIT',
    neededNanos: String(IMAGE + 2n * LABEL),
    availableNanos: String(IMAGE),
  });
  expect((await caller.gql(BALANCE)).body.data.account.balance.postedNanos).toBe(String(IMAGE));
});

test('each paid field of a request is charged, and one that fails is not', async () => {
  const caller = await t.caller(10_000_000n);
  const image = `{ base64: "${sample('blue-square.jpg')}" }`;
  const field = (name: string, labels: string[]) =>
    `${name}: classifyImage(input: { model: "${DEMO_MODEL}", image: ${image}, labels: ${JSON.stringify(labels)} }) { cost { chargedNanos } userErrors { code message path details } }`;
  const { body } = await caller.gql(
    `mutation { ${field('a', fresh(2))} ${field('b', [''])} ${field('c', fresh(3))} }`,
  );
  expect(body.errors).toBeUndefined();
  expect(body.data).toMatchObject({
    a: { userErrors: [] },
    b: { cost: null, userErrors: [{ code: 'BAD_USER_INPUT' }] },
    c: { userErrors: [] },
  });
  const sum = BigInt(body.data.a.cost.chargedNanos) + BigInt(body.data.c.cost.chargedNanos);
  expect(sum).toBeGreaterThanOrEqual(5n * LABEL);
  expect((await caller.gql(BALANCE)).body.data.account.balance.postedNanos).toBe(
    String(10_000_000n - sum),
  );
});

test('a price that changes during a call does not change what the call costs', async () => {
  const caller = await t.caller(1_000n);
  const slug = 'test/priced';
  const modelId = await insertModel(t.database, { slug, status: 'LIVE' });
  // Each has begun by the time it is asked for, also when the clock steps back.
  const price = (nanos: number, beganS: number) =>
    t.database.query(
      `INSERT INTO price_version (id, model_id, unit, nanos_per_unit, effective_from)
       VALUES ($1, $2, 'IMAGE', $3, now() - make_interval(secs => $4))`,
      [newId('prc'), modelId, nanos, beganS],
    );
  await price(100, 3_600);
  const { keyAuthenticator, ...services } = t.app.services;
  const actor = await keyAuthenticator.authenticate(caller.secret, '127.0.0.1');
  /** Of a server that has asked for no price yet. */
  const run = async (work: () => Promise<unknown>) => {
    const meter = new MeterService({ ...services, logger: t.app.logger }, readConfig({}).calls);
    const model = await meter.model(actor, slug);
    const { signal } = new AbortController();
    const quote = meter.quote({
      operation: 'test',
      model,
      images: 2,
      units: { IMAGE: 2 },
      tier: undefined,
    });
    const call = { actor, quote, request: {}, idempotencyKey: undefined, held: undefined, signal };
    return meter.run(call, async () => {
      await work();
      const used = ['a', 'b'].map((key) => ({ unit: 'IMAGE', key, isKept: false }) as const);
      return { used, payers: new Map(), answer: () => ({}), variant: 'fp32', timingsMs: {} };
    });
  };
  expect((await run(() => price(150, 60))).chargedNanos).toBe(200n);
  expect((await run(() => Promise.resolve())).chargedNanos).toBe(300n);
});

test('images and texts become vectors, each charged as it ran', async () => {
  const caller = await t.caller(10_000_000n);
  const [text = ''] = fresh(1);
  const texts = await caller.gql(
    `mutation ($texts: [String!]!) {
      embedTexts(input: { model: "${DEMO_MODEL}", texts: $texts }) {
        vectors cached
        cost { chargedNanos }
        userErrors { code message path details }
      }
    }`,
    { texts: [text, text, 'a heart'] },
  );
  const { vectors, cost } = texts.body.data.embedTexts;
  expect(vectors).toHaveLength(3);
  expect(vectors[0]).toEqual(vectors[1]);
  const length = Math.hypot(...(vectors[0] as number[]));
  expect(length).toBeCloseTo(1, 5);
  expect(cost.chargedNanos).toBe('200000');
  const images = await caller.gql(
    `mutation ($images: [ImageInput!]!) {
      embedImages(input: { model: "${DEMO_MODEL}", images: $images }) {
        vectors cached
        cost { chargedNanos }
        userErrors { code message path details }
      }
    }`,
    { images: [{ base64: sample('red-circle.png') }] },
  );
  expect(images.body.data.embedImages.vectors).toHaveLength(1);
});
