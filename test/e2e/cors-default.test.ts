import { once } from 'node:events';
import { connect, type Server } from 'node:net';
import { startTestApp, type TestApp } from '../support/app.js';
import {
  CONSOLE,
  COOKIE,
  corsHeaders,
  DOORS,
  JSON_TYPE,
  preflight,
  send,
  STREAM,
  upgrade,
} from '../support/cors.js';
import { bearer, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

/* Pages of other origins where none is named: by default, and with `*`. */

/** Lets every origin in. */
let any: TestApp;
/** As it starts without a setting. */
let closed: TestApp;
beforeAll(async () => {
  const limits = { ratePerMinute: 1, concurrencyMax: 64, store: 'memory' } as const;
  const live = { connectionsMax: 0, perAccount: 1, perAddress: 1, recheckMs: 30_000 };
  any = await startTestApp({ env: { CORS_ORIGINS: '*' }, config: { limits, live } });
  closed = await startTestApp();
});
afterAll(async () => {
  await any.stop();
  await closed.stop();
});

describe('CORS_ORIGINS=*', () => {
  test.each(DOORS.filter(({ path }) => path !== STREAM))(
    'lets every page read the answer of $name, without cookies',
    async ({ status, ...door }) => {
      for (const origin of ['https://page.test', 'null', undefined]) {
        const answer = await send(any.url, door, origin);
        expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([
          status,
          '*',
        ]);
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      }
    },
  );

  test('lets every page send what it likes, without cookies', async () => {
    const { status, headers } = await preflight(any.url, 'https://page.test', '/v1/classify');
    expect([status, headers['access-control-allow-origin']]).toEqual([204, '*']);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  test('lets no page use a cookie', async () => {
    for (const { headers = {}, ...door } of DOORS.filter(({ status }) => status < 400)) {
      const withCookie = { ...headers, cookie: COOKIE };
      const answer = await send(any.url, { ...door, headers: withCookie }, 'https://page.test');
      expect([door.name, answer.status]).toEqual([door.name, 403]);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
  });

  test('shows refusals under load as what they are: 429 and 503', async () => {
    const { secret } = await newCaller(any, 0n);
    const classify = () =>
      send(
        any.url,
        {
          method: 'POST',
          path: '/v1/classify',
          headers: { ...JSON_TYPE, ...bearer(secret) },
          body: JSON.stringify({ model: 'no/such', input: ['x'], labels: ['a', 'b'] }),
        },
        'https://page.test',
      );
    const limited = await until('429', async () => {
      const answer = await classify();
      return answer.status === 429 ? answer : undefined;
    });
    expect(limited.headers['access-control-allow-origin']).toBe('*');
    expect(limited.headers['access-control-expose-headers']).toContain('retry-after');
    const overloaded = await send(any.url, { path: STREAM }, 'https://page.test');
    expect(overloaded.status).toBe(503);
    expect(overloaded.headers['access-control-allow-origin']).toBe('*');
  });
});

describe('without CORS_ORIGINS', () => {
  test.each(DOORS)('no page of another origin reads the answer of $name', async (door) => {
    for (const origin of ['https://page.test', CONSOLE, 'null']) {
      expect(corsHeaders(await send(closed.url, door, origin))).toEqual({});
    }
  });

  test('the server’s own pages use cookies, at whichever address they were opened', async () => {
    const { host } = new URL(closed.url);
    for (const headers of [
      { origin: closed.url },
      { origin: 'http://localhost:4000' },
      { origin: 'http://gateway.test', host: 'gateway.test' },
      { origin: 'https://behind-a-proxy.test', 'sec-fetch-site': 'same-origin' },
      { host },
    ]) {
      const answer = await send(closed.url, {
        path: '/v1/models',
        headers: { ...headers, cookie: COOKIE },
      });
      expect([headers, answer.status]).toEqual([headers, 200]);
    }
    for (const headers of [
      { origin: 'https://gateway.test', host: 'gateway.test' },
      { origin: 'http://gateway.test:81', host: 'gateway.test' },
      { origin: 'https://page.test', 'sec-fetch-site': 'same-site' },
      { origin: 'https://page.test', 'sec-fetch-site': 'none' },
      { origin: 'https://page.test', authorization: 'Basic eDp5' },
      { origin: 'https://page.test', 'x-forwarded-host': 'page.test' },
    ]) {
      const answer = await send(closed.url, {
        path: '/v1/models',
        headers: { ...headers, cookie: COOKIE },
      });
      expect([headers, answer.status]).toEqual([headers, 403]);
    }
  });

  test('a page that is refused is told at the preflight what would let it in', async () => {
    const { text } = await preflight(closed.url, 'https://page.test', '/graphql');
    expect(JSON.parse(text)).toMatchObject({
      errors: [
        {
          message: expect.stringMatching(/https:\/\/page\.test.*CORS_ORIGINS/),
          extensions: { code: 'FORBIDDEN' },
        },
      ],
    });
  });

  test('a WebSocket of another origin cannot use a cookie, also where * is allowed', async () => {
    for (const { url } of [any, closed]) {
      expect(await upgrade(url, { cookie: COOKIE, origin: CONSOLE })).toBe(403);
      expect(await upgrade(url, { cookie: COOKIE, origin: 'null' })).toBe(403);
    }
  });
});

test('a server that stops says so to pages too', async () => {
  const t = await startTestApp({ env: { CORS_ORIGINS: CONSOLE } });
  const { server } = t.app.server;
  // A connection that a client opened in advance; its request arrives when the server has begun to close.
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
  await once(socket, 'connect');
  await until(
    'the connection to be accepted',
    async () => (await connections(server)) || undefined,
  );
  const close = server.close.bind(server);
  jest.spyOn(server, 'close').mockImplementation((done) => {
    socket.write(`GET /v1/models HTTP/1.1\r\nhost: localhost\r\norigin: ${CONSOLE}\r\n\r\n`);
    return close(done);
  });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await Promise.all([once(socket, 'close'), t.stop()]);
  expect(text).toMatch(/^HTTP\/1\.1 503 /);
  expect(text).toContain(`access-control-allow-origin: ${CONSOLE}`);
  expect(text).toContain('The server is stopping.');
});

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}
