import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app.js';
import { rawRequest } from '../support/raw-request.js';

/* What a person finds who opens the server's address in a browser: pages that load nothing from elsewhere. */

const BROWSER =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8';

let t: TestApp;
/** As for the public: with an address of its own, and without introspection. */
let hidden: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  hidden = await startTestApp({
    env: { INTROSPECTION: 'false' },
    config: { publicUrl: 'https://models.example.org/<b>"' },
  });
});
afterAll(async () => {
  await t.stop();
  await hidden.stop();
});

const open = (url: string, address: string, headers: Record<string, string> = {}) =>
  rawRequest(url, { path: address, headers: { accept: BROWSER, ...headers } });

/** What a page names in its attributes. */
const addressesIn = (html: string) =>
  [...html.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const GUARDED = {
  'content-security-policy': expect.stringMatching(
    /default-src 'none'.*frame-ancestors 'none'/,
  ) as string,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // Programs get something else at the same address.
  vary: expect.stringContaining('Accept') as string,
};

describe('/graphql in a browser', () => {
  test('is the explorer, which loads everything from here', async () => {
    const { status, headers, text } = await open(t.url, '/graphql');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers).toMatchObject(GUARDED);
    const policy = headers['content-security-policy'] as string;
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(/script-src ([^;]*)/.exec(policy)?.[1]).toBe("'self'");
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=/);
    const assets = addressesIn(text);
    expect(assets).toHaveLength(7);
    for (const address of assets) {
      const asset = await rawRequest(t.url, { path: `/${address}` });
      expect([address, asset.status]).toEqual([address, 200]);
      expect(asset.headers['content-type']).toBe(TYPES[path.extname(address)]);
      if (address.endsWith('.css')) {
        expect(asset.text).not.toMatch(/@import|url\((?!["']?data:)/);
      }
    }
  });

  test('opens for everybody, whatever cookie or query comes along', async () => {
    for (const headers of [
      { cookie: 'gigarouter.session_token=no.longer.valid' },
      { authorization: 'Bearer gr-wrong' },
      { 'sec-fetch-site': 'cross-site', cookie: 'gigarouter.session_token=x' },
    ]) {
      const { status, text } = await open(t.url, '/graphql?query=%7B__typename%7D', headers);
      expect([headers, status]).toEqual([headers, 200]);
      expect(text).toContain('explorer.mjs');
    }
  });

  test.each([
    undefined,
    '*/*',
    'application/json',
    'application/json, text/html',
    'application/graphql-response+json, application/json;q=0.9',
    'text/html;q=0.5, application/json',
    'text/html;q=0',
  ])('is not what programs get: %s', async (accept) => {
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const { text } = await rawRequest(t.url, { path: '/graphql?query={__typename}', headers });
    expect(text).not.toContain('<html');
    expect(text).toMatch(/^\{"(data|errors)"/);
  });

  test('only a GET is answered with a page', async () => {
    const { status, headers } = await rawRequest(t.url, {
      method: 'POST',
      path: '/graphql',
      headers: { accept: BROWSER, 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  });

  test('runs the libraries that were reviewed, byte for byte', () => {
    const folder = path.resolve('explorer/vendor');
    const sums = readFileSync(path.resolve('explorer/SHA256SUMS'), 'utf8').trim().split('\n');
    expect(sums).toHaveLength(6);
    for (const line of sums) {
      const [hash, name = ''] = line.split('  ');
      const bytes = readFileSync(path.join(folder, name));
      expect([name, createHash('sha256').update(bytes).digest('hex')]).toEqual([name, hash]);
    }
  });
});

describe('/schema.graphql', () => {
  test('is the schema as SDL', async () => {
    const { status, headers, text } = await rawRequest(t.url, { path: '/schema.graphql' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/graphql; charset=utf-8');
    const [, ...file] = readFileSync(path.resolve('schema.graphql'), 'utf8').split('\n');
    expect(text.trim()).toBe(file.join('\n').trim());
  });

  test('is there only where introspection is on', async () => {
    const { status, text } = await rawRequest(hidden.url, { path: '/schema.graphql' });
    expect(status).toBe(404);
    expect(text).toContain('INTROSPECTION=true');
    expect(text).not.toContain('type Query');
  });
});

test.each(['/schema.graphql', '/', '/graphql', '/graphql/explorer/graphiql.js'])(
  '%s is not sent again to who has it',
  async (address) => {
    const first = await open(t.url, address);
    const { etag = '' } = first.headers;
    expect(etag).toMatch(/^W\/"[\w-]+"$/);
    for (const known of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
      const again = await open(t.url, address, { 'if-none-match': known });
      expect([known, again.status, again.text]).toEqual([known, 304, '']);
      expect(again.headers.etag).toBe(etag);
    }
    expect((await open(t.url, address, { 'if-none-match': '"other"' })).status).toBe(200);
  },
);
