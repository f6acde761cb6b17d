import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import WebSocket from 'ws';
import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { newId } from '../../src/platform/ids.js';
import { createLogger } from '../../src/platform/logger.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { ended, event, metric, type Subscriber, subscribe, TRANSPORTS } from '../support/live.js';
import { bearer, newCaller } from '../support/platform.js';
import { signUp } from '../support/people.js';
import { until } from '../support/process.js';

const folder = temporaryFolder();
const settings = {
  live: { ...readConfig({}).live, connectionsMax: 60, perAccount: 5, perAddress: 30 },
  mail: { ...readConfig({}).mail, outboxDir: folder.path },
  authSecret: 'a secret that two servers share, of 32 or more',
};
let t: TestApp;
/** Another server on the same database: rights are taken at one, and end at the other. */
let other: App;
let otherUrl: string;
beforeAll(async () => {
  t = await startTestApp({ config: settings });
  other = await createApp({ ...readConfig({}), ...settings }, t.database.url, {
    logger: createLogger('info', { write: () => undefined }),
  });
  otherUrl = await other.server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await other.stop();
  await t.stop();
  folder.remove();
});

const BALANCE = 'subscription { balanceChanged { balance { postedNanos } } }';
const MODELS = 'subscription { modelStatusChanged { slug } }';
/** Rights that are taken end what is open: long before the 15 s after which they are looked at anyway. */
const CUT_MS = 10_000;

/** 4401 or UNAUTHENTICATED: the close code of a WebSocket, or the last event of a stream. */
async function cutWith(subscriber: Subscriber): Promise<string | number> {
  const end = await until('the cut', () => subscriber.end(), CUT_MS);
  return end.code ?? subscriber.events.at(-1).errors[0].extensions.code;
}
const REVOKED = { websocket: 4401, sse: 'UNAUTHENTICATED' };
const CHANGED = { websocket: 4403, sse: 'FORBIDDEN' };

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a key that is revoked at one server is cut off at the other', async () => {
    const caller = await newCaller(t, 1n, { scopes: ['READ', 'ADMIN'] });
    const subscriber = subscribe(transport, otherUrl, BALANCE, caller);
    await event(subscriber, 0);
    const { body } = await caller.gql('{ account { apiKeys { nodes { id } } } }');
    await caller.gql(
      'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }',
      {
        id: body.data.account.apiKeys.nodes[0].id,
      },
    );
    expect(await cutWith(subscriber)).toBe(REVOKED[transport]);
  });

  test('a key that runs out is cut off when it does', async () => {
    const expiresAt = new Date(Date.now() + 4_000);
    const caller = await newCaller(t, 1n, { expiresAt });
    const subscriber = subscribe(transport, t.url, BALANCE, caller);
    await event(subscriber, 0);
    await until('the cut', () => subscriber.end(), CUT_MS);
    // A clock may step back.
    expect(Date.now()).toBeGreaterThan(expiresAt.getTime() - 100);
    expect(await cutWith(subscriber)).toBe(REVOKED[transport]);
  });

  test('who signs out is cut off, and nobody else', async () => {
    const person = await signUp(
      { url: t.url, outboxDir: folder.path },
      `${newId('run')}@x.test`.toLowerCase(),
    );
    const there = subscribe(transport, otherUrl, BALANCE, { secret: person.token });
    const bystander = subscribe(transport, otherUrl, BALANCE, await newCaller(t, 1n));
    await event(there, 0);
    await event(bystander, 0);
    await person.gql('mutation { signOut { userErrors { code message path details } } }');
    expect(await cutWith(there)).toBe(REVOKED[transport]);
    expect(bystander.end()).toBeUndefined();
    bystander.close();
  });

  test('whose role changes is asked to connect again', async () => {
    const person = await signUp(
      { url: t.url, outboxDir: folder.path },
      `${newId('run')}@x.test`.toLowerCase(),
    );
    const there = subscribe(transport, otherUrl, BALANCE, { secret: person.token });
    await event(there, 0);
    await t.database.query(
      `UPDATE membership SET role = 'VIEWER' WHERE user_id =
      (SELECT id FROM app_user WHERE email = $1)`,
      [person.email],
    );
    expect(await cutWith(there)).toBe(CHANGED[transport]);
  });

  test('a closed account hears nothing more', async () => {
    const caller = await newCaller(t, 1n);
    const subscriber = subscribe(transport, otherUrl, BALANCE, caller);
    await event(subscriber, 0);
    await t.database.query(
      `UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`,
      [caller.accountId],
    );
    expect(await cutWith(subscriber)).toBe(REVOKED[transport]);
  });

  test('a key without the scope hears nothing, and nobody hears another account', async () => {
    const blind = await newCaller(t, 1n, { scopes: ['INFERENCE'] });
    const refused = subscribe(transport, t.url, BALANCE, blind);
    await ended(refused);
    const [error] = refused.events[0]?.errors ?? refused.end();
    expect(error.extensions.code).toBe('FORBIDDEN');
    const [rich, poor] = [await newCaller(t, 1n), await newCaller(t, 2n)];
    const subscriber = subscribe(transport, t.url, BALANCE, poor);
    await event(subscriber, 0);
    const change = { accountId: rich.accountId, nanos: 7n, reason: 'test', actor: 'system' };
    await t.app.services.credits.grant(change);
    await t.app.services.credits.grant({ ...change, accountId: poor.accountId });
    await event(subscriber, 1);
    expect(subscriber.events.map(({ data }) => data.balanceChanged.balance.postedNanos)).toEqual([
      '2',
      '9',
    ]);
    subscriber.close();
  });

  test('an account has so many connections at most', async () => {
    const caller = await newCaller(t, 1n);
    const open = Array.from({ length: 5 }, () => subscribe(transport, t.url, BALANCE, caller));
    for (const one of open) await event(one, 0);
    const refused = subscribe(transport, t.url, BALANCE, caller);
    const end = await ended(refused);
    if (transport === 'websocket') expect(end.code).toBe(1013);
    else expect(end.response.status).toBe(503);
    for (const one of open) one.close();
    await until('the places to be free', async () => {
      const again = subscribe(transport, t.url, BALANCE, caller);
      const got = await event(again, 0).catch(() => undefined);
      again.close();
      return got;
    });
  });
});

