import { connect, type Socket } from 'node:net';
import { startStripeSimulator, type StripeSimulator } from '@gigarouter/stripe-simulator';
import { type MailViewer, startMailViewer } from '../../src/mail-viewer/mail-viewer.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

/*
 * Requests that are refused before their body has come. Whatever the sender does then, its connection is of use again or
 * is closed: none hangs until it times out.
 */

let t: TestApp;
let caller: Caller;
let stripe: StripeSimulator;
let mailViewer: MailViewer;
beforeAll(async () => {
  t = await startTestApp({ background: false });
  caller = await newCaller(t, 1_000_000n);
  stripe = await startStripeSimulator();
  mailViewer = await startMailViewer({ outboxDir: '/nowhere', port: 0 });
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(async () => {
  await mailViewer.stop();
  await stripe.stop();
  await t.stop();
});

const sockets: Socket[] = [];

interface Door {
  readonly head: string;
  readonly type?: string;
  readonly hasKey?: true;
  /** What the body begins with. */
  readonly begins?: string;
  /** undefined: any, or none. */
  readonly status: number | undefined;
  /** Left out: the api. */
  readonly at?: 'Stripe' | 'mail viewer';
}

const JSON_TYPE = 'application/json';
const FORM = 'multipart/form-data; boundary=b';
const part = (disposition: string) =>
  `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`;
const filePart = part('name="file"; filename="x"');

const DOORS: Readonly<Record<string, Door>> = {
  'GraphQL, too large': { head: 'POST /graphql', type: JSON_TYPE, status: 413 },
  'a method that is not taken': { head: 'PUT /graphql', type: JSON_TYPE, status: 405 },
  'an event stream': { head: 'POST /graphql/stream', type: JSON_TYPE, status: 413 },
  'an upload of nobody': { head: 'POST /v1/files', type: FORM, begins: filePart, status: 401 },
  'an upload that is no file': {
    head: 'POST /v1/files',
    type: 'image/png',
    hasKey: true,
    begins: '\xff\xff',
    status: 415,
  },
  'a form with a file that is none': {
    head: 'POST /v1/files',
    type: FORM,
    hasKey: true,
    begins: `${filePart}\xff\xff`,
    status: 415,
  },
  'a form with another file': {
    head: 'POST /v1/files',
    type: FORM,
    hasKey: true,
    begins: part('name="other"; filename="x"'),
    status: 400,
  },
  'a call by form of nobody': {
    head: 'POST /v1/inference/gigarouter/demo-shapes',
    type: FORM,
    begins: filePart,
    status: 401,
  },
  'REST of nobody': { head: 'POST /v1/embeddings', type: JSON_TYPE, status: 401 },
  'REST, no JSON': {
    head: 'POST /v1/embeddings',
    type: 'text/plain',
    hasKey: true,
    status: 415,
  },
  'the identity library': { head: 'POST /api/auth/sign-in/email', type: JSON_TYPE, status: 413 },
  'a page’s form': {
    head: 'POST /auth/verify-email',
    type: 'application/x-www-form-urlencoded',
    status: 413,
  },
  'Stripe’s webhook': { head: 'POST /webhooks/stripe', type: JSON_TYPE, status: 413 },
  'an address that leads nowhere': { head: 'POST /nowhere', type: JSON_TYPE, status: 404 },
  'the Stripe double': {
    head: 'POST /v1/customers',
    type: 'application/x-www-form-urlencoded',
    // It hangs up at once: whoever is still sending may not see it.
    status: undefined,
    at: 'Stripe',
  },
  'the mail viewer': {
    head: 'POST /mails/x',
    type: JSON_TYPE,
    // As the double.
    status: undefined,
    at: 'mail viewer',
  },
};

function urlOf({ at }: Door): URL {
  const urls = { Stripe: stripe.url, 'mail viewer': mailViewer.url };
  return new URL(at === undefined ? t.url : urls[at]);
}

interface Sender {
  /** Of the body, as it announces it. */
  readonly framing: string;
  /** Bytes that it sends; then it asks something else. */
  readonly bytes: number;
  readonly isChunked?: true;
}

const MIB = 2 ** 20;
const SENDERS: Readonly<Record<string, Sender>> = {
  'sends all of it, and goes on': { framing: `Content-Length: ${String(2 * MIB)}`, bytes: 2 * MIB },
  'stops in the middle': { framing: `Content-Length: ${String(2 * MIB)}`, bytes: MIB },
  'sends without end': { framing: 'Transfer-Encoding: chunked', bytes: Infinity, isChunked: true },
};

/** Status of the answer, once the connection has given another one, or is closed. */
async function statusOf(door: Door, { framing, bytes, isChunked }: Sender) {
  const socket = connect(Number(urlOf(door).port), '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const isOver = () => socket.closed || socket.destroyed || socket.readableEnded;
  const key = door.hasKey === true ? `Authorization: Bearer ${caller.secret}\r\n` : '';
  const type = door.type === undefined ? '' : `Content-Type: ${door.type}\r\n`;
  // Under another name the mail viewer refuses everything.
  socket.write(`${door.head} HTTP/1.1\r\nHost: localhost\r\n${key}${type}${framing}\r\n\r\n`);
  const write = (piece: Buffer) => {
    if (isChunked === true) socket.write(`${piece.length.toString(16)}\r\n`);
    const isTaken = socket.write(piece);
    return isChunked === true ? socket.write('\r\n') : isTaken;
  };
  const begins = Buffer.from(door.begins ?? '', 'latin1');
  if (begins.length > 0) write(begins);
  for (let sent = begins.length; sent < bytes && !isOver();) {
    const piece = Buffer.alloc(Math.min(65_536, bytes - sent), 'x');
    sent += piece.length;
    if (write(piece)) await new Promise(setImmediate);
    else await until('room, or the end', () => isOver() || !socket.writableNeedDrain || undefined);
  }
  if (!isOver()) socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const statuses = () =>
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  await until('a second answer, or the end', () => isOver() || statuses().length > 1 || undefined);
  return statuses()[0];
}

test.each(Object.entries(SENDERS))('whoever %s', async (_name, sender) => {
  const doors = Object.entries(DOORS);
  const statuses = await Promise.all(
    doors.map(async ([name, door]) => {
      const status = await statusOf(door, sender);
      return [name, door.status === undefined ? undefined : status];
    }),
  );
  expect(Object.fromEntries(statuses)).toEqual(
    Object.fromEntries(doors.map(([name, { status }]) => [name, status])),
  );
});
