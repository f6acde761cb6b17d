// cspell:ignore endobj ftypavif avifmif anmf
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import type { AppError } from '../errors.js';
import { decodeImage } from './image-decode.js';
import { DEFAULT_IMAGE_LIMITS } from './image-limits.js';

const FIXTURES = path.resolve(import.meta.dirname, '../../test/fixtures/images');
const OPTIONS = { ...DEFAULT_IMAGE_LIMITS, exifOrientation: true };
const images = readdirSync(FIXTURES).filter((file) => !file.endsWith('.json'));

function fixture(file: string): Buffer {
  return readFileSync(path.join(FIXTURES, file));
}

/** What became of some bytes: the size of an image, or the code of the error. */
async function outcome(bytes: Uint8Array, options = {}): Promise<string> {
  try {
    const { data, width, height, channels } = await decodeImage(bytes, { ...OPTIONS, ...options });
    expect(data).toHaveLength(width * height * channels);
    return `${String(width)} × ${String(height)}`;
  } catch (error) {
    const { name, code, message } = error as AppError;
    expect(name).toBe('AppError');
    expect(message).not.toMatch(/vips|sharp|\/|VipsForeign/i);
    return code;
  }
}

describe('loaders of libvips that are not listed', () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');

  test('are blocked even where our own check is passed by', async () => {
    await expect(sharp(svg).metadata()).rejects.toThrow(/unsupported image format/);
    await expect(sharp(path.join(FIXTURES, 'rgb.png')).metadata()).rejects.toThrow();
  });

  test.each([
    ['an empty file', ''],
    ['SVG', svg.toString()],
    [
      'SVG with an external entity',
      '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>',
    ],
    ['PDF', '%PDF-1.7\n1 0 obj <</Type/Catalog>> endobj\n%%EOF'],
    ['HTML', '<!doctype html><img src=x>'],
    ['text', 'cat'],
    ['BMP', 'BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0'],
    ['a PNG’s name and no more', 'rgb.png'],
  ])('%s is no image here', async (_, text) => {
    expect(await outcome(Buffer.from(text, 'latin1'))).toBe('UNSUPPORTED_MEDIA_TYPE');
  });
});

describe('limits', () => {
  test('bytes are counted first', async () => {
    const png = fixture('rgb.png');
    expect(await outcome(png, { imageBytesMax: png.length })).toBe('30 × 22');
    expect(await outcome(png, { imageBytesMax: png.length - 1 })).toBe('PAYLOAD_TOO_LARGE');
  });

  test('pixels are counted from the header', async () => {
    const png = fixture('rgb.png');
    expect(await outcome(png, { imagePixelsMax: 660 })).toBe('30 × 22');
    expect(await outcome(png, { imagePixelsMax: 659 })).toBe('PAYLOAD_TOO_LARGE');
    await expect(decodeImage(png, { ...OPTIONS, imagePixelsMax: 659 })).rejects.toThrow(
      'The image has over 659 pixels.',
    );
  });

  test('a PNG that claims 100,000 × 100,000 is too large', async () => {
    expect(await outcome(pngHeader(100_000, 100_000))).toBe('PAYLOAD_TOO_LARGE');
  });

  test('a PNG that claims ten million by one is too large', async () => {
    expect(await outcome(pngHeader(10_000_000, 1))).toBe('PAYLOAD_TOO_LARGE');
  });

  test('a PNG that claims more than it holds is damaged', async () => {
    expect(await outcome(pngHeader(5000, 5000))).toBe('BAD_USER_INPUT');
  });

  test('a GIF whose first frame claims 65,535 × 65,535 is too large', async () => {
    const gif = fixture('palette.gif');
    const frame = gif.indexOf(',', 13 + 3 * 2 ** (((gif[10] ?? 0) & 7) + 1));
    for (const at of [6, 8, frame + 5, frame + 7]) gif.writeUInt16LE(65_535, at);
    expect(await outcome(gif)).toBe('PAYLOAD_TOO_LARGE');
  });

  test.each([
    [4_900, '1 × 1'],
    [5_001, 'PAYLOAD_TOO_LARGE'],
    [300_000, 'PAYLOAD_TOO_LARGE'],
  ])('a WebP of %i frames: %s', async (frames, wanted) => {
    expect(await outcome(await animatedWebp(frames))).toBe(wanted);
  });

  test('a WebP of many unknown chunks is refused before libvips lists them', async () => {
    const chunks = new Array<Buffer>(300_000).fill(riffChunk('TEST', Buffer.alloc(2)));
    const webp = fixture('rgba.webp');
    expect(await outcome(Buffer.concat([webp, ...chunks]))).toBe('PAYLOAD_TOO_LARGE');
    expect(await outcome(Buffer.concat([webp, ...chunks.slice(0, 9)]))).toBe('30 × 22');
  });

  test('a GIF of many frames is too large', async () => {
    const frame = Buffer.from('2c0000000001000100000202440100', 'hex');
    const start = Buffer.from(
      '474946383961 0100 0100 800000 000000ffffff'.replaceAll(' ', ''),
      'hex',
    );
    const gif = (frames: number) =>
      Buffer.concat([start, ...new Array<Buffer>(frames).fill(frame), Buffer.from(';')]);
    expect(await outcome(gif(5_000))).toBe('1 × 1');
    expect(await outcome(gif(5_001))).toBe('PAYLOAD_TOO_LARGE');
  });

  test.each(['zTXt', 'iCCP'])('a PNG whose %s chunk grows to 100 MB is no danger', async (type) => {
    const text = Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(100_000_000))]);
    const before = process.memoryUsage().rss;
    expect(await outcome(png(1, 1, [type, text]))).toMatch(/^(?:1 × 1|BAD_USER_INPUT)$/);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  test('pixel data far beyond the header’s size are not unpacked', async () => {
    const pixels = deflateSync(Buffer.alloc(100_000_000));
    expect(await outcome(png(1, 1, ['IDAT', pixels]))).toBe('1 × 1');
  });
});

