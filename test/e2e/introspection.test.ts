import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildClientSchema,
  buildSchema,
  type FieldNode,
  getIntrospectionQuery,
  type IntrospectionOptions,
  type IntrospectionQuery,
  Kind,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  type SelectionNode,
  visit,
} from 'graphql';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { INTROSPECTION_QUERIES } from '../support/introspection-queries.js';

/*
 * Tools read the schema with the introspection query of graphql-js. It must pass with every option and with room for
 * additions, while no other introspection query may cost much more than it does.
 */

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

const SDL = readFileSync(path.resolve('schema.graphql'), 'utf8');
const FLAGS = [
  'descriptions',
  'specifiedByUrl',
  'directiveIsRepeatable',
  'schemaDescription',
  'inputValueDeprecation',
  'experimentalDirectiveDeprecation',
  'oneOf',
] as const satisfies readonly (keyof IntrospectionOptions)[];
const ALL = Object.fromEntries(FLAGS.map((flag) => [flag, true])) as IntrospectionOptions;

/** Every combination of the flags, sixteen at a time. */
const COMBINATIONS: readonly (readonly IntrospectionOptions[])[] = Array.from(
  { length: 8 },
  (_, group) =>
    Array.from({ length: 16 }, (__, one) => {
      const bits = group * 16 + one;
      return Object.fromEntries(FLAGS.map((flag, i) => [flag, (bits >> i) % 2 === 1]));
    }),
);

/** Over GET, as clients send it that avoid a preflight. */
async function get(query: string) {
  const address = `${t.url}/graphql?${new URLSearchParams({ query }).toString()}`;
  const response = await fetch(address, { headers: { accept: 'application/json' } });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  return { status: response.status, body: (await response.json()) as any };
}

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

/** Changes each selection set of a query. */
function rewrite(query: string, change: (field: FieldNode) => FieldNode[]): string {
  const document = visit(parse(query), {
    SelectionSet: (set) => ({
      ...set,
      selections: set.selections.flatMap((one): readonly SelectionNode[] =>
        one.kind === Kind.FIELD ? change(one) : [one],
      ),
    }),
  });
  return print(document);
}

const aliased = (field: FieldNode, prefix: string): FieldNode => ({
  ...field,
  alias: { kind: Kind.NAME, value: `${prefix}_${field.name.value}` },
});

const twoCopies = (query: string) =>
  rewrite(query, (field) =>
    field.name.value === '__schema' ? [aliased(field, 'a'), aliased(field, 'b')] : [field],
  );

const everyValueTwice = (query: string) =>
  rewrite(query, (field) =>
    field.selectionSet === undefined ? [field, aliased(field, 'again')] : [field],
  );

