// cspell:ignore nendobj
import { deflateSync } from 'node:zlib';
import { bearer, DEMO_MODEL, sample } from '../support/platform.js';
import { answered, type Attack, gql, refused, send, type World } from './attack.js';

const CLASSIFY = `mutation ($image: ImageInput!) {
  classifyImage(input: { model: "${DEMO_MODEL}", image: $image, labels: ["a", "b"] }) {
    cost { chargedNanos }
    userErrors { code message path details }
  }
}`;
const CODES = [
  'BAD_USER_INPUT',
  'UNSUPPORTED_MEDIA_TYPE',
  'PAYLOAD_TOO_LARGE',
  'FORBIDDEN',
  'QUERY_TOO_COMPLEX',
  'RATE_LIMITED',
];
const sendImage = (world: World, image: object) =>
  gql(world, CLASSIFY, { image }, bearer(world.attacker.secret));

const bytes = (
  id: string,
  attempt: string,
  make: () => Buffer,
  requirement = 'V5.2.2',
): Attack => ({
  id: `image-${id}`,
  requirement,
  attempt,
  run: async (world) =>
    refused(await sendImage(world, { base64: make().toString('base64') }), ...CODES),
});

const address = (id: string, url: string): Attack => ({
  id: `ssrf-${id}`,
  requirement: 'V1.3.6, API7:2023',
  attempt: `the server fetches ${url}`,
  run: async (world) => refused(await sendImage(world, { url }), ...CODES),
});

