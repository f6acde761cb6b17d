import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';

/*
 * Each limit from both sides: the last operation that passes and the first that does not. Each is
 * sent twice, as the server remembers what it has let through.
 */

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** `depth` levels through the cheapest field that leads back to a model. */
const deep = (depth: number) =>
  `{ model(slug: "nobody/nothing") { ${'relatedModels(first: 1) { '.repeat(depth - 2)}slug${' }'.repeat(depth)}`;

const introspect = (depth: number) =>
  `{ __type(name: "Query") { ${'ofType { '.repeat(depth - 2)}name${' }'.repeat(depth)}`;

/** Five times the same selection of `count` fields, and the field that leads to them. */
const introspectWith = (count: number, field: (index: number) => string) =>
  `{ __type(name: "Int") { ...f ...f ...f ...f ...f } } fragment f on __Type { ${times(count, field)} }`;

/** `count` fields below the one that leads to them, a hundred with each use of a fragment. */
const introspectFields = (count: number) =>
  `{ __type(name: "Int") { ${times(Math.floor(count / 100), () => '...h')} ${times(count % 100, () => 'name')} } }
   fragment h on __Type { ${times(10, () => '...t')} } fragment t on __Type { ${times(10, () => 'name')} }`;

/** Costs 1 for the connection, and 1 for each of its rows, `models` times. */
const costly = (rows: number[]) =>
  `{ ${rows.map((first, i) => `m${String(i)}: models(first: ${String(first)}) { edges { cursor } }`).join(' ')} }`;

/** A hundred full pages, each under a name of its own: a page costs more than its rows. */
const PAGES = costly(Array<number>(100).fill(100));

test('100 pages in one document through aliases are refused by their cost', async () => {
  const answer = await t.gql(PAGES);
  expect(errorOf(answer)).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
  expect(answer.body.data).toBeUndefined();
});

interface Limit {
  name: string;
  passes: string;
  fails: string;
  code: string;
  details?: Record<string, unknown>;
}

const complex = (limit: string, maximum: number) => ({
  code: 'QUERY_TOO_COMPLEX',
  details: { limit, maximum },
});

const LIMITS: readonly Limit[] = [
  { name: '12 levels', passes: deep(12), fails: deep(13), ...complex('levels', 12) },
  {
    name: '250 levels of introspection',
    passes: introspect(250),
    fails: introspect(251),
    ...complex('introspection levels', 250),
  },
  {
    name: '500 aliases of introspection',
    passes: introspectWith(100, (i) => `a${String(i)}: name`),
    fails: introspectWith(101, (i) => `a${String(i)}: name`),
    ...complex('introspection aliases', 500),
  },
  {
    name: '500 directives of introspection',
    passes: introspectWith(50, () => 'name @include(if: true) @skip(if: false)'),
    fails: introspectWith(51, () => 'name @include(if: true) @skip(if: false)'),
    ...complex('introspection directives', 500),
  },
  {
    name: '5,000 fields of introspection',
    passes: introspectFields(4_999),
    fails: introspectFields(5_000),
    ...complex('introspection fields', 5_000),
  },
  {
    name: '200 fields',
    passes: `{ ${times(200, () => '__typename')} }`,
    fails: `{ ${times(201, () => '__typename')} }`,
    ...complex('fields', 200),
  },
  {
    name: '200 fields, with each use of a fragment counted',
    passes: `{ ...f ...f } fragment f on Query { ${times(100, () => '__typename')} }`,
    fails: `{ ...f ...f ...f } fragment f on Query { ${times(100, () => '__typename')} }`,
    ...complex('fields', 200),
  },
  {
    name: '30 aliases',
    passes: `{ ${times(30, (i) => `a${String(i)}: __typename`)} }`,
    fails: `{ ${times(31, (i) => `a${String(i)}: __typename`)} }`,
    ...complex('aliases', 30),
  },
  {
    name: '20 directives',
    passes: `{ ${times(20, () => '__typename @include(if: true)')} }`,
    fails: `{ ${times(21, () => '__typename @include(if: true)')} }`,
    ...complex('directives', 20),
  },
  {
    name: '100 rows a page',
    passes: '{ models(first: 100) { totalCount } }',
    fails: '{ models(first: 101) { totalCount } }',
    code: 'BAD_USER_INPUT',
  },
  {
    name: '1 row a page',
    passes: '{ models(first: 1) { totalCount } }',
    fails: '{ models(first: 0) { totalCount } }',
    code: 'BAD_USER_INPUT',
  },
];

