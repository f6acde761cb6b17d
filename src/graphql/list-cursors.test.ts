import { buildSchema, graphql, isObjectType } from 'graphql';
import { bindCursors } from './list-cursors.js';
import { connectionOf } from './pagination.js';

const SDL = `
  enum Order { NAME AGE }
  input Filter { names: [String!] from: String }
  type Thing { name: String }
  type ThingEdge { cursor: String node: Thing }
  type PageInfo { hasNextPage: Boolean startCursor: String endCursor: String }
  type ThingConnection { edges: [ThingEdge] pageInfo: PageInfo }
  type Account {
    id: ID
    things(first: Int! = 2, after: String, filter: Filter, orderBy: Order! = NAME): ThingConnection
  }
  type OtherConnection { edges: [ThingEdge] pageInfo: PageInfo }
  type Added { account: Account thingEdge: ThingEdge }
  type Query {
    account(id: ID!): Account
    added(id: ID!): Added
    others(first: Int! = 2, after: String): OtherConnection
  }`;

const NAMES = ['a', 'b', 'c', 'd'];

/** Lists whose places are the names. */
interface PageArgs {
  readonly first: number;
  readonly after?: string | null;
}
const page = ({ first, after }: PageArgs) => {
  const start = after == null ? 0 : NAMES.indexOf(after) + 1;
  const edges = NAMES.slice(start, start + first).map((name) => ({ cursor: name, node: { name } }));
  return connectionOf(edges, { hasNextPage: start + first < NAMES.length, after });
};
const account = ({ id }: { id: string }) => ({ id, things: page });

const schema = buildSchema(SDL);
for (const type of Object.values(schema.getTypeMap())) {
  if (!isObjectType(type)) continue;
  for (const field of Object.values(type.getFields())) {
    // As type-graphql does it: a resolver for each field.
    if (field.name === 'things')
      field.resolve = async (_source, args) => Promise.resolve(page(args as PageArgs));
    if (field.name === 'others') field.resolve = (_source, args) => page(args as PageArgs);
  }
}
bindCursors(schema);

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly name: string } }[];
  readonly pageInfo: { readonly startCursor: string; readonly endCursor: string };
}
interface Answer {
  readonly account: { readonly things: Page };
  readonly added: { readonly thingEdge: { readonly cursor: string } };
}

async function read(list: string) {
  const { data, errors = [] } = await graphql({
    schema,
    source: `{ ${list} }`,
    rootValue: {
      account,
      added: ({ id }: { id: string }) => ({
        account: account({ id }),
        thingEdge: { cursor: 'b', node: { name: 'b' } },
      }),
    },
  });
  return { data: data as unknown as Answer, errors };
}

const PAGE = '{ edges { cursor node { name } } pageInfo { hasNextPage startCursor endCursor } }';
const things = (args: string, id = 'one') => `account(id: "${id}") { things(${args}) ${PAGE} }`;

test('pages follow each other, and the cursors of edges and of the page are the same', async () => {
  const first = (await read(things('first: 2'))).data.account.things;
  const { startCursor, endCursor } = first.pageInfo;
  expect(first.edges.map(({ cursor }) => cursor)).toEqual([startCursor, endCursor]);
  const next = (await read(things(`first: 2, after: "${endCursor}"`))).data.account.things;
  expect(next.edges.map(({ node }) => node)).toEqual([{ name: 'c' }, { name: 'd' }]);
});

test.each([
  ['another list', `others(after: $after) ${PAGE}`],
  ['another account', things('after: $after', 'two')],
  ['another filter', things('after: $after, filter: { names: ["b"] }')],
  ['another order', things('after: $after, filter: { names: ["a"] }, orderBy: AGE')],
])('a cursor of %s is refused and named', async (_name, list) => {
  const own = things('first: 1, filter: { names: ["a"] }');
  const { endCursor } = (await read(own)).data.account.things.pageInfo;
  const { errors } = await read(list.replace('$after', JSON.stringify(endCursor)));
  expect(errors[0]?.originalError).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { argument: 'after' },
  });
  const same = await read(things(`after: "${endCursor}", filter: { from: null, names: ["a"] }`));
  expect(same.errors).toEqual([]);
});

test('an edge of a payload is one of the account’s list without filter', async () => {
  const { data } = await read('added(id: "one") { thingEdge { cursor } }');
  const { cursor } = data.added.thingEdge;
  const next = (await read(things(`after: "${cursor}"`))).data.account.things;
  expect(next.edges[0]?.node).toEqual({ name: 'c' });
  expect((await read(things(`after: "${cursor}"`, 'two'))).errors).toHaveLength(1);
});
