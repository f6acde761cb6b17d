import { execFileSync } from 'node:child_process';
import { callRest } from '../support/rest.js';
import { startPlatform, type TestPlatform } from '../support/platform.js';
import { createRoutes } from '../../src/rest/routes.js';
import { pathOf } from '../../src/rest/openapi.js';

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
