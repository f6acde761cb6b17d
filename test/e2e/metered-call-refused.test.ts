import { request } from 'node:http';
import { codeOf, errorOf } from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, IMAGE, input, LABEL } from '../support/classify.js';
import { bearer } from '../support/platform.js';
import { until } from '../support/process.js';
import { type GatedPlatform, startGatedPlatform } from '../support/providers.js';

let t: GatedPlatform;
beforeAll(async () => {
  t = await startGatedPlatform();
});
afterEach(() => t.verify());
afterAll(() => t.stop());

describe('an idempotency key', () => {
  test('is answered again, and charged once', async () => {
    const caller = await t.caller(10_000_000n);
    const variables = input({ labels: fresh(3), idempotencyKey: 'one' });
    const first = (await caller.gql(CLASSIFY, variables)).body.data.classifyImage;
    expect(first.cost.originalNanos).toBeNull();
    const again = (await caller.gql(CLASSIFY, variables)).body.data.classifyImage;
    expect(again).toMatchObject({
      runId: first.runId,
      isReplay: true,
      classification: first.classification,
      cost: {
        chargedNanos: '0',
        originalNanos: first.cost.chargedNanos,
        units: first.cost.units.map((line: object) => ({ ...line, ran: 0 })),
      },
    });
    const { edges } = (await caller.gql('{ account { runs { edges { node { id } } } } }')).body.data
      .account.runs;
    expect(edges).toEqual([{ node: { id: first.runId } }]);
  });

  test('with another body is refused, and charged nothing', async () => {
    const caller = await t.caller(10_000_000n);
    await caller.gql(CLASSIFY, input({ labels: fresh(1), idempotencyKey: 'one' }));
    const { balance } = (await caller.gql(BALANCE)).body.data.account;
    const { body } = await caller.gql(CLASSIFY, input({ labels: fresh(1), idempotencyKey: 'one' }));
    expect(codeOf({ body })).toBe('IDEMPOTENCY_MISMATCH');
    expect((await caller.gql(BALANCE)).body.data.account.balance).toEqual(balance);
  });

  test('sent many times at once runs once, whoever comes first', async () => {
    const caller = await t.caller(10_000_000n);
    const variables = input({ labels: fresh(3), idempotencyKey: 'many' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => caller.gql(CLASSIFY, variables)),
    );
    const codes = answers.map(({ body }) => codeOf({ body }) ?? 'ok');
    expect(new Set(codes).size).toBeLessThanOrEqual(2);
    expect(codes.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(1);
    expect(codes.every((code) => ['ok', 'IDEMPOTENCY_IN_FLIGHT'].includes(code))).toBe(true);
    const { edges } = (await caller.gql('{ account { runs { edges { node { chargedNanos } } } } }'))
      .body.data.account.runs;
    expect(edges).toHaveLength(1);
  });

  test('of a call that failed is free for another try', async () => {
    const caller = await t.caller(10_000_000n);
    const broken = { base64: Buffer.from('no picture').toString('base64') };
    const failed = await caller.gql(
      CLASSIFY,
      input({ image: broken, labels: ['cat'], idempotencyKey: 'again' }),
    );
    expect(codeOf(failed)).toBe('UNSUPPORTED_MEDIA_TYPE');
    const { body } = await caller.gql(
      CLASSIFY,
      input({ labels: ['cat'], idempotencyKey: 'again' }),
    );
    expect(errorOf({ body })).toBeUndefined();
  });

  test.each(['', ' ', 'ä', 'x'.repeat(256)])('%j is refused', async (idempotencyKey) => {
    const caller = await t.caller(10_000_000n);
    const { body } = await caller.gql(CLASSIFY, input({ labels: ['cat'], idempotencyKey }));
    expect(errorOf({ body })).toMatchObject({
      code: 'BAD_USER_INPUT',
      argument: 'idempotencyKey',
    });
  });
});

test('a model that is not live says so, and how to ask for it', async () => {
  const caller = await t.caller(10_000_000n);
  const model = 'timm/ViT-SO400M-14-SigLIP-384';
  const { body } = await caller.gql(CLASSIFY, input({ model, labels: ['cat'] }));
  expect(errorOf({ body })).toMatchObject({ code: 'MODEL_NOT_LIVE', model });
  expect(errorOf({ body })?.message).toMatch(/request it/);
  const unknown = await caller.gql(CLASSIFY, input({ model: 'no/such', labels: ['cat'] }));
  expect(codeOf(unknown)).toBe('NOT_FOUND');
});

describe('who may not call', () => {
  test('nobody, and a key without the scope or for other models', async () => {
    expect(codeOf(await t.gql(CLASSIFY, input({ labels: ['cat'] })))).toBe('UNAUTHENTICATED');
    const reader = await t.caller(10_000_000n, { scopes: ['READ'] });
    expect(codeOf(await reader.gql(CLASSIFY, input({ labels: ['cat'] })))).toBe('FORBIDDEN');
    const other = await t.caller(10_000_000n, { models: ['openai/clip-vit-base-patch32'] });
    expect(codeOf(await other.gql(CLASSIFY, input({ labels: ['cat'] })))).toBe('FORBIDDEN');
  });

  test('a key at its spend cap', async () => {
    const caller = await t.caller(10_000_000n, { spendCapNanos: IMAGE + LABEL, capPeriod: 'DAY' });
    const over = await caller.gql(CLASSIFY, input({ labels: fresh(2) }));
    expect(codeOf(over)).toBe('SPEND_CAP_REACHED');
    const within = await caller.gql(CLASSIFY, input({ labels: fresh(1) }));
    expect(errorOf(within)).toBeUndefined();
  });
});

test('a caller who leaves while the model runs pays nothing', async () => {
  const caller = await t.caller(10_000_000n);
  const body = JSON.stringify({ query: CLASSIFY, variables: input({ labels: fresh(4) }) });
  const call = request(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(caller.secret) },
  });
  call.on('error', () => undefined);
  const before = t.gate.runs();
  const release = t.gate.hold();
  call.end(body);
  await until('the model to run', () => (t.gate.runs() > before ? true : undefined));
  expect((await caller.gql(BALANCE)).body.data.account.balance.heldNanos).not.toBe('0');
  call.destroy();
  await new Promise((resolve) => call.once('close', resolve));
  const run = await until('the run to end', async () => {
    const { edges } = (
      await caller.gql('{ account { runs { edges { node { status chargedNanos errorCode } } } } }')
    ).body.data.account.runs;
    return edges[0]?.node;
  });
  release();
  expect(run).toEqual({ status: 'CANCELLED', chargedNanos: '0', errorCode: null });
  expect((await caller.gql(BALANCE)).body.data.account.balance).toMatchObject({
    postedNanos: '10000000',
    heldNanos: '0',
  });
});

test.each([
  ['no image', { image: null }, 'image'],
  ['an empty image', { image: {} }, 'image'],
  ['two sources', { image: { base64: 'aaaa', url: 'https://example.org' } }, 'image'],
  ['no base64', { image: { base64: '…' } }, 'image'],
  ['no labels', { labels: [] }, undefined],
  ['501 labels', { labels: Array.from({ length: 501 }, () => 'x') }, undefined],
  ['a template without a place', { labels: ['cat'], template: 'nothing' }, undefined],
  ['a threshold above 1', { labels: ['cat'], threshold: 1.1 }, 'threshold'],
  ['no best label', { labels: ['cat'], topK: 0 }, 'topK'],
])('%s is refused with the reason, and costs nothing', async (_name, more, argument) => {
  const caller = await t.caller(10_000_000n);
  const { body } = await caller.gql(CLASSIFY, input({ labels: ['cat'], ...more }));
  expect(codeOf({ body })).toBe('BAD_USER_INPUT');
  expect(errorOf({ body })?.argument).toBe(argument);
  expect((await caller.gql(BALANCE)).body.data.account.balance).toMatchObject({
    postedNanos: '10000000',
    heldNanos: '0',
  });
});
