import { type BrokenRequest, broken, ENDINGS, garbage, inPieces } from './broken-request.js';
import type { Random } from './random.js';

/** Requests of some kind, whole: they are broken afterwards. */
export type Sample = (random: Random) => { readonly name: string; readonly bytes: Buffer };

/** So many of the samples, each broken, or not even that, on a connection that ends somehow. */
export function* brokenAtRandom(
  random: Random,
  samples: readonly Sample[],
  count: number,
): Generator<BrokenRequest> {
  for (let at = 0; at < count; at += 1) yield breakOne(random, samples);
}

/** Every wrong way to frame a body, once, at each of these. */
export function* everyFraming(heads: readonly string[]): Generator<BrokenRequest> {
  let at = 0;
  for (const head of heads) {
    for (const framing of FRAMINGS) {
      at += 1;
      const text = `${head} HTTP/1.1\r\nHost: x\r\n${framing}\r\nx`;
      const ending = at % 2 === 0 ? 'half-close' : 'reset';
      const from = addressOf(at);
      const pieces = [Buffer.from(text, 'latin1')];
      yield { name: `${JSON.stringify(text.slice(0, 100))}, ${ending}`, pieces, ending, from };
    }
  }
}

/** The same request, cut behind every nth of its bytes. */
export function* everyCut(
  sample: ReturnType<Sample>,
  { step, ending }: { step: number; ending: BrokenRequest['ending'] },
): Generator<BrokenRequest> {
  const { name, bytes } = sample;
  for (let at = 1; at <= bytes.length; at += step) {
    const pieces = [bytes.subarray(0, at)];
    yield {
      name: `${name}, ${ending} after ${String(at)} bytes`,
      pieces,
      ending,
      from: addressOf(at),
    };
  }
}

function breakOne(random: Random, samples: readonly Sample[]): BrokenRequest {
  const sample = random.pick(samples);
  if (sample === undefined) throw new RangeError('There are no samples.');
  const { name, bytes } = sample(random);
  const ending = random.pick(ENDINGS) ?? 'reset';
  const pieces = inPieces(random, broken(random, bytes));
  return { name: `${name}, ${ending}`, pieces, ending, from: addressOf(random.int(0, 2 ** 22)) };
}

/** One of the many addresses of the loopback interface. */
function addressOf(at: number): string {
  const [a, b, c] = [1 + ((at >> 14) & 127), (at >> 7) & 127, 2 + (at & 127)];
  return `127.${String(a)}.${String(b)}.${String(c)}`;
}

/** A request whose head and body do not fit each other, to one of these. */
export function badFraming(heads: readonly string[], headers: readonly string[]): Sample {
  return (random) => {
    const head = random.pick(heads) ?? '';
    const framing = random.pick(FRAMINGS) ?? '';
    const chosen = headers.filter(() => random.chance(0.5)).map((line) => `${line}\r\n`);
    const body = random.pick(BODIES) ?? '';
    const version = random.chance(0.9) ? 'HTTP/1.1' : (random.pick(VERSIONS) ?? '');
    const text = `${head} ${version}\r\nHost: x\r\n${chosen.join('')}${framing}\r\n${body}`;
    const bytes = Buffer.from(text, 'latin1');
    return {
      name: JSON.stringify(text.slice(0, 200)),
      // A second request on the same connection: what is left of the first must not be taken for it.
      bytes: random.chance(0.2) ? Buffer.concat([bytes, bytes]) : bytes,
    };
  };
}

/** A whole request with a body that is announced as it is. */
export function request(head: string, headers: readonly string[], body: Buffer | string): Buffer {
  const bytes = Buffer.from(body);
  const lines = [`${head} HTTP/1.1`, 'Host: x', ...headers];
  if (bytes.length > 0) lines.push(`Content-Length: ${String(bytes.length)}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** The same samples with a body in chunks, or that lies about its length. */
export function reframed(sample: Sample): Sample {
  return (random) => {
    const { name, bytes } = sample(random);
    const text = bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const head = text.slice(0, end).replace(/\r\nContent-Length: \d+/, '');
    const body = Buffer.from(text.slice(end + 4), 'latin1');
    if (random.chance(0.3)) {
      const length = random.pick([
        0,
        1,
        body.length - 1,
        body.length + 1,
        body.length * 2,
        2 ** 40,
      ]);
      const lies = `${head}\r\nContent-Length: ${String(Math.max(0, length ?? 0))}\r\n\r\n`;
      return {
        name: `${name}, of a wrong length`,
        bytes: Buffer.concat([Buffer.from(lies, 'latin1'), body]),
      };
    }
    const parts: Buffer[] = [
      Buffer.from(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`, 'latin1'),
    ];
    for (let at = 0; at < body.length;) {
      const size = random.int(1, Math.max(1, Math.ceil(body.length / 3)));
      const chunk = body.subarray(at, at + size);
      const said = random.chance(0.95) ? chunk.length : random.int(0, 2 ** 31);
      parts.push(Buffer.from(`${said.toString(16)}\r\n`), chunk, Buffer.from('\r\n'));
      at += size;
      if (random.chance(0.02)) parts.push(garbage(random));
    }
    if (random.chance(0.9)) parts.push(Buffer.from('0\r\n\r\n'));
    return { name: `${name}, in chunks`, bytes: Buffer.concat(parts) };
  };
}

const VERSIONS = ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'http/1.1', '', 'RTSP/1.0'];

// cspell:ignore xchunked
const FRAMINGS = [
  '',
  'Transfer-Encoding: gzip\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: chunked, gzip\r\n',
  'Transfer-Encoding: chunked, chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding: \r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n',
  'Content-Length: 5\r\nContent-Length: 6\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: +5\r\n',
  'Content-Length: 0x5\r\n',
  'Content-Length: 5, 5\r\n',
  'Content-Length: 99999999999999999999999\r\n',
  'Content-Length: 999999\r\n',
  'Content-Length: 2\r\n',
  'Content-Length: 0\r\n',
  'Expect: 100-continue\r\nContent-Length: 20\r\n',
  'Expect: the-unexpected\r\nContent-Length: 2\r\n',
  'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Connection: upgrade\r\nUpgrade: \r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 8\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: gzip\r\n',
  'Connection: close, keep-alive, upgrade\r\nUpgrade: websocket, h2c, \0\r\n',
  'Trailer: x\r\nTransfer-Encoding: chunked\r\n',
  'Content-Encoding: gzip\r\nContent-Length: 5\r\n',
  'Content-Type: application/json; charset="\r\nContent-Length: 2\r\n',
  'Content-Type: multipart/form-data\r\nContent-Length: 8\r\n',
  'Content-Type: multipart/form-data; boundary=\r\nTransfer-Encoding: chunked\r\n',
  `X-Long: ${'a'.repeat(20_000)}\r\n`,
  'X-Many: 1\r\n'.repeat(2_100),
  ' folded: yes\r\n',
  'no colon\r\n',
  ': no name\r\n',
];

const BODIES = [
  '',
  'x',
  '{}',
  '{"query":"{ __typename }"}',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhel',
  'zz\r\nhello\r\n0\r\n\r\n',
  'ffffffffffffffff1\r\nhello',
  '-5\r\nhello\r\n0\r\n\r\n',
  '5;ext="\0"\r\nhello\r\n0\r\n\r\n',
  '5\r\nhelloXX0\r\n\r\n',
  '2\r\n{}\r\n0\r\nTrailer\0: x\r\n\r\n',
  '1\r\n{\r\n'.repeat(200),
  'GET /smuggled HTTP/1.1\r\nHost: y\r\n\r\n',
];
