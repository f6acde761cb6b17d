import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { AppError } from '../../src/errors.js';
import { SubscriberQueue } from '../../src/live/subscriber-queue.js';
import { type AccountId, newId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { event, metric, subscribe } from '../support/live.js';
import { newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.stop());

/** A subscriber at the bottom of the network, who asks for every run with much text and never reads. */
async function deafReader(secret: string): Promise<Socket> {
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
  await once(socket, 'connect');
  const names = Array.from({ length: 29 }, (_, n) => `a${String(n)}: modelSlug`).join(' ');
  const body = JSON.stringify({
    query: `subscription { runFinished { run { id ${names} } } }`,
  });
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${secret}\r\n` +
      `content-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
  );
  return socket.pause();
}

/** So many calls of an account that end; each event of them is some 30 KB. */
async function calls(accountId: AccountId, count: number): Promise<void> {
  const details = { model: 'x'.repeat(1_000) };
  const { credits } = t.app.services;
  const one = async () => {
    const runId = newId('run');
    await credits.hold({ runId, accountId, keyId: null, nanos: 1n, ttlMs: 60_000, details });
    await credits.capture({ runId, accountId, nanos: 1n, details });
  };
  for (let n = 0; n < count; n += 100) await Promise.all(Array.from({ length: 100 }, one));
}

test('a subscriber that never reads is ended at its bound, and what waited for it is forgotten', async () => {
  const { accountId, secret } = await newCaller(t, 1_000_000n);
  const socket = await deafReader(secret);
  const open = 'gigarouter_live_subscriptions{field="runFinished"}';
  const reader = subscribe('sse', t.url, 'subscription { runFinished { run { id } } }', {
    secret,
  });
  await until('both', async () => ((await metric(t, open)) === 2 ? true : undefined));
  // In portions that the reader has heard: who misses too many at once is told so instead.
  for (let heard = 0; heard < 2_000;) {
    await calls(accountId, 200);
    heard += 200;
    await event(reader, heard - 1);
  }
  await until('the events to be dropped', async () =>
    (await metric(t, 'gigarouter_live_dropped_total')) > 1_000 ? true : undefined,
  );
  // Others of the account hear on, and the account is not kept for the one who is gone.
  await calls(accountId, 100);
  await event(reader, 2_099);
  reader.close();
  await until('the account to be forgotten', () =>
    t.app.services.live.accountCount === 0 ? true : undefined,
  );
  socket.destroy();
  await until('the end', async () => ((await metric(t, open)) === 0 ? true : undefined));
});

test('who asks and asks on a WebSocket without reading is hung up on', async () => {
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1');
  await once(socket, 'connect');
  let closed = false;
  socket.on('error', () => undefined).on('close', () => (closed = true));
  socket.write(
    `GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n` +
      `sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  );
  socket.pause();
  socket.write(frame('{"type":"connection_init"}'));
  const ping = frame(JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(60_000) } }));
  let sent = 0;
  await until('the server to hang up', () => {
    for (let n = 0; n < 20 && !closed && socket.writableLength < 10_000_000; n++) {
      socket.write(ping);
      sent += 1;
    }
    return closed || socket.destroyed ? true : undefined;
  });
  // The system's own buffers took some; the server's did not grow with what was asked.
  expect(sent).toBeLessThan(2_000);
  expect(await metric(t, 'gigarouter_live_endings_total{reason="slow"}')).toBeGreaterThan(0);
});

/** A masked text frame, as clients send them. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
  // A mask of zeros changes nothing.
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

test('of what conflates only the newest waits', async () => {
  let dropped = 0;
  const queue = new SubscriberQueue<number>({
    keyOf: () => '',
    waitingMax: 1,
    onEnd: () => undefined,
    onDrop: (events) => (dropped += events),
  });
  for (let n = 0; n < 1_000; n++) queue.put(n);
  expect(await queue.next()).toEqual({ done: false, value: 999 });
  expect(dropped).toBe(999);
});

test('a queue that is full ends with its reason, after which nothing is kept', async () => {
  let ends = 0;
  const queue = new SubscriberQueue<number>({ waitingMax: 3, onEnd: () => (ends += 1) });
  for (let n = 0; n < 10; n++) queue.put(n);
  const failure = await queue.next().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AppError);
  expect(failure).toMatchObject({ code: 'OVERLOADED' });
  expect(await queue.next()).toEqual({ done: true, value: undefined });
  expect(ends).toBe(1);
});

test('a reader that leaves while it waits is let go', async () => {
  const queue = new SubscriberQueue<number>({ waitingMax: 3, onEnd: () => undefined });
  const waiting = queue.next();
  await queue.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
});
