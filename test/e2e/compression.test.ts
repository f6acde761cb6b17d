import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { begin, gql, LONG, send, type Sent } from '../support/compressed.js';
import { bearer, type Caller, startPlatform, type TestPlatform } from '../support/platform.js';

let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  t = await startPlatform();
  caller = await t.caller(1_000_000_000n);
}, 120_000);
afterAll(() => t.stop());

const CARDS = gql('{ models(first: 20) { edges { node { slug name about } } } }');
describe('an answer', () => {
  const whatIsCompressed = (): [string, Sent][] => [
    ['a query', CARDS],
    [
      'a query by GET',
      {
        path: `/graphql?query=${encodeURIComponent('{ models(first: 9) { edges { node { about } } } }')}`,
      },
    ],
    ['the schema', gql(getIntrospectionQuery())],
    ['the schema as SDL', { path: '/schema.graphql' }],
    ['the page', { path: '/', headers: { accept: 'text/html' } }],
    ['the explorer', { path: '/graphql/explorer/graphiql.js' }],
    ['a list over REST', { path: '/v1/models' }],
    ['the REST reference', { path: '/openapi.json' }],
    ['the script of its page', { path: '/docs/static/swagger-ui-bundle.js' }],
    ['metrics', { path: '/metrics' }],
    [
      'vectors',
      {
        method: 'POST',
        path: '/v1/embeddings',
        headers: bearer(caller.secret),
        body: { model: 'gigarouter/demo-shapes', input: 'red circle' },
      },
    ],
    [
      'a mutation that runs a model',
      gql(
        `mutation { embedTexts(input: { model: "gigarouter/demo-shapes", texts: ["red circle"] }) { ${LONG} vectors userErrors { code message path details } } }`,
        bearer(caller.secret),
      ),
    ],
  ];

  test('is compressed with brotli, or gzip, as the client accepts, and says that it varies', async () => {
    for (const [name, sent] of whatIsCompressed()) {
      const plain = await send(t.url, sent);
      expect([name, plain.status, plain.encoding]).toEqual([name, 200, undefined]);
      expect(plain.headers.vary).toMatch(/Accept-Encoding/);
      for (const [accepted, expected] of [
        ['gzip, deflate, br, zstd', 'br'],
        ['br', 'br'],
        ['gzip', 'gzip'],
        ['gzip, deflate', 'gzip'],
        ['*', 'br'],
        ['br;q=0.5, gzip;q=0.8', 'gzip'],
        ['GZIP', 'gzip'],
        ['br;q=0, gzip', 'gzip'],
        ['identity', undefined],
        ['', undefined],
        ['deflate', undefined],
        ['br;q=0, gzip;q=0', undefined],
        ['*;q=0', undefined],
        ['identity;q=1, br;q=0.1', undefined],
      ] as const) {
        const answer = await send(t.url, sent, accepted);
        expect([name, accepted, answer.status, answer.encoding]).toEqual([
          name,
          accepted,
          200,
          expected,
        ]);
        expect(answer.headers.vary).toMatch(/Accept-Encoding/);
        if (expected !== undefined) expect(answer.raw.length).toBeLessThan(answer.text.length);
        if (sent.method === undefined && name !== 'metrics') expect(answer.text).toBe(plain.text);
      }
    }
  });

  test('that is short, or not text, is sent as it is', async () => {
    for (const sent of [gql('{ __typename }'), { path: '/healthz' }, { path: '/nowhere' }]) {
      const { encoding, headers } = await send(t.url, sent, 'br');
      expect([encoding, headers['content-length']]).toEqual([undefined, expect.any(String)]);
    }
  });

  test('that is streamed is compressed as it comes, and ends when its reader leaves', async () => {
    const sent = {
      path: '/v1/usage/export?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&format=ndjson',
      headers: bearer(caller.secret),
    };
    const { status, encoding } = await send(t.url, sent, 'gzip');
    expect([status, encoding]).toEqual([200, 'gzip']);
    const response = await begin(t.url, sent, 'br');
    response.destroy();
    expect((await send(t.url, { path: '/healthz' })).status).toBe(200);
  });
});

describe('events', () => {
  test('arrive at once, whatever the client accepts', async () => {
    const response = await begin(
      t.url,
      {
        method: 'POST',
        path: '/graphql/stream',
        headers: { ...bearer(caller.secret), accept: 'text/event-stream' },
        body: {
          query: 'subscription { balanceChanged { balance { availableNanos } } }',
        },
      },
      'br, gzip',
    );
    expect(response.headers['content-encoding']).toBeUndefined();
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (text.includes('availableNanos')) break;
    }
    expect(text).toContain('event: next');
  });

  test('of a chat are not compressed', async () => {
    const { status, encoding, headers } = await send(
      t.url,
      {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: bearer(caller.secret),
        body: {
          model: 'gigarouter/demo-shapes',
          stream: true,
          messages: [
            {
              role: 'system',
              content: Array.from({ length: 60 }, (_, i) => `label number ${String(i)}`).join(', '),
            },
            {
              role: 'user',
              content: [
                {
                  type: 'image_url',
                  image_url: {
                    url: `data:image/png;base64,${readFileSync(path.resolve('models/demo-shapes/samples/green-heart.png')).toString('base64')}`,
                  },
                },
              ],
            },
          ],
        },
      },
      'br',
    );
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    expect(encoding).toBeUndefined();
  });
});
