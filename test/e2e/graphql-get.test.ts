import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { CONSOLE, COOKIE } from '../support/cors.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { rawRequest } from '../support/raw-request.js';

/*
 * Clients that avoid preflights send queries by GET (urql's default). So can any page, as an image or a link, and the
 * browser adds the cookie of whoever looks at it.
 */

let t: TestApp;
let caller: Caller;
beforeAll(async () => {
  t = await startTestApp({ env: { CORS_ORIGINS: CONSOLE } });
  caller = await newCaller(t, 1_000n);
});
afterAll(() => t.stop());

const TASKS = '{ tasks { task } }';
const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

async function get(
  query: string | undefined,
  headers: Record<string, string> = {},
  parameters: Record<string, string> = {},
) {
  const search = new URLSearchParams({ ...(query === undefined ? {} : { query }), ...parameters });
  const answer = await rawRequest(t.url, { path: `/graphql?${search.toString()}`, headers });

  return { ...answer, body: JSON.parse(answer.text) };
}

describe('a query by GET', () => {
  test('is answered without credentials and without a header of its own', async () => {
    for (const accept of [undefined, '*/*', 'application/json', URQL]) {
      const { status, body } = await get(TASKS, accept === undefined ? {} : { accept });
      expect([status, body.errors]).toEqual([200, undefined]);
      expect(body.data.tasks.length).toBeGreaterThan(0);
    }
  });

  test('takes variables and an operation name', async () => {
    const { body } = await get(
      'query A { __typename } query B($n: Int!) { models(first: $n) { edges { node { slug } } } }',
      {},
      { operationName: 'B', variables: JSON.stringify({ n: 2 }) },
    );
    expect(body.data.models.edges).toHaveLength(2);
  });

  test('reads what the bearer token may read', async () => {
    const { body } = await get('{ account { balance { postedNanos } } }', bearer(caller.secret));
    expect(body.data.account.balance.postedNanos).toBe('1000');
    const none = await get('{ account { balance { postedNanos } } }');
    expect(codeOf(none)).toBe('UNAUTHENTICATED');
  });

  test('is kept apart by caches for each kind of caller and media type', async () => {
    const { headers } = await get('{ model(slug: "no/body") { slug } }');
    expect(headers['cache-control']).toMatch(/^public/);
    for (const name of ['Origin', 'Accept', 'Authorization', 'Cookie']) {
      expect(headers.vary?.split(', ')).toContain(name);
    }
  });

  test.each([
    'mutation { __typename }',
    'mutation { signOut { userErrors { code message path details } } }',
  ])('that is a mutation is refused: %s', async (query) => {
    for (const headers of [
      {},
      bearer(caller.secret),
      { 'apollo-require-preflight': '1' },
      { 'content-type': 'application/json' },
    ]) {
      const { status, headers: answered, body } = await get(query, headers);
      expect([status, answered.allow]).toEqual([405, 'POST']);
      expect(codeOf({ body })).toBe('METHOD_NOT_ALLOWED');
    }
  });
});