describe.each(LIMITS)('$name', ({ passes, fails, code, details }) => {
  test.each(['first', 'again'])('are let through: %s', async () => {
    const { status, body } = await t.gql(passes);
    expect(errorOf({ body })).toBeUndefined();
    expect(status).toBe(200);
  });

  test.each(['first', 'again'])('and one more is refused: %s', async () => {
    const { body } = await t.gql(fails);
    expect(errorOf({ body })).toMatchObject({ code, ...details });
    expect(errorOf({ body })?.message).toMatch(/\S/);
    // No field of the root has an answer.
    expect(Object.values(body.data ?? {}).filter((answer) => answer !== null)).toEqual([]);
  });
});

test('a document of 1,500 tokens is read, and one of 1,501 is not', async () => {
  // A list in a variable's default: many tokens, few fields.
  const document = (tokens: number) =>
    `query ($slugs: [String!] = [${times(tokens - 19, () => '"a/b"')}]) { tasks { task } }`;
  const read = await t.gql(document(1_500));
  expect(errorOf(read)?.message).toMatch(/never used/);
  const refused = await t.gql(document(1_501));
  expect(codeOf(refused)).toBe('GRAPHQL_PARSE_FAILED');
  expect(errorOf(refused)?.message).toContain('1500');
});

describe('the cost', () => {
  const cost = async (query: string, variables?: Record<string, unknown>) =>
    (await t.gql(query, variables)).body.extensions.cost.requestedQueryCost as number;

  test('is in the answer, with the most that is let through', async () => {
    const { body } = await t.gql('{ __typename }');
    expect(body.extensions.cost).toEqual({ requestedQueryCost: 0, maximumQueryCost: 1_000 });
  });

  test('of a list grows with the rows asked for, whether literal or variable', async () => {
    const list = (first: number) => `{ models(first: ${String(first)}) { edges { cursor } } }`;
    const variable = 'query ($n: Int!) { models(first: $n) { edges { cursor } } }';
    const [one, ten, hundred] = [await cost(list(1)), await cost(list(10)), await cost(list(100))];
    expect(ten - one).toBe(((hundred - one) / 99) * 9);
    for (const [n, expected] of [
      [1, one],
      [10, ten],
      [100, hundred],
    ] as const) {
      expect(await cost(variable, { n })).toBe(expected);
    }
  });

  test('of 1,000 passes, of more is refused with both figures', async () => {
    const one = await cost(costly([1]));
    const perRow = (await cost(costly([2]))) - one;
    const base = one - perRow;
    const full = base + 100 * perRow;
    const rows = Array.from({ length: Math.floor(1_000 / full) }, () => 100);
    const rest = Math.floor((1_000 - rows.length * full - base) / perRow);
    const fitting = rest >= 1 ? [...rows, rest] : rows;
    const spent = await cost(costly(fitting));
    expect(spent).toBeLessThanOrEqual(1_000);
    expect(spent).toBeGreaterThan(1_000 - perRow - base);

    for (let use = 1; use <= 2; use += 1) {
      const { status, body } = await t.gql(costly([...fitting, 100]));
      expect(status).toBe(400);
      expect(errorOf({ body })).toMatchObject({
        code: 'QUERY_TOO_COMPLEX',
        cost: spent + full,
        maximum: 1_000,
      });
    }
  });

  test('is worked out anew for each request’s variables, also of a known query', async () => {
    const query = `query ($n: Int!) { models(first: $n) { edges { node { relatedModels(first: 20) { slug } } } } }`;
    for (let use = 1; use <= 2; use += 1) {
      expect(errorOf(await t.gql(query, { n: 1 }))).toBeUndefined();
      const { body } = await t.gql(query, { n: 100 });
      expect(codeOf({ body })).toBe('QUERY_TOO_COMPLEX');
    }
  });
});

test('a batch is refused as a whole', async () => {
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    errors: [{ extensions: { code: 'BAD_REQUEST' } }],
  });
});

test('a body of 256 KiB is read, and one byte more is not', async () => {
  const body = (bytes: number) => {
    const empty = JSON.stringify({ query: '{ __typename }', extensions: { pad: '' } });
    return JSON.stringify({
      query: '{ __typename }',
      extensions: { pad: 'x'.repeat(bytes - empty.length) },
    });
  };
  const send = (bytes: number) =>
    fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: body(bytes),
    });
  expect((await send(256 * 1024)).status).toBe(200);
  const refused = await send(256 * 1024 + 1);
  expect(refused.status).toBe(413);
  expect(await refused.json()).toMatchObject({
    errors: [{ extensions: { code: 'PAYLOAD_TOO_LARGE' } }],
  });
});
