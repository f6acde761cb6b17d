import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ApolloServer } from '@apollo/server';
import type { FormattedExecutionResult } from 'graphql';
import { startTestApp, type TestApp } from '../support/app.js';
import { stopClock } from '../support/clock.js';
import { until } from '../support/process.js';

/*
 * Known queries are executed without Apollo's pipeline, and compiled once they are frequent. Nobody
 * may see a difference: here each is sent both ways, often enough to be compiled.
 */

const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';
const USES = 25;

interface Body {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
}

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await stopClock(t.database, '2026-06-01T00:00:00Z');
});
afterAll(() => t.stop());

/** `through: 'apollo'` asks for a media type in words that only Apollo's pipeline reads. */
async function send(body: Body, through: 'apollo' | 'any') {
  const accept = through === 'apollo' ? { accept: 'application/json;q=0.9' } : {};
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...accept },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    cacheControl: response.headers.get('cache-control'),
    retryAfter: response.headers.get('retry-after'),
    text: text.replaceAll(/"requestId":"[^"]+"/g, '"requestId":"…"'),
  };
}

async function isAnsweredAlikeBothWays(body: Body): Promise<void> {
  const apollo = await send(body, 'apollo');
  for (let use = 1; use <= USES; use += 1) expect(await send(body, 'any')).toEqual(apollo);
}

const CARD = 'fragment card on Model { slug name owner task status license parameters }';
/** `code`: of the error that the answer holds; without one it holds none. */
const SAME: readonly (Body & { name: string; code?: string })[] = [
  { name: 'a name alone', query: '{ __typename }' },
  {
    name: 'several names of one field',
    query: '{ a: __typename b: __typename tasks { task t: task } }',
  },
  {
    name: 'a page with every kind of value',
    query: `{ models(first: 5) { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { __typename id slug publishedOn updatedOn downloadsPerMonth parameters bestFor
      specs { label value } faq { question answer } snippets { title language code } aliases
      prices { unit nanosPerUnit effectiveFrom } } } } }`,
  },
  {
    name: 'fragments, spread and inline, merged with fields',
    query: `query Q { model(slug: "${SIGLIP}") { name ...card ... on Model { about } ... { slug }
      relatedModels(first: 2) { ...card } } } ${CARD}`,
  },
  {
    name: 'an interface',
    query: '{ node(id: "nothing") { id __typename ... on Model { slug } } }',
  },
  {
    name: 'variables given',
    query:
      'query Q($n: Int!, $f: ModelFilter) { models(first: $n, filter: $f) { edges { node { slug } } } }',
    variables: {
      n: 3,
      f: { statuses: ['COMING_SOON'], parameters: { min: 1, max: 1_000_000_000 } },
    },
  },
  {
    name: 'variables left out, with defaults',
    query:
      'query Q($n: Int = 2, $after: String) { models(first: $n, after: $after) { edges { node { slug } } } }',
  },
  {
    name: 'variables that are null',
    query:
      'query Q($n: Int, $f: ModelFilter) { models(first: $n, filter: $f) { edges { node { slug } } } }',
    variables: { n: 2, f: null },
  },
  {
    name: 'variables: null',
    query: 'query Q($slug: String = "nobody/knows") { model(slug: $slug) { slug } }',
    variables: null,
  },
  {
    name: 'a required variable that is missing',
    code: 'BAD_USER_INPUT',
    query: 'query Q($slug: String!) { model(slug: $slug) { slug } }',
  },
  {
    name: 'a variable of another type',
    code: 'BAD_USER_INPUT',
    query: 'query Q($n: Int!) { models(first: $n) { totalCount } }',
    variables: { n: 'three' },
  },
  {
    name: 'a number past what an Int can hold',
    code: 'BAD_USER_INPUT',
    query: 'query Q($n: Int!) { models(first: $n) { totalCount } }',
    variables: { n: 2 ** 31 },
  },
  {
    name: 'an enum value that nobody knows',
    code: 'BAD_USER_INPUT',
    query: 'query Q($f: ModelFilter) { models(filter: $f) { totalCount } }',
    variables: { f: { statuses: ['SOON'] } },
  },
  {
    name: 'a field of an input that nobody knows',
    code: 'BAD_USER_INPUT',
    query: 'query Q($f: ModelFilter) { models(filter: $f) { totalCount } }',
    variables: { f: { color: 'red' } },
  },
  {
    name: 'a variable more than the operation has',
    query: 'query Q($n: Int) { models(first: $n) { totalCount } }',
    variables: { n: 1, m: 2 },
  },
  {
    name: 'directives with variables, taken',
    query: `query Q($yes: Boolean!, $no: Boolean!) { model(slug: "${SIGLIP}") { slug name @include(if: $no)
      owner @skip(if: $yes) license @include(if: $yes) ... @skip(if: $no) { task } } }`,
    variables: { yes: true, no: false },
  },
  {
    name: 'a mistake in one field of two',
    code: 'BAD_USER_INPUT',
    query: '{ bad: models(first: 0) { totalCount } good: tasks { task } }',
  },
  {
    name: 'a mistake in a field that may not be null, and its path',
    code: 'NOT_FOUND',
    query: `{ a: __typename compareModels(slugs: ["${SIGLIP}", "nobody/knows"]) { rows { label } } }`,
  },
  {
    name: 'a cursor of another list',
    code: 'BAD_USER_INPUT',
    query: '{ models(first: 1, after: "nonsense") { edges { node { slug } } } }',
  },
  { name: 'a slug that nobody has', query: '{ model(slug: "nobody/knows") { slug } }' },
  { name: 'an operation by name', query: 'query One { __typename }', operationName: 'One' },
  {
    name: 'an operation by a name it lacks',
    code: 'BAD_REQUEST',
    query: 'query One { __typename }',
    operationName: 'Two',
  },
  {
    name: 'a name that is empty',
    code: 'BAD_REQUEST',
    query: 'query One { __typename }',
    operationName: '',
  },
  {
    name: 'one of two operations',
    query: 'query A { __typename } query B { tasks { task } }',
    operationName: 'B',
  },
  {
    name: 'the schema',
    query: '{ __type(name: "Model") { name kind fields { name type { name } } } }',
  },
  {
    name: 'a cost past the limit by a variable',
    code: 'QUERY_TOO_COMPLEX',
    query:
      'query Q($n: Int) { models(first: $n) { edges { node { relatedModels(first: 50) { slug } } } } }',
    variables: { n: 100 },
  },
];

