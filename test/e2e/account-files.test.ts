import { errorOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { MAKERS, newSide, type Side } from '../support/owned-objects.js';
import { bearer, startPlatform, type TestPlatform } from '../support/platform.js';
import { postGraphQL } from '../support/app.js';

const outbox = temporaryFolder();
let t: TestPlatform;
let side: Side;
let other: Side;
beforeAll(async () => {
  t = await startPlatform(mailTo(outbox.path), {}, { background: false });
  side = await newSide(t, outbox.path);
  other = await newSide(t, outbox.path);
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const gql = (query: string, variables: object = {}, by = side) =>
  postGraphQL(t.url, { query, variables }, bearer(by.secret));

test('batches and files are listed with their progress, and are nodes of their account only', async () => {
  const id = await MAKERS.batch(t, side);
  const { body } = await gql(
    `{ account {
      batches(first: 1) { nodes { id status endpoint lines { total open completed } heldNanos inputFile { id purpose } outputFile { id } } }
      files { nodes { id name mediaType bytes } } } }`,
  );
  expect(errorOf({ body })).toBeUndefined();
  const { batches, files } = body.data.account;
  expect(batches.nodes).toMatchObject([
    { id, status: 'IN_PROGRESS', lines: { total: 1, open: 1, completed: 0 }, outputFile: null },
  ]);
  expect(files.nodes).toMatchObject([{ id: batches.nodes[0].inputFile.id, name: 'x.jsonl' }]);
  const ids = [id, files.nodes[0].id];
  const nodes = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
  expect((await gql(nodes, { ids })).body.data.nodes).toEqual([
    { __typename: 'Batch', id: ids[0] },
    { __typename: 'File', id: ids[1] },
  ]);
  expect((await gql(nodes, { ids }, other)).body.data.nodes).toEqual([null, null]);
});

test('what a list of batches asks for is read in one statement each, and lines are counted only when asked for', async () => {
  const ids = [await MAKERS.batch(t, side), await MAKERS.batch(t, side)];
  const list = (files: string) => gql(`{ account { batches { nodes { id ${files} } } } }`);
  // From here on the server knows the caller’s key.
  await list('');
  const statements = async (files: string) => {
    const before = t.app.metrics.statementCount();
    const { nodes } = (await list(files)).body.data.account.batches;
    expect(nodes.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(ids));
    return t.app.metrics.statementCount() - before;
  };
  const alone = await statements('');
  expect(await statements('inputFile { id } outputFile { id } errorFile { id }')).toBe(alone + 1);
  expect(await statements('lines { total } heldNanos chargedNanos')).toBe(alone + 1);
});

test('label sets page by name, and are renamed to a name that is free', async () => {
  const create = `mutation ($input: CreateLabelSetInput!) { createLabelSet(input: $input) {
    labelSetEdge { cursor node { id } } userErrors { message } } }`;
  const edges: { cursor: string; node: { id: string } }[] = [];
  for (const name of ['b', 'c', 'a']) {
    const { body } = await gql(create, { input: { name, labels: [`label ${name}`] } });
    edges.push(body.data.createLabelSet.labelSetEdge);
  }
  const list =
    'query ($after: String) { account { labelSets(first: 2, after: $after) { nodes { name } pageInfo { endCursor } } } }';
  const first = (await gql(list)).body.data.account.labelSets;
  expect(first.nodes).toEqual([{ name: 'a' }, { name: 'b' }]);
  const rest = async (after: unknown) =>
    (await gql(list, { after })).body.data.account.labelSets.nodes;
  expect(await rest(first.pageInfo.endCursor)).toEqual([{ name: 'c' }]);
  // The edge of a payload is one of the list.
  expect(await rest(edges[0]?.cursor)).toEqual([{ name: 'c' }]);

  const update = `mutation ($input: UpdateLabelSetInput!) { updateLabelSet(input: $input) {
    labelSet { id name labels } userErrors { code path message details } } }`;
  const id = edges[0]?.node.id;
  const renamed = await gql(update, { input: { id, name: 'z' } });
  expect(renamed.body.data.updateLabelSet.labelSet).toEqual({ id, name: 'z', labels: ['label b'] });
  expect(errorOf(await gql(update, { input: { id, name: 'a' } }))).toMatchObject({
    code: 'CONFLICT',
    argument: 'name',
  });
  expect(errorOf(await gql(update, { input: { id, name: 'y' } }, other))?.code).toBe('NOT_FOUND');
});