test.each(images)('%s cut anywhere is damaged, or answered', async (file) => {
  const whole = fixture(file);
  for (const part of [0.1, 0.5, 0.9]) {
    const cut = whole.subarray(0, Math.floor(whole.length * part));
    expect(['BAD_USER_INPUT', 'UNSUPPORTED_MEDIA_TYPE', '30 × 22', '22 × 30', '1 × 1']).toContain(
      await outcome(cut),
    );
  }
});

test.each([
  '420.jpg',
  'progressive.jpg',
  'rgb.png',
  'palette.gif',
  'rgba.webp',
  'rgb.avif',
  'rgb.tif',
])('half of %s is damaged', async (file) => {
  const whole = fixture(file);
  expect(await outcome(whole.subarray(0, whole.length / 2))).toBe('BAD_USER_INPUT');
});

test('a JPEG with bytes between its markers is read, as in Pillow', async () => {
  const jpeg = fixture('420.jpg');
  const withExtra = Buffer.concat([
    jpeg.subarray(0, 20),
    Buffer.from([0, 0, 0]),
    jpeg.subarray(20),
  ]);
  expect(await outcome(withExtra)).toBe('30 × 22');
});

test.each([
  ['HTML behind a GIF', 'palette.gif', '<script>alert(1)</script>', '30 × 22'],
  ['a ZIP behind a PNG', 'rgb.png', 'PK\x03\x04', '30 × 22'],
  ['PDF behind a JPEG', '420.jpg', '%PDF-1.7', '30 × 22'],
])('%s is read as what it begins with', async (_, file, tail, wanted) => {
  expect(await outcome(Buffer.concat([fixture(file), Buffer.from(tail, 'latin1')]))).toBe(wanted);
});

test.each([
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['GIF', 'GIF89a'],
  ['WebP', 'RIFF\0\0\0\0WEBP'],
  ['TIFF', 'II*\0'],
  ['AVIF', '\0\0\0\x1cftypavif\0\0\0\0avifmif1'],
])('an SVG that begins as %s is damaged', async (_, magic) => {
  const bytes = Buffer.from(`${magic}<svg xmlns="http://www.w3.org/2000/svg"/>`, 'latin1');
  expect(await outcome(bytes)).toBe('BAD_USER_INPUT');
});

