import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { ImageDownloader } from '../../src/inference/image-url.gateway.js';
import type { Resolve } from '../../src/platform/outbound.js';
import { isPublicAddress } from '../../src/platform/public-address.js';

const PICTURE = readFileSync('models/demo-shapes/samples/green-heart.png');
const BYTES_MAX = 1_000_000;
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const names =
  (table: Record<string, string[]>): Resolve =>
  (host) =>
    Promise.resolve((table[host] ?? []).map((address) => ({ address, family: 4 })));

/** Reaches only what the public internet is, unless told otherwise. */
const downloader = (over: { allow?: string[]; timeoutMs?: number } = {}, resolve?: Resolve) =>
  new ImageDownloader({ bytesMax: BYTES_MAX, timeoutMs: 5_000, allow: [], ...over }, resolve);
const local = (over: { timeoutMs?: number } = {}, resolve?: Resolve) =>
  downloader({ allow: ['127.0.0.1'], ...over }, resolve);
const never = new AbortController().signal;

let inner: number;
let innerRequests = 0;
beforeAll(async () => {
  inner = await serve((_request, response) => {
    innerRequests += 1;
    response.end(PICTURE);
  });
});
beforeEach(() => (innerRequests = 0));

test('an address that is allowed is fetched', async () => {
  const bytes = await local().download(`http://127.0.0.1:${String(inner)}/x.png`, never);
  expect(bytes.equals(PICTURE)).toBe(true);
});

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://0/',
  'http://0.0.0.0/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://192.0.0.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:7f00:1::]/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
])('%s leads to nowhere', async (url) => {
  await expect(downloader().download(url, never)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: 'The image address is not on the public internet.',
  });
});

test('public addresses are public', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111']) {
    expect([address, isPublicAddress(address)]).toEqual([address, true]);
  }
});

test('a name that resolves to this machine, also among public addresses, is refused', async () => {
  const resolve = names({ 'inner.test': ['127.0.0.1'], 'mixed.test': ['8.8.8.8', '127.0.0.1'] });
  for (const host of ['inner.test', 'mixed.test']) {
    await expect(
      downloader({}, resolve).download(`http://${host}:${String(inner)}/`, never),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  }
  expect(innerRequests).toBe(0);
});

test('a name is asked for once: a second answer cannot lead elsewhere', async () => {
  let asked = 0;
  const resolve: Resolve = () => {
    asked += 1;
    return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
  };
  await local({}, resolve).download(`http://rebind.test:${String(inner)}/`, never);
  expect(asked).toBe(1);
});

test.each([301, 302, 303, 307, 308])(
  'a redirect (%i) to an address that is not public is refused',
  async (status) => {
    // The second server is on another address of this machine, which is not allowed.
    const port = await serve((_request, response) => {
      response.writeHead(status, { location: `http://localhost:${String(inner)}/` }).end();
    });
    const resolve = names({ localhost: ['127.0.0.2'] });
    await expect(
      local({}, resolve).download(`http://127.0.0.1:${String(port)}/`, never),
    ).rejects.toMatchObject({ message: expect.stringContaining('public internet') as string });
    expect(innerRequests).toBe(0);
  },
);

test('three redirects are followed, four are not', async () => {
  const port = await serve((request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) response.end(PICTURE);
    else response.writeHead(302, { location: `/${String(left - 1)}` }).end();
  });
  const url = (redirects: number) => `http://127.0.0.1:${String(port)}/${String(redirects)}`;
  expect(await local().download(url(3), never)).toHaveLength(PICTURE.length);
  await expect(local().download(url(4), never)).rejects.toMatchObject({
    message: expect.stringContaining('redirects more than 3 times') as string,
  });
});

test('one byte a second is given up in time', async () => {
  const port = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'image/png' });
    const timer = setInterval(() => response.write('x'), 1_000);
    response.on('close', () => {
      clearInterval(timer);
    });
  });
  const startedAt = performance.now();
  await expect(
    local({ timeoutMs: 1_500 }).download(`http://127.0.0.1:${String(port)}/`, never),
  ).rejects.toMatchObject({ message: 'The image was not downloaded within 1500 ms.' });
  // Without an end it would take a day.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test.each([
  ['announced', { 'content-length': String(5 * 2 ** 30) }],
  ['not announced', {}],
])('5 GB that are %s are cut off', async (_name, headers) => {
  let sent = 0;
  const port = await serve((_request, response) => {
    response.writeHead(200, headers as Record<string, string>);
    const chunk = Buffer.alloc(64 * 1_024);
    const write = () => {
      while (!response.destroyed && sent < 5 * 2 ** 30) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', write);
          return;
        }
      }
    };
    write();
  });
  await expect(local().download(`http://127.0.0.1:${String(port)}/`, never)).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
  });
  expect(sent).toBeLessThan(50 * 2 ** 20);
});

test.each([
  ['no URL', 'not a url'],
  ['another protocol', 'file:///etc/passwd'],
  ['gopher', 'gopher://127.0.0.1/'],
  ['a password', 'http://user:secret@example.org/'],
  ['a very long one', `http://example.org/${'x'.repeat(3_000)}`],
  ['a name that nobody has', 'http://no-such-name.invalid/x.png'],
])('%s is refused', async (_name, url) => {
  await expect(downloader().download(url, never)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test.each([
  ['another status', 404, {}, 'x', 'status 404'],
  ['nothing', 200, {}, '', 'empty body'],
  ['a compressed body', 200, { 'content-encoding': 'gzip' }, 'x', 'compressed'],
])('%s is told', async (_name, status, headers, body, message) => {
  const port = await serve((_request, response) => {
    response.writeHead(status, headers as Record<string, string>).end(body);
  });
  await expect(local().download(`http://127.0.0.1:${String(port)}/`, never)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining(message) as string,
  });
});

test('who leaves while it is fetched is let go at once', async () => {
  const port = await serve(() => undefined);
  const leaver = new AbortController();
  const download = local().download(`http://127.0.0.1:${String(port)}/`, leaver.signal);
  setTimeout(() => {
    leaver.abort(new Error('left'));
  }, 50);
  await expect(download).rejects.toThrow('left');
});
