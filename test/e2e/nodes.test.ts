import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { newCaller } from '../support/platform.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ background: false });
});
afterAll(() => t.stop());

test('an API key is a node, for those who may read its account', async () => {
  const mine = await newCaller(t, 5n);
  const other = await newCaller(t, 7n);
  const keyOf = async ({ gql }: typeof mine) =>
    (await gql('{ viewer { apiKey { id name } } }')).body.data.viewer.apiKey as {
      id: string;
      name: string;
    };
  const key = await keyOf(mine);
  const ids = [key.id, (await keyOf(other)).id, 'key_none'];
  const { body } = await mine.gql(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on ApiKey { name } } }',
    { ids },
  );
  expect(errorOf({ body })).toBeUndefined();
  expect(body.data.nodes).toEqual([{ __typename: 'ApiKey', ...key }, null, null]);
});

const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';

test('nodes(ids) answers in order, with null for what the caller cannot see', async () => {
  const mine = await newCaller(t, 5n);
  const other = await newCaller(t, 7n);
  const lotsOf = async ({ gql }: typeof mine) =>
    (await gql('{ account { creditLots { nodes { id } } ledger { nodes { id lot { id } } } } }'))
      .body.data.account;
  const { creditLots, ledger } = await lotsOf(mine);
  const [lot] = creditLots.nodes;
  const [entry] = ledger.nodes;
  expect(entry.lot).toEqual(lot);

  const foreign = (await lotsOf(other)).creditLots.nodes[0].id as string;
  const ids = [lot.id, foreign, entry.id, mine.accountId, other.accountId, 'lot_none', 'x', lot.id];
  const { body } = await mine.gql(NODES, { ids });
  expect(errorOf({ body })).toBeUndefined();
  expect(body.data.nodes).toEqual([
    { __typename: 'CreditLot', id: lot.id },
    null,
    { __typename: 'LedgerEntry', id: entry.id },
    { __typename: 'Account', id: mine.accountId },
    null,
    null,
    null,
    { __typename: 'CreditLot', id: lot.id },
  ]);
});

test('nodes(ids) takes up to 100, and costs by their number', async () => {
  const ids = Array<string>(101).fill('mdl_none');
  const most = await t.gql(NODES, { ids: ids.slice(1) });
  expect(most.body.data.nodes).toHaveLength(100);
  expect(most.body.extensions.cost.requestedQueryCost).toBe(200);
  expect(codeOf(await t.gql(NODES, { ids }))).toBe('BAD_USER_INPUT');
});

test('a connection has the nodes of its edges', async () => {
  const { body } = await t.gql(
    '{ models(first: 3) { nodes { slug prices { unit } } edges { node { slug } } } }',
  );
  const { nodes, edges } = body.data.models;
  expect(nodes.map(({ slug }: { slug: string }) => slug)).toEqual(
    edges.map(({ node }: { node: { slug: string } }) => node.slug),
  );
  expect(nodes.flatMap(({ prices }: { prices: object[] }) => prices)).not.toEqual([]);
});
