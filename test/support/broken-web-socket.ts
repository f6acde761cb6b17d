import { broken, garbage } from './broken-request.js';
import type { Sample } from './broken-http.js';
import type { Random } from './random.js';

// cspell:ignore permessage

/** A handshake of one sort or another, and frames that come right behind it. */
export function webSocket(path: string, headers: readonly string[]): Sample {
  return (random) => {
    const handshake = random.chance(0.8)
      ? handshakeOf(path, { headers })
      : handshakeOf(path, {
          headers,
          key: random.pick(['', 'x', 'dGhlIHNhbXBsZSBub25jZQ', 'AAAAAAAAAAAAAAAAAAAAAA==']),
          version: random.pick(['8', '13', '99', '', '13, 8']),
          protocol: random.pick(['', 'soap', 'graphql-ws', ',', '"', 'x'.repeat(5_000)]),
          extensions: random.pick(['permessage-deflate', 'permessage-deflate; x="', ';;', '\x01']),
        });
    const count = random.int(0, 6);
    const frames = Array.from({ length: count }, () => frameOf(random));
    return {
      name: `WebSocket with ${String(count)} frames`,
      bytes: Buffer.concat([handshake, ...frames]),
    };
  };
}

function handshakeOf(
  path: string,
  options: {
    headers: readonly string[];
    key?: string | undefined;
    version?: string | undefined;
    protocol?: string | undefined;
    extensions?: string | undefined;
  },
): Buffer {
  const { headers, extensions } = options;
  const { key = 'dGhlIHNhbXBsZSBub25jZQ==', version = '13' } = options;
  const { protocol = 'graphql-transport-ws' } = options;
  const lines = [
    `GET ${path} HTTP/1.1`,
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${version}`,
    `Sec-WebSocket-Protocol: ${protocol}`,
    ...(extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    ...headers,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const SUBSCRIBE = 'subscription { modelStatusChanged { slug } }';

/** What the protocol knows, in any order, and what it does not. */
const MESSAGES = [
  '{"type":"connection_init"}',
  '{"type":"connection_init","payload":{"authorization":"Bearer gr-nobody"}}',
  '{"type":"connection_init","payload":{"authorization":7}}',
  '{"type":"ping"}',
  '{"type":"pong","payload":null}',
  JSON.stringify({ id: '1', type: 'subscribe', payload: { query: SUBSCRIBE } }),
  JSON.stringify({ id: '2', type: 'subscribe', payload: { query: '{' } }),
  JSON.stringify({ id: '3', type: 'subscribe', payload: { query: '{ __typename }' } }),
  JSON.stringify({ id: 'x'.repeat(1_000), type: 'subscribe', payload: { query: SUBSCRIBE } }),
  JSON.stringify({ id: '1', type: 'subscribe', payload: {} }),
  '{"id":"1","type":"complete"}',
  '{"id":"9","type":"next","payload":{}}',
  '{"type":"unknown"}',
  '{"type":{}}',
  '[]',
  'null',
  '{',
  '',
  `{"type":"${'y'.repeat(2_000)}"}`,
  '"\uD800"',
];

/** A frame, masked as clients mask; now and then one that no client may send. */
function frameOf(random: Random): Buffer {
  const message = Buffer.from(random.pick(MESSAGES) ?? '');
  if (random.chance(0.6)) return frame(0x81, message);
  switch (random.int(0, 9)) {
    case 0:
      return frame(0xf1, message); // Reserved bits.
    case 1:
      return frame(0x83, message); // No such kind of frame.
    case 2:
      return frame(0x81, message, { masked: false });
    case 3:
      return frame(0x09, message); // A ping in parts.
    case 4:
      return frame(0x89, Buffer.alloc(200)); // A ping that is too long.
    case 5:
      return frame(0x88, Buffer.from([random.int(0, 255), random.int(0, 255)])); // Closed with some code.
    case 6:
      return frame(0x88, Buffer.from([0x03])); // Half a code.
    case 7:
      return frame(0x80, message); // Goes on with what never began.
    case 8:
      return frame(0x81, garbage(random)); // Text that is no UTF-8.
    default:
      return broken(random, frame(random.pick([0x01, 0x82]) ?? 0x82, Buffer.alloc(70_000)));
  }
}

/** RFC 6455, 5.2. @param first the first byte: flags and kind */
function frame(first: number, payload: Buffer, { masked = true } = {}): Buffer {
  const flag = masked ? 0x80 : 0;
  const size = payload.length;
  const head =
    size < 126
      ? Buffer.from([first, flag | size])
      : size < 65_536
        ? Buffer.from([first, flag | 126, size >> 8, size & 255])
        : Buffer.from([
            first,
            flag | 127,
            0,
            0,
            0,
            0,
            0,
            size >> 16,
            (size >> 8) & 255,
            size & 255,
          ]);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = Buffer.from([1, 2, 3, 4]);
  const body = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([head, mask, body]);
}