test.each(SAME)(
  '$name: the answer is the same both ways',
  async ({ code, query, variables, operationName }) => {
    const body = { query, variables, operationName };
    await isAnsweredAlikeBothWays(body);
    const answer = JSON.parse((await send(body, 'any')).text) as FormattedExecutionResult;
    expect((answer.errors ?? []).map(({ extensions }) => extensions?.code)).toEqual(
      code === undefined ? [] : [code],
    );
  },
);

test('a compiled query reads the variables of each request', async () => {
  const query =
    'query Q($slug: String!, $with: Boolean!) { model(slug: $slug) { slug name @include(if: $with) } }';
  const slugs = [SIGLIP, 'openai/clip-vit-base-patch32', 'nobody/knows'];
  for (let use = 0; use < USES; use += 1) {
    for (const slug of slugs) {
      const body = { query, variables: { slug, with: use % 2 === 0 } };
      expect(await send(body, 'any')).toEqual(await send(body, 'apollo'));
    }
  }
});

test('a known query does not pass through Apollo again', async () => {
  const apollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
  const body = { query: '{ known: tasks { task } }' };
  for (let use = 1; use <= USES; use += 1) await send(body, 'any');
  expect(apollo).toHaveBeenCalledTimes(1);
  apollo.mockRestore();
});

test('callers who ask for the same at the same time share statements, others do not', async () => {
  const query = 'query Q($s: String!) { model(slug: $s) { slug } }';
  const ask = (s: string) => send({ query, variables: { s } }, 'any');
  await ask(SIGLIP);
  const before = t.app.metrics.statementCount();
  let arrived = 0;
  const count = () => (arrived += 1);
  const lock = await t.database.hold('LOCK TABLE model IN ACCESS EXCLUSIVE MODE');
  subscribe('http.server.request.start', count);
  const same = Array.from({ length: 40 }, () => ask(SIGLIP));
  const other = ask('openai/clip-vit-base-patch32');
  await until(
    'all to have asked',
    async () => (arrived === 41 && (await lock.waiting())) || undefined,
  );
  unsubscribe('http.server.request.start', count);
  await lock.release();

  const texts = (await Promise.all(same)).map(({ text }) => text);
  expect(new Set(texts)).toEqual(new Set([expect.stringContaining(`"slug":"${SIGLIP}"`)]));
  expect((await other).text).toContain('"slug":"openai/clip-vit-base-patch32"');
  // Two and one; those whose bodies came late may add some.
  expect(t.app.metrics.statementCount() - before).toBeLessThan(20);
});

test('a failure nobody foresaw is worded the same both ways, and shows nothing of itself', async () => {
  const body = { query: '{ lost: tasks { task } }' };
  await isAnsweredAlikeBothWays(body);
  await t.database.query('ALTER TABLE model RENAME TO lost');
  try {
    await isAnsweredAlikeBothWays(body);
    const { status, text } = await send(body, 'any');
    expect(status).toBe(200);
    expect(text).toContain('"code":"INTERNAL"');
    expect(text).not.toMatch(/relation|model"/);
  } finally {
    await t.database.query('ALTER TABLE lost RENAME TO model');
  }
});
