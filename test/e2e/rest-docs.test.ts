import { execFileSync } from 'node:child_process';
import { AppError, ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { callRest } from '../support/rest.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { createRoutes } from '../../src/rest/routes.js';
import { pathOf } from '../../src/rest/openapi.js';

interface Content {
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly requestBody: Content;
  readonly parameters: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

let t: TestPlatform;
beforeAll(async () => {
  // The linter takes no address of one's own machine.
  t = await startPlatform({ publicUrl: 'https://models.gigarouter.dev' });
});
afterAll(() => t.stop());

test('the document is valid OpenAPI 3.1, and follows the rules of its linter', async () => {
  const { body } = await callRest(t.url, 'GET', '/openapi.json');
  expect(body.openapi).toBe('3.1.1');
  const problems = execFileSync(process.execPath, ['test/support/lint-openapi.mjs'], {
    input: JSON.stringify(body),
    encoding: 'utf8',
  });
  expect(JSON.parse(problems)).toEqual([]);
});

test('every route is described, under a name of its own', async () => {
  const { body } = await callRest(t.url, 'GET', '/openapi.json');
  for (const one of createRoutes(t.app.services)) {
    const operation = body.paths[pathOf(one)]?.[one.method.toLowerCase()];
    expect([one.operationId, operation?.summary]).toEqual([one.operationId, expect.any(String)]);
  }
  const names = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((path) => Object.values(path))
    .map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
});

test('errors of every code have the body that their dialect is described with', () => {
  const dialects = new Set(createRoutes(t.app.services).map(({ dialect }) => dialect));
  for (const dialect of dialects) {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      for (const details of [{}, { argument: 'labels' }]) {
        const { body } = dialect.renderError(new AppError(code, 'Text.', { details }), 'req_1');
        const { error } = dialect.errorBody.safeParse(body);
        expect([dialect.name, code, error?.issues]).toEqual([dialect.name, code, undefined]);
      }
    }
  }
});

test('every answer is described: errors by status, forms, event streams, bytes, headers', async () => {
  const { body } = await callRest(t.url, 'GET', '/openapi.json');
  for (const [path, operations] of Object.entries<Record<string, Operation>>(body.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      const [status, ...errors] = Object.keys(responses);
      expect([method, path, status]).toEqual([method, path, expect.stringMatching(/^20[01]$/)]);
      expect(errors).toEqual(
        expect.arrayContaining(
          ['400', '401', '403', '429', '500', '503']
            // Hugging Face’s clients repeat every 503 at once.
            .map((one) => (one === '503' && !errors.includes(one) ? '504' : one)),
        ),
      );
    }
  }
  const at = (path: string, method: string): Operation => body.paths[path][method];
  const typesOf = ({ content }: Content) => Object.keys(content);
  const upload = at('/v1/files', 'post');
  expect(typesOf(upload.requestBody)).toEqual([
    'multipart/form-data',
    'image/*',
    'application/octet-stream',
  ]);
  expect(upload.requestBody.content['multipart/form-data']?.schema).toMatchObject({
    properties: { file: { type: 'string', format: 'binary' } },
    required: ['file'],
  });
  const chat = at('/v1/chat/completions', 'post');
  expect(typesOf(chat.responses['200'] as Content)).toEqual([
    'application/json',
    'text/event-stream',
  ]);
  expect(Object.keys(chat.responses)).toEqual(
    '200 400 401 402 403 404 408 409 413 415 422 429 500 503 504 507'.split(' '),
  );
  expect(chat.parameters).toContainEqual({ $ref: '#/components/parameters/IdempotencyKey' });
  expect(typesOf(at('/v1/usage/export', 'get').responses['200'] as Content)).toEqual([
    'text/csv',
    'application/x-ndjson',
  ]);
  expect(typesOf(at('/v1/files/{id}/content', 'get').responses['200'] as Content)).not.toContain(
    'application/json',
  );
});

test('every example is answered as its schema says', async () => {
  const { secret } = await t.caller(10_000_000_000n, {
    scopes: ['INFERENCE', 'READ', 'BILLING', 'ADMIN'],
  });
  let executed = 0;
  for (const one of createRoutes(t.app.services)) {
    for (const { params = {}, query, body, summary } of one.examples ?? []) {
      const path = pathOf(one).replace(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? name);
      const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
      const answer = await callRest(t.url, one.method, path + search, {
        secret,
        ...(one.method === 'GET' || one.method === 'DELETE' ? {} : { body }),
      });
      expect([one.operationId, summary, answer.status, answer.body]).toEqual([
        one.operationId,
        summary,
        one.status ?? 200,
        expect.anything(),
      ]);
      const checked = one.answer.safeParse(answer.body);
      expect([one.operationId, summary, checked.error?.issues]).toEqual([
        one.operationId,
        summary,
        undefined,
      ]);
      executed += 1;
    }
  }
  expect(executed).toBeGreaterThan(5);
  await t.verify();
});

test('the page at /docs loads what it needs from here alone', async () => {
  const page = await fetch(`${t.url}/docs`);
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
  expect(assets.length).toBeGreaterThan(2);
  for (const address of assets) {
    const asset = await fetch(new URL(address, `${t.url}/docs/`));
    // What is not read to its end keeps its connection, and the server from stopping.
    expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(0);
    expect([address, asset.status, new URL(asset.url).origin]).toEqual([address, 200, t.url]);
  }
  const { body } = await callRest(t.url, 'GET', '/docs/json');
  expect(body.info.title).toBe('gigarouter');
});

test('llms.txt names every address', async () => {
  const text = await (await fetch(`${t.url}/llms.txt`)).text();
  for (const one of createRoutes(t.app.services))
    expect(text).toContain(`${one.method} ${pathOf(one)}`);
});