const crcTable = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc = (data: Buffer) => {
  let c = 0xffffffff;
  for (const byte of data) c = (crcTable[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};
function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const body = Buffer.concat([Buffer.from(type), data]);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(crc(body));
  return Buffer.concat([head, body, tail]);
}
/** A PNG of one color, whose rows take next to nothing when compressed. */
function png(width: number, height: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Pictures that are none, or too much; and addresses that lead inside. */
export const imageAttacks: readonly Attack[] = [
  bytes('empty', 'no bytes at all', () => Buffer.alloc(0)),
  bytes('text', 'text in place of a picture', () => Buffer.from('not a picture')),
  bytes('truncated', 'half of a picture', () => {
    const whole = Buffer.from(sample('green-heart.png'), 'base64');
    return whole.subarray(0, whole.length / 2);
  }),
  bytes(
    'pixel-bomb',
    'a PNG of 100,000 × 100,000 pixels in a few bytes',
    () => png(100_000, 100_000, deflateSync(Buffer.alloc(1_000))),
    'V5.2.3, API4:2023',
  ),
  bytes(
    'inflate-bomb',
    'a PNG of 20,000 × 20,000 pixels, complete: 400 MB of rows in 400 kB',
    () => png(20_000, 20_000, deflateSync(Buffer.alloc(20_000 * 1_000))),
    'V5.2.3, API4:2023',
  ),
  bytes(
    'svg-entity',
    'an SVG that includes a file of the server',
    () =>
      Buffer.from(
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&e;</text></svg>',
      ),
    'V1.5.1, V1.3.4',
  ),
  bytes(
    'svg-remote',
    'an SVG that loads from an address',
    () =>
      Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="http://127.0.0.1:4000/metrics"/></svg>',
      ),
    'V1.3.4, V1.3.6',
  ),
  bytes('pdf', 'a PDF', () => Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n')),
  bytes('gzip', 'gzip in place of a picture', () => Buffer.from('1f8b0800000000000003', 'hex')),
  {
    id: 'image-not-base64',
    requirement: 'V2.2.1',
    attempt: 'a text that is not base64',
    run: async (world) => refused(await sendImage(world, { base64: '%%%%' }), ...CODES),
  },
  {
    id: 'image-two-sources',
    requirement: 'V2.2.3',
    attempt: 'bytes and an address for one picture',
    run: async (world) =>
      refused(
        await sendImage(world, { base64: 'AAAA', url: 'https://example.org/x.png' }),
        ...CODES,
      ),
  },
  {
    id: 'image-upload-name',
    requirement: 'V5.3.2, V5.4.1',
    attempt: 'an upload whose name leads out of its folder',
    run: async (world) => {
      const form = new FormData();
      form.set('purpose', 'vision');
      form.set(
        'file',
        new Blob([Buffer.from(sample('green-heart.png'), 'base64')]),
        '../../../etc/cron.d/x\u0000.png',
      );
      const answer = await send(world, '/v1/files', {
        headers: bearer(world.attacker.secret),
        body: form,
      });
      if (answer.status >= 400) return answered(answer, 400);
      expect(answer.body.filename).not.toMatch(/\.\.\//);
      return `kept under an id of the server’s own`;
    },
  },
  {
    id: 'image-download-name',
    requirement: 'V5.4.2',
    attempt: 'an upload whose name breaks Content-Disposition',
    run: async (world) => {
      const form = new FormData();
      form.set('purpose', 'vision');
      form.set(
        'file',
        new Blob([Buffer.from(sample('green-heart.png'), 'base64')]),
        'x";filename="evil.html',
      );
      const { body } = await send(world, '/v1/files', {
        headers: bearer(world.attacker.secret),
        body: form,
      });
      const content = await send(world, `/v1/files/${String(body.id)}/content`, {
        headers: bearer(world.attacker.secret),
      });
      expect(content.headers.get('content-disposition') ?? 'attachment').toMatch(/attachment/);
      expect(content.headers.get('content-disposition') ?? '').not.toMatch(
        /"\s*;\s*filename="evil/,
      );
      return 'encoded';
    },
  },
  address('loopback', 'http://127.0.0.1:4000/metrics'),
  address('localhost', 'https://localhost/x.png'),
  address('metadata', 'http://169.254.169.254/latest/meta-data/'),
  address('private', 'https://10.0.0.1/x.png'),
  address('ipv6-loopback', 'https://[::1]/x.png'),
  address('ipv6-mapped', 'https://[::ffff:127.0.0.1]/x.png'),
  address('nat64', 'https://[64:ff9b::7f00:1]/x.png'),
  address('decimal', 'https://2130706433/x.png'),
  address('octal', 'https://0177.0.0.1/x.png'),
  address('hex', 'https://0x7f000001/x.png'),
  address('zero', 'https://0.0.0.0/x.png'),
  address('user-info', 'https://example.org@127.0.0.1/x.png'),
  address('file', 'file:///etc/passwd'),
  address('ftp', 'ftp://127.0.0.1/x.png'),
  address('javascript', 'javascript:alert(1)'),
  {
    id: 'ssrf-webhook',
    requirement: 'V1.3.6, API7:2023',
    attempt: 'a webhook that is sent to the server itself, or to its network',
    run: async (world) => {
      for (const url of [
        'http://127.0.0.1:4000/',
        'https://localhost/',
        'https://169.254.169.254/',
        'https://[::1]/',
        'file:///etc/passwd',
      ])
        refused(
          await gql(
            world,
            `mutation ($u: String!) {
              createWebhookEndpoint(input: { url: $u, types: [BALANCE_LOW], description: "x" }) {
                secret
                userErrors { code message path details }
              }
            }`,
            { u: url },
            {
              ...bearer(world.attacker.person.token),
              'x-gigarouter-account': world.attacker.accountId,
            },
          ),
          ...CODES,
        );
      return '400 for each';
    },
  },
  {
    id: 'image-model-path',
    requirement: 'V5.3.2',
    attempt: 'a model whose name leads to a file of the server',
    run: async (world) => {
      for (const model of ['../../etc/passwd', 'gigarouter/../../x', '/etc/passwd', '.', '..'])
        answered(
          await send(world, '/v1/classify', {
            headers: bearer(world.attacker.secret),
            body: { model, input: 'x', labels: ['a', 'b'] },
          }),
          400,
          404,
        );
      return '4xx for each';
    },
  },
];
