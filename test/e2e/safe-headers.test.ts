import { startTestApp, type TestApp } from '../support/app.js';

// cspell:ignore SAMEORIGIN

/** What every answer tells a browser, whatever it is an answer to. */

let plain: TestApp;
let https: TestApp;
beforeAll(async () => {
  plain = await startTestApp({ background: false });
  https = await startTestApp({
    background: false,
    config: { publicUrl: 'https://models.example.org' },
  });
});
afterAll(async () => {
  await plain.stop();
  await https.stop();
});

const PAGE = { accept: 'text/html' };
const answers: [string, string, RequestInit][] = [
  ['the home page', '/', { headers: PAGE }],
  ['the GraphQL explorer', '/graphql', { headers: PAGE }],
  ['a file of the explorer', '/graphql/explorer/explorer.mjs', {}],
  ['the schema', '/schema.graphql', {}],
  ['the REST reference', '/docs', { headers: PAGE }],
  ['a file of the reference', '/docs/static/swagger-ui.css', {}],
  ['the OpenAPI document', '/openapi.json', {}],
  ['a link of a mail', '/auth/verify-email?token=x', { headers: PAGE }],
  ['a reset', '/auth/reset-password?token=x', { headers: PAGE }],
  ['the end of a payment', '/payments/success?session_id=cs_1', { headers: PAGE }],
  ['a REST answer', '/v1/models', {}],
  ['a refusal', '/v1/credits', {}],
  ['no such address', '/nothing-here', { headers: PAGE }],
  ['an address that cannot be decoded', '/v1/models/%E0%A4%A', { headers: PAGE }],
  ['a method that is not taken', '/v1/models', { method: 'DELETE' }],
  ['the health check', '/healthz', {}],
  ['a session', '/api/auth/get-session', {}],
];

/** Reads the answer to its end, so that its connection is free. */
async function headersOf({ url }: TestApp, address: string, init: RequestInit): Promise<Headers> {
  const response = await fetch(`${url}${address}`, init);
  await response.arrayBuffer();
  return response.headers;
}

test.each(answers)('%s: no guessed type, no frame, a policy', async (_name, address, init) => {
  const headers = await headersOf(plain, address, init);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toMatch(/^(DENY|SAMEORIGIN)$/);
  expect(headers.get('content-security-policy')).toMatch(/frame-ancestors '(none|self)'/);
  expect(headers.get('content-security-policy')).toMatch(/default-src '(none|self)'/);
  expect(headers.get('strict-transport-security')).toBeNull();
});

test.each(answers)(
  '%s: https for a year, where that is the address',
  async (_name, address, init) => {
    const headers = await headersOf(https, address, init);
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains');
  },
);
