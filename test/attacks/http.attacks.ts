// cspell:ignore xchunked aset fpackage cpackage
import { connect } from 'node:net';
import { rawRequest } from '../support/raw-request.js';
import { bearer } from '../support/platform.js';
import { answered, type Attack, refused, send, type World } from './attack.js';

/** Sends bytes as they are. @returns the status of each answer until the connection ends, or 2 s have passed */
function statusesOf({ t }: World, bytes: string): Promise<string[]> {
  return new Promise((resolve) => {
    let text = '';
    const done = () => {
      socket.destroy();
      resolve([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status = '']) => status));
    };
    const socket = connect(Number(new URL(t.url).port), '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', done).on('end', done).setTimeout(2_000, done);
  });
}

/** Fails unless every answer to these bytes is 4xx. @param max answers that there may be */
async function bytesRefused(world: World, bytes: string, max = 1): Promise<string> {
  const statuses = await statusesOf(world, bytes);
  expect(statuses.length).toBeLessThanOrEqual(max);
  for (const status of statuses) expect(status).toMatch(/^4/);
  return statuses.join(', ') || 'connection closed';
}

const HOST = 'Host: x\r\n';
const PAGE = { accept: 'text/html' };

/** Framing, methods, headers, addresses, and what browsers are told. */
export const httpAttacks: readonly Attack[] = [
  {
    id: 'http-unknown-transfer-encoding',
    requirement: 'V4.2.1, V16.5.3',
    attempt: 'Transfer-Encoding: gzip, which ended the whole server before',
    run: (world) =>
      bytesRefused(world, `GET /v1/models HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\nx`),
  },
  {
    id: 'http-smuggling-cl-te',
    requirement: 'V4.2.1',
    attempt:
      'Content-Length and Transfer-Encoding in one request, with a second request in the body',
    run: (world) =>
      bytesRefused(
        world,
        `POST /graphql HTTP/1.1\r\n${HOST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n${HOST}\r\n`,
      ),
  },
  {
    id: 'http-smuggling-two-lengths',
    requirement: 'V4.2.1',
    attempt: 'two different Content-Length headers',
    run: (world) =>
      bytesRefused(
        world,
        `POST /graphql HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: 40\r\n\r\nGET /metrics HTTP/1.1\r\n${HOST}\r\n`,
      ),
  },
  {
    id: 'http-smuggling-obfuscated-chunked',
    requirement: 'V4.2.1',
    attempt: 'Transfer-Encoding: xchunked, and a space before the colon',
    run: async (world) => {
      const first = await bytesRefused(
        world,
        `POST /graphql HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      );
      const second = await bytesRefused(
        world,
        `POST /graphql HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
      );
      return `${first}; ${second}`;
    },
  },
  {
    id: 'http-header-injection',
    requirement: 'V1.2.1',
    attempt: 'CR and LF in a header that is given back (x-request-id)',
    run: async (world) => {
      const answer = await rawRequest(world.t.url, {
        path: '/healthz',
        headers: { 'x-request-id': 'abcdefgh%0d%0aset-cookie:x=1' },
      });
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['x-request-id']).toMatch(/^req_/);
      return 'an id of the server’s own';
    },
  },
  {
    id: 'http-credential-as-request-id',
    requirement: 'V14.2.1, V16.2.5',
    attempt: 'an API key as x-request-id, to have it logged',
    run: async (world) => {
      const { headers } = await send(world, '/healthz', {
        headers: { 'x-request-id': world.attacker.secret },
      });
      expect(headers.get('x-request-id')).toMatch(/^req_/);
      return 'an id of the server’s own';
    },
  },
  {
    id: 'http-huge-headers',
    requirement: 'V15.2.2',
    attempt: '1 MB of headers',
    run: (world) =>
      bytesRefused(world, `GET / HTTP/1.1\r\n${HOST}X-Big: ${'a'.repeat(1_000_000)}\r\n\r\n`),
  },
  {
    id: 'http-many-headers',
    requirement: 'V15.2.2',
    attempt: '10,000 headers',
    run: async (world) => {
      const headers = Array.from({ length: 10_000 }, (_, n) => `X${String(n)}: 1\r\n`).join('');
      return bytesRefused(world, `GET / HTTP/1.1\r\n${HOST}${headers}\r\n`);
    },
  },
  {
    id: 'http-trace',
    requirement: 'V13.4.4',
    attempt: 'TRACE',
    run: async (world) => {
      const statuses = await statusesOf(world, `TRACE / HTTP/1.1\r\n${HOST}\r\n`);
      expect(statuses[0]).toMatch(/^40[045]$/);
      return statuses.join();
    },
  },
  {
    id: 'http-method-override',
    requirement: 'V3.5.3',
    attempt: 'a GET that X-HTTP-Method-Override makes a POST',
    run: async (world) =>
      answered(
        await send(world, '/v1/classify', {
          headers: { ...bearer(world.attacker.secret), 'x-http-method-override': 'POST' },
        }),
        404,
        405,
      ),
  },
  {
    id: 'http-path-traversal',
    requirement: 'V5.3.2, V13.4.3',
    attempt: 'encoded dots below the documentation’s static files',
    run: async (world) => {
      const paths = [
        '/docs/static/%2e%2e/%2e%2e/package.json',
        '/docs/static/..%2f..%2fpackage.json',
        '/docs/static/%2e%2e%5cpackage.json',
        '/graphql/explorer/..%2f..%2f..%2fpackage.json',
        '/docs/static/%00',
      ];
      for (const path of paths) {
        const { status, text } = await rawRequest(world.t.url, { path });
        expect([path, status >= 400 && status < 500, text.includes('"name"')]).toEqual([
          path,
          true,
          false,
        ]);
      }
      return '4xx for each';
    },
  },
  {
    id: 'http-source-control',
    requirement: 'V13.4.1',
    attempt: '/.git/config, /.env and /package.json',
    run: async (world) => {
      for (const path of ['/.git/config', '/.env', '/package.json'])
        answered(await send(world, path), 404);
      return '404 for each';
    },
  },
  {
    id: 'http-undecodable-address',
    requirement: 'V1.1.1',
    attempt: 'an address with a broken percent encoding, and one that is encoded twice',
    run: async (world) => {
      const broken = await rawRequest(world.t.url, { path: '/v1/models/%E0%A4%A' });
      const twice = await rawRequest(world.t.url, { path: '/v1/models/%252e%252e%252fx' });
      expect([broken.status, twice.status]).toEqual([400, 404]);
      return '400; 404';
    },
  },
  {
    id: 'http-absolute-address',
    requirement: 'V1.1.1, V4.1.3',
    attempt: 'an address with scheme and host of the attacker’s, as proxies get it',
    run: async (world) => {
      for (const path of ['/api/auth/get-session', '/graphql?query={__typename}', '/v1/models']) {
        const { status, text } = await rawRequest(world.t.url, {
          path: `http://evil.example${path}`,
        });
        expect([path, status, text.includes('evil.example')]).toEqual([path, 200, false]);
      }
      for (const path of ['http://evil.example', 'http://evil.example?x', 'http://', 'x:y', '*']) {
        const { status, text } = await rawRequest(world.t.url, { path });
        expect(String(status)).toMatch(/^(200|40[04])$/);
        if (status === 200) expect(text).not.toContain('evil.example');
      }
      return 'the host is ignored';
    },
  },
  {
    id: 'http-frame',
    requirement: 'V3.4.6',
    attempt: 'a page of ours in a frame of another site',
    run: async (world) => {
      for (const path of ['/', '/graphql', '/docs', '/auth/reset-password?token=x', '/nothing']) {
        const { headers } = await send(world, path, { headers: PAGE });
        expect(headers.get('content-security-policy')).toMatch(/frame-ancestors '(none|self)'/);
      }
      return 'frame-ancestors on each page';
    },
  },
  {
    id: 'http-sniffing',
    requirement: 'V3.2.1, V3.4.4, V4.1.1',
    attempt: 'an upload of HTML, opened as a page',
    run: async (world) => {
      const form = new FormData();
      form.set('purpose', 'vision');
      form.set('file', new Blob(['<script>alert(1)</script>']), 'x.html');
      const answer = await send(world, '/v1/files', {
        headers: bearer(world.attacker.secret),
        body: form,
      });
      answered(answer, 400, 415);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      return `refused: ${String(answer.status)}`;
    },
  },
  {
    id: 'http-cached-secrets',
    requirement: 'V14.3.2',
    attempt: 'an answer about an account in a shared cache',
    run: async (world) => {
      for (const path of ['/v1/files', '/api/v1/credits', '/api/v1/key']) {
        const { headers } = await send(world, path, { headers: bearer(world.attacker.secret) });
        expect(headers.get('cache-control')).toContain('no-store');
      }
      return 'no-store';
    },
  },
  {
    id: 'http-key-in-address',
    requirement: 'V14.2.1',
    attempt: 'an API key in the query string',
    run: async (world) => {
      const answer = await send(
        world,
        `/v1/files?api_key=${world.attacker.secret}&key=${world.attacker.secret}`,
      );
      return refused(answer, 'unauthenticated');
    },
  },
  {
    id: 'http-forwarded-headers',
    requirement: 'V4.1.3, V15.3.4',
    attempt: 'X-Forwarded-For from a client that is no trusted proxy, to escape limits',
    run: async (world) => {
      const log = world.t.log.length;
      await send(world, '/healthz', {
        headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-host': 'evil.example' },
      });
      expect(world.t.log.slice(log).join()).not.toMatch(/203\.0\.113\.7|evil\.example/);
      return 'ignored';
    },
  },
  {
    id: 'http-oversized-body',
    requirement: 'V5.2.1, API4:2023',
    attempt: 'a JSON body past the limit',
    run: async (world) => {
      const answer = await send(world, '/v1/classify', {
        headers: { ...bearer(world.attacker.secret), 'content-type': 'application/json' },
        body: `{"model":"${'a'.repeat(40 * 2 ** 20)}"}`,
      }).catch(() => undefined);
      return answer === undefined ? 'connection closed' : answered(answer, 413);
    },
  },
  {
    id: 'http-unknown-media-type',
    requirement: 'V4.1.1, V1.5.1',
    attempt: 'XML with an external entity',
    run: async (world) =>
      answered(
        await send(world, '/v1/classify', {
          headers: { ...bearer(world.attacker.secret), 'content-type': 'application/xml' },
          body: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        }),
        415,
      ),
  },
];
