import { type AddressInfo, connect, type Socket } from 'node:net';
import { startTestApp, type TestApp } from '../support/app.js';
import { until } from '../support/process.js';

const PER_ADDRESS = 5;
const PROXY = '127.0.0.9';

let t: TestApp;
let port: number;
beforeAll(async () => {
  t = await startTestApp({
    env: { CONNECTIONS_PER_ADDRESS: String(PER_ADDRESS), TRUST_PROXY: PROXY },
    background: false,
  });
  port = (t.app.server.server.address() as AddressInfo).port;
});
afterEach(() => {
  for (const { socket } of opened.splice(0)) socket.destroy();
});
afterAll(() => t.stop());

interface Open {
  readonly socket: Socket;
  /** What was answered so far. */
  text(): string;
  isOver(): boolean;
}

const opened: Open[] = [];

function open(localAddress: string, sent = ''): Open {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  // Whoever is hung up on may see a reset.
  socket.on('error', () => undefined);
  if (sent !== '') socket.write(sent);
  const one = { socket, text: () => text, isOver: () => socket.closed || socket.readableEnded };
  opened.push(one);
  return one;
}

const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
const answered = (one: Open) =>
  until('an answer', () => (one.text().includes('HTTP/1.1') ? one.text() : undefined));
const over = (one: Open) => until('the end of a connection', () => one.isOver() || undefined);

test('an address has so many connections, and one more is refused at once', async () => {
  const [address, other] = ['127.0.2.1', '127.0.2.2'];
  const all = Array.from({ length: PER_ADDRESS }, () => open(address, GET));
  for (const one of all) expect(await answered(one)).toContain('200 OK');

  const refused = open(address);
  expect(await answered(refused)).toMatch(/^HTTP\/1.1 429 [^]*retry-after: \d+[^]*RATE_LIMITED/);
  await over(refused);
  expect(await answered(open(other, GET))).toContain('200 OK');

  all[0]?.socket.destroy();
  await until('room for another one', async () => {
    const next = open(address, GET);
    const text = await answered(next);
    if (text.includes('200 OK')) return true;
    next.socket.destroy();
    return undefined;
  });
});

test('a trusted proxy has as many as it needs', async () => {
  const all = Array.from({ length: PER_ADDRESS * 4 }, () => open(PROXY, GET));
  for (const one of all) expect(await answered(one)).toContain('200 OK');
});

test('connections that are silent or drip are closed, and slow ones are not', async () => {
  const HEAD = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const BYTES = 200_000;
  const body = `${HEAD}Content-Length: ${String(BYTES)}\r\n\r\n{`;
  const idle = {
    'says nothing': open('127.0.3.1'),
    'ends in its head': open('127.0.3.2', HEAD),
    'ends in its body': open('127.0.3.3', body),
    'ends in the head of its second request': open('127.0.3.4', `${GET}GET /heal`),
  };
  const dripping = {
    'drips its head': open('127.0.3.5', HEAD),
    'drips its body': open('127.0.3.6', body),
    'drips chunks': open('127.0.3.7', `${HEAD}Transfer-Encoding: chunked\r\n\r\n`),
  };
  const slow = open('127.0.3.8', body);
  let sent = 1;
  const drip = setInterval(() => {
    dripping['drips its head'].socket.write('X-Drip: 1\r\n');
    dripping['drips its body'].socket.write(' ');
    dripping['drips chunks'].socket.write('1\r\n \r\n');
    const more = Math.min(4_096, BYTES - sent);
    if (more > 0) slow.socket.write(' '.repeat(more));
    sent += more;
  }, 500);
  try {
    for (const one of Object.values({ ...idle, ...dripping })) await over(one);
    for (const one of [dripping['drips its body'], dripping['drips chunks']]) {
      expect(one.text()).toContain('HTTP/1.1 408');
    }
    // It breaks off, which is not JSON; but all of it was read.
    expect(await answered(slow)).toContain('HTTP/1.1 400');
  } finally {
    clearInterval(drip);
  }
});

test('requests on one connection do not hold up all others: what is sent without end is not begun', async () => {
  const answers = () => t.log.filter((line) => line.includes('"route":"/healthz"')).length;
  const before = answers();
  const few = open('127.0.3.1', GET.repeat(16));
  await until('all answers', () => few.text().split('HTTP/1.1 200').length === 17 || undefined);
  expect(answers() - before).toBe(16);

  const many = open('127.0.3.2', GET.repeat(1_000));
  await over(many);
  expect(answers() - before).toBeLessThanOrEqual(32);
});