test.each(images)('%s with any bytes changed gives an answer or a clear error', async (file) => {
  const whole = fixture(file);
  const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), value: fc.nat({ max: 255 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const bytes = Buffer.from(whole);
      for (const { at, value } of changes) bytes[at] = value;
      expect(await outcome(bytes, { imagePixelsMax: 1_000_000 })).toMatch(
        /^(?:\d+ × \d+|BAD_USER_INPUT|PAYLOAD_TOO_LARGE|UNSUPPORTED_MEDIA_TYPE)$/,
      );
    }),
    { numRuns: 30 },
  );
  expect(await outcome(whole)).toMatch(/^\d+ × \d+$/);
});

test.each([
  [1, 1],
  [1, 10_000],
  [10_000, 1],
  [65_535, 1],
])('a PNG of %i × %i is read', async (width, height) => {
  const background = { r: 1, g: 2, b: 3, alpha: 0 };
  const clear = sharp({ create: { width, height, channels: 4, background } });
  const { data } = await decodeImage(await clear.png().toBuffer(), OPTIONS);
  expect(data).toEqual(
    Uint8Array.from({ length: width * height * 4 }, (_, at) => [1, 2, 3, 0][at % 4] ?? 0),
  );
});

describe('EXIF that makes no sense', () => {
  // After `Exif\0\0`: a TIFF header, one entry (orientation 6), and no further directory.
  const exif = '457869660000 4d4d002a00000008 0001 0112 0003 00000001 00060000 00000000';

  test.each<[string, string, string]>([
    ['a sound one', exif, '22 × 30'],
    ['an orientation of 0', exif.replace('00060000', '00000000'), '30 × 22'],
    ['an orientation of 9', exif.replace('00060000', '00090000'), '30 × 22'],
    ['an orientation of 65535', exif.replace('00060000', 'ffff0000'), '30 × 22'],
    ['a directory beyond the end', exif.replace('00000008', '7fffffff'), '30 × 22'],
    ['65535 entries', exif.replace('0001 0112', 'ffff 0112'), ''],
    ['an entry of 4 billion values', exif.replace('00000001', 'ffffffff'), ''],
    ['a header and no more', exif.slice(0, 29), '30 × 22'],
    ['a name and no more', exif.slice(0, 12), '30 × 22'],
  ])('%s does no harm', async (_, hex, wanted) => {
    const block = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    const marker = Buffer.from([0xff, 0xe1, 0, block.length + 2]);
    const jpeg = fixture('420.jpg');
    const withExif = Buffer.concat([jpeg.subarray(0, 2), marker, block, jpeg.subarray(2)]);
    expect(await outcome(withExif)).toMatch(wanted === '' ? /^(?:30 × 22|22 × 30)$/ : wanted);
    expect(await outcome(withExif, { exifOrientation: false })).toBe('30 × 22');
  });
});

/** A PNG of RGBA with a header and a few bytes of pixels. */
function pngHeader(width: number, height: number): Buffer {
  return png(width, height, ['IDAT', Buffer.from('\x78\x9c\x63\0\0\0\x02\0\x01', 'latin1')]);
}

/** A PNG of RGBA with one chunk of ours; where that holds no pixels, with those of a single one. */
function png(width: number, height: number, [type, content]: [string, Buffer]): Buffer {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(width, 0);
  ihdr.writeUInt32BE(height, 4);
  ihdr.set([8, 6, 0, 0, 0], 8);
  const pixels = type === 'IDAT' ? [] : [chunk('IDAT', deflateSync(Buffer.alloc(5)))];
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', ihdr),
    chunk(type, content),
    ...pixels,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, content: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const framed = Buffer.alloc(checked.length + 8);
  framed.writeUInt32BE(content.length, 0);
  framed.set(checked, 4);
  framed.writeUInt32BE(crc32(checked), checked.length + 4);
  return framed;
}

/** A WebP of 1 × 1 pixels, each frame as the first (developers.google.com/speed/webp, container). */
async function animatedWebp(frames: number): Promise<Buffer> {
  const still = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .webp()
    .toBuffer();
  const header = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const frame = riffChunk('ANMF', Buffer.concat([Buffer.alloc(16), still.subarray(12)]));
  const content = [
    Buffer.from('WEBP'),
    riffChunk('VP8X', header),
    riffChunk('ANIM', Buffer.alloc(6)),
    ...new Array<Buffer>(frames).fill(frame),
  ];
  return riffChunk('RIFF', Buffer.concat(content));
}

function riffChunk(type: string, content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(content.length);
  return Buffer.concat([Buffer.from(type), size, content, Buffer.alloc(content.length % 2)]);
}
