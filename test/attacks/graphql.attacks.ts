import { bearer, DEMO_MODEL, sample } from '../support/platform.js';
import { answered, type Attack, gql, refused, send, type World } from './attack.js';

const as = ({ attacker }: World) => bearer(attacker.secret);
const LIMITED = [
  'QUERY_TOO_COMPLEX',
  'GRAPHQL_VALIDATION_FAILED',
  'GRAPHQL_PARSE_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'PAYLOAD_TOO_LARGE',
];

const classification = (alias: string, image: string) =>
  `${alias}: classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: "${image}" }, labels: ["cat", "dog"] }) { cost { chargedNanos } userErrors { code message path details } }`;

/** Queries that cost more than they look, and what errors must not give away. */
export const graphqlAttacks: readonly Attack[] = [
  {
    id: 'graphql-alias-flood',
    requirement: 'V4.3.1, API4:2023',
    attempt: '2,000 aliases of a field that is paid for',
    run: async (world) => {
      const image = sample('green-heart.png').slice(0, 100);
      const fields = Array.from({ length: 2_000 }, (_, n) =>
        classification(`a${String(n)}`, image),
      );
      return refused(
        await gql(world, `mutation { ${fields.join(' ')} }`, {}, as(world)),
        ...LIMITED,
      );
    },
  },
  {
    id: 'graphql-password-aliases',
    requirement: 'V6.3.1, API2:2023',
    attempt: 'fifty passwords in one document',
    run: async (world) => {
      const guesses = Array.from(
        { length: 50 },
        (_, n) =>
          `a${String(n)}: signIn(input: { email: "${world.victim.person.email}", password: "guess number ${String(n)}" }) { token userErrors { code message path details } }`,
      );
      return refused(await gql(world, `mutation { ${guesses.join(' ')} }`), ...LIMITED);
    },
  },
  {
    id: 'graphql-batch-flood',
    requirement: 'V4.3.1, API4:2023',
    attempt: 'an array of 1,000 operations',
    run: async (world) => {
      const one = { query: '{ tasks { task } }' };
      return refused(
        await send(world, '/graphql', {
          headers: as(world),
          body: Array.from({ length: 1_000 }, () => one),
        }),
        ...LIMITED,
      );
    },
  },
  {
    id: 'graphql-depth',
    requirement: 'V4.3.1',
    attempt: 'a selection 300 levels deep',
    run: async (world) => {
      const query = `{ models(first: 1) { edges { node ${'{ relatedModels '.repeat(300)}{ slug }${'}'.repeat(300)} } } }`;
      return refused(await gql(world, query), ...LIMITED);
    },
  },
  {
    id: 'graphql-list-product',
    requirement: 'V4.3.1',
    attempt: 'lists inside lists, each with the largest page',
    run: async (world) =>
      refused(
        await gql(
          world,
          '{ models(first: 100) { edges { node { relatedModels { relatedModels { relatedModels { relatedModels { slug name summary } } } } } } } }',
        ),
        ...LIMITED,
      ),
  },
  {
    id: 'graphql-huge-page',
    requirement: 'V2.2.1, API4:2023',
    attempt: 'first: 1,000,000, and first: -1',
    run: async (world) => {
      for (const first of ['1000000', '-1'])
        refused(await gql(world, `{ models(first: ${first}) { totalCount } }`), ...LIMITED);
      return '400 for each';
    },
  },
  {
    id: 'graphql-fragment-cycle',
    requirement: 'V4.3.1',
    attempt: 'fragments that spread each other',
    run: async (world) =>
      refused(
        await gql(world, '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'),
        'GRAPHQL_VALIDATION_FAILED',
      ),
  },
  {
    id: 'graphql-fragment-bomb',
    requirement: 'V4.3.1',
    attempt: 'twenty fragments, each spreading the next one ten times',
    run: async (world) => {
      const fragments = Array.from(
        { length: 20 },
        (_, n) => `fragment F${String(n)} on Query { ${`...F${String(n + 1)} `.repeat(10)} }`,
      );
      return refused(
        await gql(
          world,
          `{ ...F0 } ${fragments.join(' ')} fragment F20 on Query { tasks { task } }`,
        ),
        ...LIMITED,
      );
    },
  },
  {
    id: 'graphql-directive-flood',
    requirement: 'V4.3.1',
    attempt: '10,000 directives on a field',
    run: async (world) =>
      refused(
        await gql(world, `{ tasks ${'@include(if: true) '.repeat(10_000)}{ task } }`),
        ...LIMITED,
      ),
  },
  {
    id: 'graphql-overlapping-fields',
    requirement: 'V4.3.1',
    attempt: 'thousands of equal fields, which validation compares in pairs',
    run: async (world) =>
      refused(await gql(world, `{ tasks { ${'task '.repeat(20_000)} } }`), ...LIMITED),
  },
  {
    id: 'graphql-long-name',
    requirement: 'V4.3.1',
    attempt: 'a field name of 100 kB',
    run: async (world) => refused(await gql(world, `{ ${'a'.repeat(100_000)} }`), ...LIMITED),
  },
  {
    id: 'graphql-deep-literal',
    requirement: 'V4.3.1',
    attempt: 'a list literal 10,000 levels deep',
    run: async (world) =>
      refused(
        await gql(
          world,
          `{ compareModels(slugs: ${'['.repeat(10_000)}${']'.repeat(10_000)}) { differences } }`,
        ),
        ...LIMITED,
      ),
  },
  {
    id: 'graphql-deep-variables',
    requirement: 'V4.3.1',
    attempt: 'variables 50,000 levels deep',
    run: async (world) => {
      const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
      return refused(
        await send(world, '/graphql', {
          headers: { 'content-type': 'application/json' },
          body: `{"query":"query ($s: [String!]!) { compareModels(slugs: $s) { models { slug } } }","variables":{"s":${deep}}}`,
        }),
        ...LIMITED,
      );
    },
  },
  {
    id: 'graphql-error-flood',
    requirement: 'V4.3.1',
    attempt: 'a document with 10,000 mistakes, each with its message',
    run: async (world) => {
      const fields = Array.from({ length: 10_000 }, (_, n) => `wrong${String(n)}`).join(' ');
      const answer = await gql(world, `{ ${fields} }`);
      expect(answer.text.length).toBeLessThan(100_000);
      return refused(answer, ...LIMITED);
    },
  },
  {
    id: 'graphql-prototype-pollution',
    requirement: 'V15.3.6',
    attempt: '__proto__ and constructor in variables',
    run: async (world) => {
      const answer = await send(world, '/graphql', {
        headers: { 'content-type': 'application/json' },
        body: '{"query":"query ($f: ModelFilter) { models(first: 1, filter: $f) { totalCount } }","variables":{"f":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}},"__proto__":{"polluted":true}}}',
      });
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      return refused(answer, ...LIMITED);
    },
  },
  {
    id: 'graphql-mutation-by-get',
    requirement: 'V3.5.3, V3.5.1',
    attempt: 'a mutation in the address',
    run: async (world) => {
      const query = encodeURIComponent(
        'mutation { signOut { userErrors { code message path details } } }',
      );
      return refused(
        await send(world, `/graphql?query=${query}`, { headers: as(world) }),
        'METHOD_NOT_ALLOWED',
      );
    },
  },
  {
    id: 'graphql-simple-request',
    requirement: 'V3.5.2',
    attempt: 'a mutation as text/plain, which needs no preflight',
    run: async (world) =>
      answered(
        await send(world, '/graphql', {
          headers: { ...as(world), 'content-type': 'text/plain' },
          body: '{"query":"mutation { signOut { userErrors { code } } }"}',
        }),
        400,
        415,
      ),
  },
  {
    id: 'graphql-form-request',
    requirement: 'V3.5.2',
    attempt: 'a mutation as a form, which needs no preflight',
    run: async (world) =>
      answered(
        await send(world, '/graphql', {
          headers: { ...as(world), 'content-type': 'application/x-www-form-urlencoded' },
          body: `query=${encodeURIComponent('mutation { signOut { userErrors { code } } }')}`,
        }),
        400,
        415,
      ),
  },
  {
    id: 'graphql-defer',
    requirement: 'V4.3.1',
    attempt: '@defer and @stream, to hold a connection',
    run: async (world) =>
      refused(
        await gql(
          world,
          '{ ...A @defer tasks @stream { task } } fragment A on Query { tasks { task } }',
        ),
        'GRAPHQL_VALIDATION_FAILED',
      ),
  },
  {
    id: 'graphql-persisted-hash',
    requirement: 'V2.2.1',
    attempt: 'a persisted query under the hash of another one',
    run: async (world) =>
      refused(
        await send(world, '/graphql', {
          body: {
            query: '{ tasks { task } }',
            extensions: { persistedQuery: { version: 1, sha256Hash: '0'.repeat(64) } },
          },
        }),
        'PERSISTED_QUERY_NOT_SUPPORTED',
        'BAD_REQUEST',
        'BAD_USER_INPUT',
      ),
  },
  {
    id: 'graphql-error-text',
    requirement: 'V16.5.1',
    attempt: 'stack traces, SQL and paths in errors',
    run: async (world) => {
      const answers = await Promise.all([
        gql(world, '{ model(slug: "\\u0000\'; DROP TABLE model; --") { slug } }'),
        gql(world, '{ node(id: "mdl_\'||(SELECT 1)||\'") { id } }'),
        gql(world, 'query ($x: Nope!) { tasks { task } }'),
        gql(world, '{'),
      ]);
      for (const { text, status } of answers) {
        expect(status).toBeLessThan(500);
        expect(text).not.toMatch(/node_modules|\bat \/|SELECT |prisma|postgres|stacktrace/i);
      }
      return 'none';
    },
  },
  {
    id: 'graphql-number-overflow',
    requirement: 'V1.4.2',
    attempt: 'whole numbers past 2³¹, 2⁵³ and 2⁶³, and 1e400',
    run: async (world) => {
      for (const number of ['99999999999', '9007199254740993', '9223372036854775808', '1e400'])
        refused(await gql(world, `{ models(first: ${number}) { totalCount } }`), ...LIMITED);
      return '400 for each';
    },
  },
];
