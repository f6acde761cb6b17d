import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { imagePixels } from './pixels.js';

interface PillowJson {
  readonly size: number;
  readonly files: Readonly<Record<string, { readonly asStored: string; readonly upright: string }>>;
}

const FIXTURES = path.resolve(import.meta.dirname, '../../test/fixtures/images');
const pillow = JSON.parse(readFileSync(path.join(FIXTURES, 'pillow.json'), 'utf8')) as PillowJson;
const CONFIG = {
  imageSize: pillow.size,
  interpolation: 'bicubic',
  rgb: 'after-resize',
  resizeMode: 'squash',
  cropOffset: 'round',
} as const;
const rows = Object.entries(pillow.files).map(([file, { asStored, upright }]) => ({
  file,
  asStored,
  upright,
}));

let large: Buffer;
beforeAll(async () => {
  const background = { r: 200, g: 100, b: 50, alpha: 0.5 };
  large = await sharp({ create: { width: 3000, height: 2000, channels: 4, background } })
    .png()
    .toBuffer();
});

function fixture(file: string): Buffer {
  return readFileSync(path.join(FIXTURES, file));
}

function sha256(pixels: Uint8Array): string {
  return createHash('sha256').update(pixels).digest('hex');
}

test.each(rows)('$file has the pixels of Pillow', async ({ file, asStored }) => {
  const pixels = await imagePixels(fixture(file), CONFIG, { exifOrientation: false });
  expect(pixels).toHaveLength(pillow.size * pillow.size * 3);
  expect(sha256(pixels)).toBe(asStored);
});

test.each(rows)('$file is upright by default', async ({ file, upright }) => {
  expect(sha256(await imagePixels(fixture(file), CONFIG))).toBe(upright);
});

test('a single pixel fills the image', async () => {
  const pixels = await imagePixels(fixture('one-pixel.png'), CONFIG);
  expect(new Set(pixels.filter((_, at) => at % 3 === 0))).toEqual(new Set([255]));
  expect(new Set(pixels.filter((_, at) => at % 3 !== 0))).toEqual(new Set([0]));
});

test('16 bits of gray keep their brightness', async () => {
  const pixels = await imagePixels(fixture('grey-16-bit.png'), { ...CONFIG, imageSize: 30 });
  // The file's columns are 0, 2000, 4000, …: Pillow would make all but the first white.
  for (let x = 0; x < 30; x++) {
    expect(Math.abs((pixels[x * 3] ?? NaN) - (x * 2000) / 257)).toBeLessThanOrEqual(1);
  }
});

test('CMYK is near the colors it was made from', async () => {
  const cmyk = await imagePixels(fixture('cmyk.jpg'), CONFIG);
  const rgb = await imagePixels(fixture('444.jpg'), CONFIG);
  const inverted = rgb.map((value) => 255 - value);
  expect(meanDifference(cmyk, rgb)).toBeLessThan(meanDifference(cmyk, inverted) / 2);
});

test.each(['rgb.avif', 'rgba.avif'])('%s is near its original', async (file) => {
  const avif = await imagePixels(fixture(file), CONFIG);
  const original = await imagePixels(fixture(file.replace('.avif', '.png')), CONFIG);
  expect(meanDifference(avif, original)).toBeLessThan(12);
});

test('time that runs out is a timeout, and the next image is read', async () => {
  const late = imagePixels(large, CONFIG, { decodeTimeoutMs: 1 });
  await expect(late).rejects.toMatchObject({ name: 'AppError', code: 'REQUEST_TIMEOUT' });
  expect(await imagePixels(fixture('rgb.png'), CONFIG)).toHaveLength(pillow.size ** 2 * 3);
});

test('an abort ends the call at once, before or while it runs', async () => {
  await expect(
    imagePixels(large, CONFIG, { signal: AbortSignal.abort(new Error('gone')) }),
  ).rejects.toThrow('gone');
  const controller = new AbortController();
  const work = imagePixels(large, CONFIG, { signal: controller.signal });
  controller.abort(new Error('left'));
  await expect(work).rejects.toThrow('left');
});

test('the event loop runs while a large image is read', async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await imagePixels(large, CONFIG);
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
});

test('bad images among good ones at the same time harm none of them', async () => {
  const good = fixture('420.jpg');
  const bad = good.subarray(0, 300);
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => imagePixels(i % 2 ? bad : good, CONFIG)),
  );
  const wanted = await imagePixels(good, CONFIG);
  results.forEach((result, i) => {
    expect(result.status).toBe(i % 2 ? 'rejected' : 'fulfilled');
    if (result.status === 'fulfilled') expect(sha256(result.value)).toBe(sha256(wanted));
  });
});

test('bytes in the middle of a larger buffer are read as they are', async () => {
  const png = fixture('rgb.png');
  const inside = new Uint8Array(png.length + 20).fill(0xff);
  inside.set(png, 10);
  const pixels = await imagePixels(inside.subarray(10, 10 + png.length), CONFIG);
  expect(sha256(pixels)).toBe(sha256(await imagePixels(png, CONFIG)));
});

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? NaN)), 0) / a.length;
}

test('a line of pixels is cropped without being resized as a whole', async () => {
  const create = { width: 1, height: 60_000, channels: 3, background: 'red' } as const;
  const line = await sharp({ create }).png().toBuffer();
  const config = { ...CONFIG, resizeMode: 'shortest' } as const;
  const pixels = await imagePixels(line, config);
  expect(pixels).toHaveLength(CONFIG.imageSize ** 2 * 3);
  expect(new Set(pixels)).toEqual(new Set([255, 0]));
});