describe('who calls a WebSocket', () => {
  const wsUrl = () => `${t.url.replace('http', 'ws')}/graphql`;
  /** The status that answers an upgrade: 101 when it is one. */
  const upgrade = (headers: Record<string, string>, path = '') =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`${wsUrl()}${path}`, 'graphql-transport-ws', { headers });
      socket.on('open', () => {
        resolve(101);
        socket.close();
      });
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
      });
      socket.on('error', () => undefined);
    });
  const closed = async (socket: WebSocket) => ((await once(socket, 'close')) as [number])[0];
  const opened = async () => {
    const socket = new WebSocket(wsUrl(), 'graphql-transport-ws');
    await once(socket, 'open');
    return socket;
  };

  test('a page of another origin cannot use the cookie of a session', async () => {
    const cookie = 'gigarouter.session_token=x';
    expect(await upgrade({ cookie, origin: 'https://evil.test' })).toBe(403);
    expect(await upgrade({ cookie, origin: readConfig({}).publicUrl })).toBe(101);
    expect(await upgrade({ cookie })).toBe(101);
    expect(await upgrade({ origin: 'https://page.test' })).toBe(101);
    const stream = await fetch(`${t.url}/graphql/stream?query=${encodeURIComponent(MODELS)}`, {
      headers: { cookie, origin: 'https://evil.test' },
    });
    expect(stream.status).toBe(403);
  });

  test('a credential that is wrong is refused, in a header and in the first message', async () => {
    expect(await upgrade(bearer('gr-wrong'))).toBe(401);
    const wrong = subscribe('websocket', t.url, BALANCE, { secret: 'gr-wrong' });
    expect((await ended(wrong)).code).toBe(4401);
  });

  test('a key in the address counts for nothing', async () => {
    const { secret } = await newCaller(t, 1n);
    const url = `${t.url}/graphql/stream?authorization=Bearer%20${secret}&query=${encodeURIComponent(BALANCE)}`;
    expect(await (await fetch(url)).text()).toContain('UNAUTHENTICATED');
  });

  test('who never begins is closed, and so is who sends what is too large or no message', async () => {
    const [silent, large, odd] = [await opened(), await opened(), await opened()];
    large.send(JSON.stringify({ type: 'connection_init', payload: { x: 'x'.repeat(1 << 20) } }));
    expect(await closed(large)).toBe(1009);
    odd.send('{"type":');
    expect(await closed(odd)).toBe(4400);
    expect(await closed(silent)).toBe(4408);
  });

  test('an address has so many connections of unknown callers at most', async () => {
    const sockets = await Promise.all(Array.from({ length: 30 }, opened));
    const refused = await opened();
    expect(await closed(refused)).toBe(1013);
    for (const socket of sockets) socket.terminate();
  });

  test('a connection has so many subscriptions at most', async () => {
    const socket = await opened();
    const messages: { type: string; id?: string }[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
    socket.send('{"type":"connection_init"}');
    await until('the welcome', () => messages[0]);
    for (let n = 0; n < 21; n++) {
      socket.send(JSON.stringify({ type: 'subscribe', id: String(n), payload: { query: MODELS } }));
    }
    const refused = await until('the refusal', () => messages.find(({ type }) => type === 'error'));
    expect(refused).toMatchObject({
      id: '20',
      payload: [{ extensions: { code: 'RATE_LIMITED' } }],
    });
    socket.terminate();
  });

  test('an address without WebSockets answers an upgrade as any request, and hangs up', async () => {
    expect(await upgrade({}, '/nothing')).toBe(404);
    const socket: Socket = connect(Number(new URL(t.url).port), '127.0.0.1');
    socket.write(
      'GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    socket.resume();
    await once(socket, 'close');
  });
});

