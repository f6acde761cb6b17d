import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { newCaller, startPlatform, type TestPlatform } from '../support/platform.js';
import { bearer } from '../support/platform.js';
import { until } from '../support/process.js';

const HEADER = 'x-gigarouter-account';
const QUERY = '{ account { balance { postedNanos } } }';
const WATCH = 'subscription { balanceChanged { balance { postedNanos } } }';
const NAMED = 'account(id:), input.accountId or accountId';

let t: TestPlatform;
let secret: string;
let own: string;
beforeAll(async () => {
  t = await startPlatform();
  const caller = await newCaller(t, 5n);
  ({ secret } = caller);
  own = caller.accountId;
});
afterAll(() => t.stop());

const NAMES = ['its own', 'another', 'none', 'a wrong key'];
const headersOf = (name: string): Record<string, string> => ({
  ...bearer(name === 'a wrong key' ? 'gr-wrong' : secret),
  [HEADER]: { 'its own': own, another: 'acct_another', none: '' }[name] ?? own,
});

const DOORS: Record<string, (headers: Record<string, string>) => Promise<Response>> = {
  'POST /graphql': (headers) =>
    fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: QUERY }),
    }),
  'GET /graphql': (headers) =>
    fetch(`${t.url}/graphql?query=${encodeURIComponent(QUERY)}`, { headers }),
  'POST /graphql/stream': (headers) =>
    fetch(`${t.url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: WATCH }),
    }),
};

describe.each(Object.keys(DOORS))('%s', (door) => {
  test.each(NAMES)('rejects the account header: %s', async (name) => {
    const response = await DOORS[door]?.(headersOf(name));
    expect(response?.status).toBe(400);
    expect(await response?.json()).toEqual({
      errors: [
        {
          message: expect.stringContaining(NAMED),
          extensions: expect.objectContaining({ code: 'BAD_USER_INPUT', header: HEADER }),
        },
      ],
    });
  });
});

test('the upgrade to a WebSocket with the header is rejected', async () => {
  const socket = new WebSocket(`${t.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers: headersOf('its own'),
  });
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
    });
    socket.on('error', resolve);
    socket.on('open', () => {
      resolve('open');
    });
  });
  socket.terminate();
  expect(status).toBe(400);
});

test.each([HEADER, HEADER.toUpperCase()])(
  'connection parameters of a WebSocket with %s close it',
  async (name) => {
    let closed: { code: number; reason: string } | undefined;
    const client = createClient({
      url: `${t.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { ...bearer(secret), [name]: own },
      retryAttempts: 0,
      on: { closed: (event) => (closed = event as { code: number; reason: string }) },
    });
    client.subscribe(
      { query: WATCH },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    );
    const { code, reason } = await until('the close', () => closed);
    expect([code, reason]).toEqual([4400, expect.stringContaining(NAMED)]);
    await client.dispose();
  },
);

test('REST keeps the header', async () => {
  const credits = (account: string) =>
    fetch(`${t.url}/api/v1/credits`, { headers: { ...bearer(secret), [HEADER]: account } });
  expect((await credits(own)).status).toBe(200);
  expect((await credits('acct_another')).status).toBe(403);
});