describe('the query of graphql-js', () => {
  test.each(COMBINATIONS.map((options, group) => ({ group, options })))(
    'passes in every combination of its options: $group',
    async ({ options: combinations }) => {
      for (const options of combinations) {
        const { status, body } = await t.gql(getIntrospectionQuery(options));
        expect([options, status, body.errors]).toEqual([options, 200, undefined]);
      }
    },
  );

  test.each([0, 1, 9, 20, 50, 100])('passes with references of %i levels', async (typeDepth) => {
    const { status, body } = await t.gql(getIntrospectionQuery({ ...ALL, typeDepth }));
    expect([status, body.errors]).toEqual([200, undefined]);
  });

  test.each([
    ['POST', (query: string) => t.gql(query)],
    ['GET', get],
  ])('returns the schema of schema.graphql over %s', async (_method, send) => {
    for (const options of [{}, ALL]) {
      const { body } = await send(getIntrospectionQuery(options));
      const schema = buildClientSchema(body.data as IntrospectionQuery);
      const printed = printSchema(lexicographicSortSchema(schema));
      // Introspection has no order, and without its option nothing of a scalar's specification.
      const sdl = printSchema(lexicographicSortSchema(buildSchema(SDL)));
      expect(printed).toBe(options === ALL ? sdl : sdl.replaceAll(/ @specifiedBy\(.*\)/g, ''));
    }
  });

  test('is answered alike the first time and once the server knows it', async () => {
    const query = getIntrospectionQuery(ALL);
    const answers = [await t.gql(query), await t.gql(query), await t.gql(query)];
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test.each([
    ['as two copies of itself', twoCopies],
    ['with every value under a second name', everyValueTwice],
  ])('passes at twice its size: %s', async (_name, double) => {
    const { status, body } = await t.gql(double(getIntrospectionQuery(ALL)));
    expect([status, body.errors]).toEqual([200, undefined]);
  });

  test('leaves the budget of other fields as it is', async () => {
    const rest = `${times(200, () => '__typename')} ${times(30, (i) => `a${String(i)}: __typename`)}`;
    const query = getIntrospectionQuery(ALL);
    const mixed = (fields: string) => query.replace('__schema {', `${fields} __schema {`);
    expect(errorOf(await t.gql(mixed(times(170, () => '__typename'))))).toBeUndefined();
    const { body } = await t.gql(mixed(rest));
    expect(errorOf({ body })).toMatchObject({ code: 'QUERY_TOO_COMPLEX', limit: 'fields' });
  });
});

test.each(Object.entries(INTROSPECTION_QUERIES))('%s: passes', async (_name, query) => {
  for (const send of [(text: string) => t.gql(text), get]) {
    const { status, body } = await send(query);
    expect([status, body.errors]).toEqual([200, undefined]);
    expect(body.data).toBeTruthy();
  }
});

test('a subgraph’s schema is not offered, in words that make Rover ask for the schema instead', async () => {
  const { status, body } = await t.gql('query SubgraphIntrospectQuery { _service { sdl } }');
  expect(status).toBe(400);
  expect(body.errors[0]).toMatchObject({
    message: 'Cannot query field "_service" on type "Query".',
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
});

describe('what would multiply', () => {
  const wide = 'name description isDeprecated args { name description type { name description } }';
  test.each([
    [
      'fields of types of fields of types, without end',
      `{ __schema { types { ${'fields { type { '.repeat(6)}name${' } }'.repeat(6)} } } }`,
    ],
    [
      'fields of the types of all fields, under many names',
      `{ __schema { types { fields { type { ${times(60, (i) => `a${String(i)}: fields { ${wide} }`)} } } } } }`,
    ],
    [
      'names on two levels',
      `{ __schema { types { ${times(8, (i) => `a${String(i)}: fields { type { ...F } }`)} } } }
       fragment F on __Type { ${times(8, (i) => `b${String(i)}: fields { ${wide} }`)} }`,
    ],
    [
      '__type under 1,000 names',
      `{ ${times(1_000, (i) => `a${String(i)}: __type(name: "Query") { name }`)} }`,
    ],
    [
      '__type under 100 names, all of the largest type',
      `query ($n: String!) { ${times(100, (i) => `a${String(i)}: __type(name: $n) { ...F }`)} }
       fragment F on __Type { fields { ${wide} } }`,
    ],
    [
      'whole schemas side by side',
      `{ ${times(20, (i) => `a${String(i)}: __schema { ...S }`)} }
       fragment S on __Schema { types { fields { ${wide} } } }`,
    ],
    [
      'one field over and over, without names of its own',
      `{ __schema { types { fields { ...A } } } } ${times(12, (i) => `fragment ${'ABCDEFGHIJKLM'.charAt(i)} on __Field { ${times(3, () => `...${'ABCDEFGHIJKLM'.charAt(i + 1)}`)} }`)}
       fragment M on __Field { name }`,
    ],
    [
      'in a fragment at the root, beside other fields',
      `{ __typename ...R ...R } fragment R on Query { tasks { task } ${times(20, (i) => `a${String(i)}: __schema { types { fields { ${wide} } } }`)} }`,
    ],
    [
      'descriptions over and over',
      `{ __schema { types { fields { ${times(100, (i) => `a${String(i)}: description`)} } } } }`,
    ],
  ])('%s: refused before it runs', async (_name, query) => {
    const { status, body } = await t.gql(query, query.includes('$n') ? { n: 'Mutation' } : {});
    expect(status).toBe(400);
    expect(body.data).toBeUndefined();
    expect(codeOf({ body })).toMatch(
      /^(QUERY_TOO_COMPLEX|GRAPHQL_VALIDATION_FAILED|GRAPHQL_PARSE_FAILED)$/,
    );
  });

  test('nobody gets an answer more than three times that of the standard query', async () => {
    const standard = await t.gql(getIntrospectionQuery(ALL));
    const bytes = JSON.stringify(standard.body).length;
    let passed = 0;
    for (let copies = 1; copies <= 12; copies += 1) {
      const query = `{ ${times(copies, (i) => `a${String(i)}: __schema { ...S }`)} }
        fragment S on __Schema { types { name fields { ${wide} } } }`;
      const { body } = await t.gql(query);
      if (body.errors === undefined) passed = JSON.stringify(body).length;
      else expect(errorOf({ body })).toMatchObject({ code: 'QUERY_TOO_COMPLEX' });
    }
    expect(passed).toBeGreaterThan(bytes);
    expect(passed).toBeLessThan(3 * bytes);
  });

  test('a refusal names the limit, what the query asks for, and what to do', async () => {
    const { body } = await t.gql(
      `{ ${times(20, (i) => `a${String(i)}: __schema { types { fields { ${wide} } } }`)} }`,
    );
    expect(errorOf({ body })?.message).toMatch(/introspection.*[Aa]sk for/s);
    expect(errorOf({ body })).toMatchObject({
      code: 'QUERY_TOO_COMPLEX',
      limit: 'introspection characters',
      maximum: expect.any(Number),
    });
  });
});
