import { request as httpRequest } from 'node:http';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';

/* What nobody should send. Each gets a clear refusal, and the server goes on. */

const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterEach(async () => {
  expect((await t.gql(`{ model(slug: "${SIGLIP}") { slug } }`)).body.data.model.slug).toBe(SIGLIP);
});
afterAll(async () => {
  await t.stop();
  expect(t.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

interface Raw {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One request as it is; fetch would refuse or mend some of them. */
function raw({ method = 'POST', path = '/graphql', headers = {}, body }: Raw): Promise<{
  status: number;
  allow: string | undefined;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${t.url}${path}`, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const { statusCode: status = 0, headers: answered } = response;
        const isJson = answered['content-type']?.includes('json') === true;
        const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status, allow: answered.allow, text, body });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string | Buffer, headers: Record<string, string> = JSON_TYPE) =>
  raw({ headers, body });

describe('arguments', () => {
  test.each([
    ['a slug that nobody has', '{ model(slug: "no/body") { slug } }'],
    ['an empty slug', '{ model(slug: "") { slug } }'],
    ['a slug with a NUL', '{ model(slug: "a\\u0000/b") { slug } }'],
    ['a slug that tries SQL', `{ model(slug: "'; DROP TABLE model; --") { slug } }`],
    ['a slug of 10,000 letters', `{ model(slug: "${'x'.repeat(10_000)}") { slug } }`],
  ])('%s: null, and no error', async (_name, query) => {
    const { status, body } = await t.gql(query);
    expect(status).toBe(200);
    expect(errorOf({ body })).toBeUndefined();
    expect(body.data).toEqual({ model: null });
  });

  test.each([
    ['an id of another kind', 'usr_000000'],
    ['an id that is none', '💥'],
    ['an empty id', ''],
    ['an id with a NUL', 'mdl_\u0000'],
    ['an id with half a surrogate pair', 'mdl_\uD800'],
  ])('%s: null, and no error', async (_name, id) => {
    const { body } = await t.gql('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect(errorOf({ body })).toBeUndefined();
    expect(body.data).toEqual({ node: null });
  });

  const list = (args: string) => `{ models(${args}) { totalCount } }`;
  test.each([
    ['a negative first', list('first: -1'), 'BAD_USER_INPUT'],
    ['first: 10000', list('first: 10000'), 'BAD_USER_INPUT'],
    ['a first beyond an Int', list('first: 99999999999'), 'GRAPHQL_VALIDATION_FAILED'],
    ['a first that is text', list('first: "20"'), 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown sort', list('orderBy: { field: PRESTIGE }'), 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown filter', list('filter: { color: "red" }'), 'GRAPHQL_VALIDATION_FAILED'],
    ['a cursor that is none', list('after: "!!!"'), 'BAD_USER_INPUT'],
    ['an empty cursor', list('after: ""'), 'BAD_USER_INPUT'],
    ['an unknown argument', list('page: 2'), 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown field', '{ secrets }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a comparison of one', '{ compareModels(slugs: ["a/b"]) { __typename } }', 'BAD_USER_INPUT'],
    ['an empty document', ' ', 'GRAPHQL_PARSE_FAILED'],
    ['half a surrogate pair', '{ model(slug: "a\\uD800/b") { slug } }', 'GRAPHQL_PARSE_FAILED'],
    ['half a document', '{ models(', 'GRAPHQL_PARSE_FAILED'],
  ])('%s: a clear error', async (_name, query, code) => {
    const { status, body } = await t.gql(query);
    expect(codeOf({ body })).toBe(code);
    expect(errorOf({ body })?.message).toMatch(/\w{3}/);
    expect(status).toBeLessThan(500);
  });

  test('a cursor of another list is refused, not used', async () => {
    const first = await t.gql(
      '{ models(first: 2, orderBy: { field: NAME }) { pageInfo { endCursor } } }',
    );
    const after = first.body.data.models.pageInfo.endCursor as string;
    const query =
      'query ($after: String) { models(after: $after, orderBy: { field: NEWEST }) { totalCount } }';
    const { body } = await t.gql(query, { after });
    expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'after' });
  });

  test('a search of anything at all is a search', async () => {
    const query = 'query ($search: String) { models(filter: { search: $search }) { totalCount } }';
    for (const search of [
      '',
      ' ',
      '%',
      '_',
      "'",
      '\\',
      ':*',
      '&|!()',
      '\u0000',
      '💥',
      '𝔖',
      'x'.repeat(200),
    ]) {
      const { status, body } = await t.gql(query, { search });
      expect([status, codeOf({ body }) ?? 'fine']).toEqual([
        expect.any(Number),
        expect.stringMatching(/^(fine|BAD_USER_INPUT)$/),
      ]);
      expect(status).toBeLessThan(500);
    }
  });
});

describe('documents', () => {
  test('2 MB', async () => {
    const answer = await post(JSON.stringify({ query: `{ __typename ${' '.repeat(2_000_000)}}` }));
    expect([answer.status, codeOf(answer)]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
  });

  test('2,000 aliases', async () => {
    const aliases = Array.from({ length: 2_000 }, (_, i) => `a${String(i)}: __typename`).join(' ');
    const { status, body } = await t.gql(`{ ${aliases} }`);
    expect([status, codeOf({ body })]).toEqual([400, 'GRAPHQL_PARSE_FAILED']);
  });

  test('300 levels', async () => {
    const query = `{ model(slug: "${SIGLIP}") { ${'relatedModels(first: 1) { '.repeat(298)}slug${' }'.repeat(300)}`;
    const { status, body } = await t.gql(query);
    expect(status).toBe(400);
    expect(codeOf({ body })).toMatch(/^(GRAPHQL_PARSE_FAILED|QUERY_TOO_COMPLEX)$/);
  });

  test('a fragment that holds itself', async () => {
    const { status, body } = await t.gql('{ ...f } fragment f on Query { ...f }');
    expect([status, codeOf({ body })]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });

  test('fragments that double thirty times', async () => {
    const doubling = Array.from(
      { length: 30 },
      (_, i) => `fragment f${String(i)} on Query { ...f${String(i + 1)} ...f${String(i + 1)} }`,
    ).join(' ');
    const { status, body } = await t.gql(
      `{ ...f0 } ${doubling} fragment f30 on Query { __typename }`,
    );
    expect(status).toBe(400);
    expect(codeOf({ body })).toMatch(/^(QUERY_TOO_COMPLEX|GRAPHQL_VALIDATION_FAILED)$/);
  });

  test('a subscription to what can only be asked for', async () => {
    const { status, body } = await t.gql('subscription { models { totalCount } }');
    expect([status, codeOf({ body })]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(errorOf({ body })?.message).toContain('Subscription');
  });
});

describe('bodies', () => {
  test.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['JSON cut short', '{"query":"{ __typename }"', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), JSON_TYPE, 400, 'BAD_REQUEST'],
    ['a NUL byte', '{"query":"\u0000"}', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['nothing', '', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['a number', '7', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['null', 'null', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['no query', '{}', JSON_TYPE, 400, 'BAD_REQUEST'],
    ['a query that is a number', '{"query":7}', JSON_TYPE, 400, 'BAD_REQUEST'],
    [
      'variables that are text',
      '{"query":"{ __typename }","variables":"x"}',
      JSON_TYPE,
      400,
      'BAD_REQUEST',
    ],
    [
      'a form',
      'query={__typename}',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'plain text',
      '{"query":"{ __typename }"}',
      { 'content-type': 'text/plain' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['no content type', '{"query":"{ __typename }"}', {}, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'UTF-16',
      '{"query":"{ __typename }"}',
      { 'content-type': 'application/json; charset=utf-16' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a prototype',
      '{"query":"{ __typename }","__proto__":{"x":1}}',
      JSON_TYPE,
      400,
      'BAD_REQUEST',
    ],
  ])('%s: a clear error', async (_name, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(errorOf(answer)?.requestId).toMatch(/^req_/);
  });
});

describe('methods and addresses', () => {
  test('a mutation by GET is refused, also when it names a JSON content type', async () => {
    const path = `/graphql?query=${encodeURIComponent('mutation { __typename }')}`;
    for (const headers of [{}, JSON_TYPE]) {
      const answer = await raw({ method: 'GET', path, headers });
      expect([answer.status, codeOf(answer)]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    }
  });

  test('a query by GET with a cookie needs a header that forms cannot send', async () => {
    const path = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
    const cookie = 'gigarouter.session_token=x';
    expect((await raw({ method: 'GET', path, headers: { cookie } })).status).toBe(400);
    const withHeader = await raw({
      method: 'GET',
      path,
      headers: { cookie, 'apollo-require-preflight': '1' },
    });
    expect(withHeader.body.data).toEqual({ __typename: 'Query' });
  });

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND'])(
    '%s is 405 with what is allowed',
    async (method) => {
      const answer = await raw({ method });
      expect([answer.status, answer.allow]).toEqual([405, 'GET, POST']);
      expect(codeOf(answer)).toBe('METHOD_NOT_ALLOWED');
    },
  );

  test.each(['/graphql/', '/graphql/x', '/%00', '/..%2f..%2fetc/passwd', '/wp-login.php'])(
    '%s is 404 in JSON',
    async (path) => {
      const answer = await raw({ method: 'GET', path });
      expect([answer.status, answer.body.error.code]).toEqual([404, 'NOT_FOUND']);
    },
  );

  test('an address that cannot be decoded is 400', async () => {
    const answer = await raw({ method: 'GET', path: '/%ff' });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'BAD_REQUEST']);
  });
});