test('a server that stops sends its subscribers elsewhere, and is not held up', async () => {
  const third = await createApp({ ...readConfig({}), ...settings }, t.database.url, {
    logger: createLogger('info', { write: () => undefined }),
  });
  const url = await third.server.listen({ port: 0, host: '127.0.0.1' });
  const caller = await newCaller(t, 1n);
  const [ws, sse] = TRANSPORTS.map((transport) => subscribe(transport, url, BALANCE, caller));
  if (ws === undefined || sse === undefined) throw new Error('There are two.');
  await event(ws, 0);
  await event(sse, 0);
  // Clients open connections in advance, and send nothing on them.
  const unused = connect(Number(new URL(url).port), '127.0.0.1');
  await once(unused, 'connect');
  const startedAt = Date.now();
  await third.stop();
  // A connection that held it up would do so for a minute or more.
  expect(Date.now() - startedAt).toBeLessThan(20_000);
  expect((await ended(ws)).code).toBe(1001);
  // A stream that breaks off is an error to its client, which opens another; "complete" would end it.
  expect(await ended(sse)).not.toBe('complete');
});

test('what is open is on /metrics', async () => {
  const caller = await newCaller(t, 1n);
  const subscriber = subscribe('sse', t.url, BALANCE, caller);
  await event(subscriber, 0);
  expect(await metric(t, 'gigarouter_live_connections{transport="sse"}')).toBe(1);
  expect(await metric(t, 'gigarouter_live_subscriptions{field="balanceChanged"}')).toBe(1);
  expect(await metric(t, 'gigarouter_live_events_total{field="balanceChanged"}')).toBeGreaterThan(
    0,
  );
  subscriber.close();
  await until('the connection to be forgotten', async () =>
    (await metric(t, 'gigarouter_live_connections{transport="sse"}')) === 0 ? true : undefined,
  );
});