describe('a query by GET that carries a cookie', () => {
  test.each<[string, Record<string, string>]>([
    ['nothing else: an image, or a form', {}],
    ['a browser’s word that it is another site', { 'sec-fetch-site': 'cross-site' }],
    ['a browser’s word that it is a sibling', { 'sec-fetch-site': 'same-site' }],
    ['a browser’s word that somebody typed the address', { 'sec-fetch-site': 'none' }],
    ['an empty header', { 'apollo-require-preflight': '' }],
    ['another credential than a bearer token', { authorization: 'Basic eDp5' }],
  ])('is refused with %s', async (_name, headers) => {
    const { status, body } = await get(TASKS, { cookie: COOKIE, ...headers });
    expect(status).toBe(400);
    expect(body.errors[0]).toMatchObject({
      message: expect.stringContaining('apollo-require-preflight'),
      extensions: { code: 'BAD_REQUEST' },
    });
  });

  test.each<[string, Record<string, string>]>([
    ['Apollo’s header', { 'apollo-require-preflight': 'true' }],
    ['Apollo’s other header', { 'x-apollo-operation-name': 'Q' }],
    ['a content type that no form has', { 'content-type': 'application/json' }],
    ['a browser’s word that it is one of our pages', { 'sec-fetch-site': 'same-origin' }],
    ['an origin that may use cookies', { origin: CONSOLE }],
  ])('is answered with %s', async (_name, headers) => {
    const { status, body } = await get(TASKS, { cookie: COOKIE, ...headers });
    expect([status, body.errors]).toEqual([200, undefined]);
  });

  test('is answered with a bearer token, which takes precedence', async () => {
    const { body } = await get('{ account { balance { postedNanos } } }', {
      cookie: COOKIE,
      ...bearer(caller.secret),
    });
    expect(body.data.account.balance.postedNanos).toBe('1000');
  });

  test('is refused to an origin that is not named', async () => {
    const { status, body } = await get(TASKS, { cookie: COOKIE, origin: 'https://evil.test' });
    expect([status, codeOf({ body })]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('a persisted query', () => {
  const extensions = {
    persistedQuery: {
      version: 1,
      sha256Hash: 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38',
    },
  };
  const post = (body: object) =>
    rawRequest(t.url, {
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('is refused in the words that make clients send the whole query', async () => {
    const byGet = await get(undefined, {}, { extensions: JSON.stringify(extensions) });
    const byPost = await post({ extensions });
    for (const { status, headers, text } of [byGet, byPost]) {
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('no-store');
      expect(JSON.parse(text)).toEqual({
        errors: [
          {
            message: 'PersistedQueryNotSupported',
            extensions: {
              code: 'PERSISTED_QUERY_NOT_SUPPORTED',
              retryable: false,
              requestId: expect.stringMatching(/^req_/),
            },
          },
        ],
      });
    }
    const whole = await post({ query: '{__typename}' });
    expect(JSON.parse(whole.text)).toMatchObject({ data: { __typename: 'Query' } });
  });
});

describe('an error before execution', () => {
  const APOLLO_CLIENT = 'application/graphql-response+json,application/json;q=0.9';
  const EVENTS = 'text/event-stream';
  interface Bad {
    readonly name: string;
    readonly status: number;
    readonly code: string;
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  }
  const type = { 'content-type': 'application/json' };
  const BAD: readonly Bad[] = [
    {
      name: 'a wrong token',
      headers: { ...type, ...bearer('gr-no') },
      body: '{}',
      status: 401,
      code: 'UNAUTHENTICATED',
    },
    { name: 'bad JSON', headers: type, body: '{"query"', status: 400, code: 'BAD_REQUEST' },
    { name: 'no body', headers: type, status: 400, code: 'BAD_REQUEST' },
    { name: 'a batch', headers: type, body: '[{},{}]', status: 400, code: 'BAD_REQUEST' },
    {
      name: 'a large body',
      headers: type,
      body: ' '.repeat(300_000),
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    },
    {
      name: 'text',
      headers: { 'content-type': 'text/plain' },
      body: 'x',
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    },
    { name: 'another method', method: 'PUT', status: 405, code: 'METHOD_NOT_ALLOWED' },
    {
      name: 'bad GraphQL',
      headers: type,
      body: '{"query":"{"}',
      status: 400,
      code: 'GRAPHQL_PARSE_FAILED',
    },
    {
      name: 'an unknown field',
      headers: type,
      body: '{"query":"{ x }"}',
      status: 400,
      code: 'GRAPHQL_VALIDATION_FAILED',
    },
    {
      name: 'a foreign cookie',
      headers: { origin: 'https://evil.test', cookie: COOKIE },
      status: 403,
      code: 'FORBIDDEN',
    },
    {
      name: 'a GET with a cookie',
      method: 'GET',
      headers: { cookie: COOKIE },
      status: 400,
      code: 'BAD_REQUEST',
    },
  ];
  const send = ({ method = 'POST', path = '/graphql', headers = {}, body }: Bad, accept?: string) =>
    rawRequest(t.url, {
      method,
      path,
      headers: { ...headers, ...(accept === undefined ? {} : { accept }) },
      ...(body === undefined ? {} : { body }),
    });

  test.each(BAD)('has the media type that the client accepts: $name', async (bad) => {
    for (const [accept, expected] of [
      [undefined, 'application/json; charset=utf-8'],
      ['*/*', 'application/json; charset=utf-8'],
      ['application/json', 'application/json; charset=utf-8'],
      ['application/json, text/event-stream;q=0.5', 'application/json; charset=utf-8'],
      ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
      [APOLLO_CLIENT, 'application/graphql-response+json; charset=utf-8'],
      [URQL, 'application/graphql-response+json; charset=utf-8'],
    ] as const) {
      const { status, headers, text } = await send(bad, accept);
      expect([accept, status, headers['content-type']]).toEqual([accept, bad.status, expected]);
      expect(JSON.parse(text)).toMatchObject({
        errors: [{ message: expect.stringMatching(/\w/), extensions: { code: bad.code } }],
      });
    }
  });

  test('says in JSON that nothing of what the client accepts can be had', async () => {
    const bad = {
      name: '',
      headers: type,
      body: '{"query":"{__typename}"}',
      status: 406,
      code: '',
    };
    for (const accept of ['image/png', 'text/html', 'application/xml;q=0.1']) {
      const { status, headers, text } = await send(bad, accept);
      expect([status, headers['content-type']]).toEqual([406, 'application/json; charset=utf-8']);
      expect(JSON.parse(text)).toMatchObject({
        errors: [{ extensions: { code: 'NOT_ACCEPTABLE' } }],
      });
    }
  });

  test('of an event stream is an event, for clients that read nothing else', async () => {
    const wrong = {
      name: '',
      path: '/graphql/stream',
      status: 401,
      code: '',
      headers: { ...type, ...bearer('gr-no') },
      body: '{}',
    };
    const { status, headers, text } = await send(wrong, EVENTS);
    expect([status, headers['content-type']]).toEqual([401, 'text/event-stream; charset=utf-8']);
    expect(text).toMatch(
      /^event: next\ndata: \{"errors":\[\{.*"UNAUTHENTICATED".*\n\nevent: complete\ndata:\n\n$/,
    );
    const json = await send(wrong, APOLLO_CLIENT);
    expect(json.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
  });
});
