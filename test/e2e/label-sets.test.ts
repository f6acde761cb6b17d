import { codeOf } from '../support/app.js';
import { CLASSIFY, fresh, IMAGE, input, LABEL } from '../support/classify.js';
import { type Caller, newCaller, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';
import { createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterAll(() => t.stop());

const CREATE =
  'mutation ($input: CreateLabelSetInput!) { createLabelSet(input: $input) { labelSet { id name labels template } userErrors { code message path details } } }';

const create = async (caller: Caller, labels: string[], more: object = {}) =>
  (await caller.gql(CREATE, { input: { name: 'set', labels, ...more } })).body.data.createLabelSet
    .labelSet as { id: string };

test('saved labels run once, also on a server that has never seen them', async () => {
  const caller = await t.caller(10_000_000n);
  const labels = fresh(4);
  const { id: labelSetId } = await create(caller, labels);
  const first = await caller.gql(CLASSIFY, input({ labelSetId }));
  const { classification, cost } = first.body.data.classifyImage;
  expect(cost.chargedNanos).toBe(String(IMAGE + 4n * LABEL));
  await until('the vectors to be kept', async () => {
    const rows = await t.database.query('SELECT FROM label_set_embedding WHERE label_set_id = $1', [
      labelSetId,
    ]);
    return rows.length === 1 ? true : undefined;
  });

  const config = { ...readConfig({}), modelsDir: t.modelsDir, predictorUrl: t.predictorUrl };
  const other = await createApp(config, t.database.url, { logger: t.app.logger });
  try {
    const url = await other.server.listen({ port: 0, host: '127.0.0.1' });
    const there = await newCaller({ app: other, url }, 10_000_000n);
    const stranger = await there.gql(CLASSIFY, input({ labelSetId }));
    expect(codeOf(stranger)).toBe('NOT_FOUND');
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${caller.secret}` },
      body: JSON.stringify({ query: CLASSIFY, variables: input({ labelSetId }) }),
    });
    const { data } = (await response.json()) as { data: { classifyImage: typeof first.body } };
    expect(data.classifyImage).toMatchObject({
      labelsCached: 4,
      classification: { ...classification, isCached: true },
      cost: { chargedNanos: '0' },
    });
    expect(other.services.embeddings.texts.counts.misses).toBe(0);
  } finally {
    await other.stop();
  }
});

test('another template makes other prompts, which are charged', async () => {
  const caller = await t.caller(10_000_000n);
  const { id: labelSetId } = await create(caller, fresh(2), { template: 'a sketch of {}' });
  const image = IMAGE;
  const own = await caller.gql(CLASSIFY, input({ labelSetId }));
  const other = await caller.gql(CLASSIFY, input({ labelSetId, template: 'a drawing of {}' }));
  expect(BigInt(own.body.data.classifyImage.cost.chargedNanos) % image).toBe(2n * LABEL);
  expect(other.body.data.classifyImage.cost.chargedNanos).toBe(String(2n * LABEL));
});

test('sets are listed by name, unique in an account, and gone when deleted', async () => {
  const caller = await t.caller(10_000_000n);
  const { id } = await create(caller, ['b'], { name: 'B' });
  await create(caller, ['a'], { name: 'A' });
  expect(codeOf(await caller.gql(CREATE, { input: { name: 'A', labels: ['x'] } }))).toBe(
    'CONFLICT',
  );
  const listed = await caller.gql('{ account { labelSets { nodes { name labels } } } }');
  expect(listed.body.data.account.labelSets.nodes).toEqual([
    { name: 'A', labels: ['a'] },
    { name: 'B', labels: ['b'] },
  ]);
  const DELETE =
    'mutation ($id: ID!) { deleteLabelSet(input: { id: $id }) { deletedLabelSetId userErrors { code message path details } } }';
  expect((await caller.gql(DELETE, { id })).body.data.deleteLabelSet).toEqual({
    deletedLabelSetId: id,
    userErrors: [],
  });
  expect(codeOf(await caller.gql(DELETE, { id }))).toBe('NOT_FOUND');
  expect(codeOf(await caller.gql(CLASSIFY, input({ labelSetId: id })))).toBe('NOT_FOUND');
});

test.each([[{ labels: ['cat'], labelSetId: 'lset_x' }], [{}]])(
  '%j is refused: either labels or a set',
  async (more) => {
    const caller = await t.caller(10_000_000n);
    expect(codeOf(await caller.gql(CLASSIFY, input(more)))).toBe('BAD_USER_INPUT');
  },
);

test.each([
  [{ name: '' }],
  [{ name: 'x'.repeat(101) }],
  [{ labels: [] }],
  [{ labels: [' '] }],
  [{ template: 'no place' }],
])('%j is refused', async (more) => {
  const caller = await t.caller(10_000_000n);
  expect(codeOf(await caller.gql(CREATE, { input: { name: 'x', labels: ['a'], ...more } }))).toBe(
    'BAD_USER_INPUT',
  );
});
