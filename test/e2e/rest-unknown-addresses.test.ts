import { startTestApp, type TestApp } from '../support/app.js';
import { newCaller } from '../support/platform.js';
import { callRest } from '../support/rest.js';
import { createRoutes } from '../../src/rest/routes.js';

let t: TestApp;
let secret: string;
beforeAll(async () => {
  t = await startTestApp();
  ({ secret } = await newCaller(t, 0n));
});
afterAll(() => t.stop());

const TEXT = expect.any(String);
const OPENAI = { error: { message: TEXT, type: TEXT, param: null, code: TEXT, request_id: TEXT } };
const OPENROUTER = {
  error: { code: expect.any(Number), message: TEXT, metadata: expect.anything() },
};

test.each([
  ['/v1', OPENAI],
  ['/v1/none', OPENAI],
  ['/v1/fine_tuning/jobs?limit=3', OPENAI],
  ['/v1/%ff', OPENAI],
  ['/classify/none', OPENAI],
  ['/api/v1/none', OPENROUTER],
  ['/api/models/a/b/c/d', { error: TEXT }],
  ['/hf-inference/none', { error: TEXT }],
  ['/v2/none', { error: TEXT }],
  ['/v2/models/a/b/c/d', { error: TEXT }],
  ['/v2/logging', { error: TEXT }],
  ['/v2/systemsharedmemory/status', { error: TEXT }],
  ['/clip/none', { message: TEXT }],
  ['/rank/none', expect.anything()],
])('an unknown address %s is answered in the dialect of its neighbors', async (path, body) => {
  for (const key of [undefined, secret]) {
    const answer = await callRest(t.url, 'GET', path, key === undefined ? {} : { secret: key });
    expect([answer.body, answer.status >= 400 && answer.status < 500]).toEqual([body, true]);
    expect(answer.headers.get('x-request-id')).toEqual(TEXT);
  }
});

test('elsewhere errors are our own', async () => {
  for (const path of ['/none', '/v11', '/api/none', '/v']) {
    const { status, body } = await callRest(t.url, 'GET', path);
    expect([status, body]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
  }
});

/** Of HTTP and its extensions, as contract tests try them. fetch() sends no TRACE. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND', 'PURGE', 'SEARCH'];

test('a method that an address does not take is refused, and those that it takes are named', async () => {
  const patterns = new Map<string, Set<string>>();
  for (const { url, method } of createRoutes(t.app.services)) {
    const path = url.replace(/:\w+/g, 'x').replace('*', 'x/y');
    const methods = patterns.get(path) ?? new Set();
    patterns.set(path, methods.add(method));
    if (method === 'GET') methods.add('HEAD');
  }
  // The page of a model.
  for (const method of ['GET', 'HEAD']) patterns.get('/models/x/y')?.add(method);
  expect(patterns.size).toBeGreaterThan(40);
  for (const [path, methods] of patterns) {
    for (const method of METHODS) {
      if (methods.has(method)) continue;
      const { status, headers } = await callRest(t.url, method, path, { secret });
      const allowed = (headers.get('allow') ?? '').split(', ');
      expect([method, path, status, new Set(allowed)]).toEqual([method, path, 405, methods]);
    }
  }
});

test('HEAD is answered as GET is, without the body', async () => {
  for (const path of ['/v1/models', '/api/models', '/v2', '/api/v1/models', '/v1/files']) {
    const get = await fetch(t.url + path, { headers: { authorization: `Bearer ${secret}` } });
    const head = await fetch(t.url + path, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${secret}` },
    });
    await get.arrayBuffer();
    expect([path, head.status, await head.text()]).toEqual([path, get.status, '']);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  }
});

test.each([
  ['sk-proj-abcdefghijklmnop', 'sk-proj-'],
  ['sk-or-v1-abcdefghijklmnop', 'sk-or-'],
  ['hf_abcdefghijklmnopqrstuvwxyz', 'hf_'],
  ['r8_abcdefghijklmnop', 'r8_'],
])('a key of another service, %s, is told what a key looks like here', async (key, prefix) => {
  const { status, body } = await callRest(t.url, 'GET', '/v1/files', { secret: key });
  expect([status, body.error.message]).toEqual([401, expect.stringMatching(/"gr-"/)]);
  expect(body.error.message).toContain(`"${prefix}"`);
  expect(body.error.message).not.toContain(key.slice(-8));
});

test.each([
  ['', 'from', /^from: It is required/],
  ['from=2026-01-01T00:00:00Z', 'to', /^to: It is required/],
  ['from=yesterday&to=2026-01-01T00:00:00Z', 'from', /^from: /],
  ['from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z', 'until', /"until".*from, to/],
])(
  'the usage export with "%s" names the parameter that is wrong',
  async (query, param, message) => {
    const { status, body } = await callRest(t.url, 'GET', `/v1/usage/export?${query}`, { secret });
    expect([status, body.error]).toMatchObject([
      400,
      { param, message: expect.stringMatching(message) },
    ]);
  },
);
