import { createHash } from 'node:crypto';
import { type Interpolation, type Raster, resize } from './resize.js';

/**
 * Width, height and channels of an image, width and height of the result, interpolation, and the first
 * 16 digits of the SHA-256 of what Pillow 12.3.0 makes of it.
 */
const PILLOW: [number, number, 1 | 3 | 4, number, number, Interpolation, string][] = [
  [17, 23, 3, 40, 31, 'bicubic', 'a914ff4045dcb4ca'],
  [17, 23, 3, 40, 31, 'bilinear', '36249929f2535f63'],
  [17, 23, 3, 40, 31, 'nearest', 'cf5ccf34046e19ee'],
  [40, 31, 3, 17, 23, 'bicubic', 'a93236b1c0254e24'],
  [40, 31, 3, 17, 23, 'bilinear', 'ab7b0d526cf97898'],
  [40, 31, 3, 17, 23, 'nearest', '1bc9777201ba295c'],
  [100, 30, 3, 16, 60, 'bicubic', '3d13ea735cd4c574'],
  [100, 30, 3, 16, 60, 'bilinear', 'ec764da7ed0342b3'],
  [100, 30, 3, 16, 60, 'nearest', '35932a269b3cd1fd'],
  [64, 64, 3, 64, 20, 'bicubic', '2ae89832c66b5c75'],
  [64, 64, 3, 64, 20, 'bilinear', '2ceff9f8e6abfb12'],
  [64, 64, 3, 64, 20, 'nearest', '164787a97d7ba577'],
  [64, 64, 3, 20, 64, 'bicubic', 'b85afac7c887ecb9'],
  [64, 64, 3, 20, 64, 'bilinear', '7c1cf1a8b325e712'],
  [64, 64, 3, 20, 64, 'nearest', 'a3494e62f04eb0f8'],
  [1, 1, 3, 5, 7, 'bicubic', '2840696b2150302f'],
  [1, 1, 3, 5, 7, 'bilinear', '2840696b2150302f'],
  [1, 1, 3, 5, 7, 'nearest', '2840696b2150302f'],
  [1, 300, 3, 4, 4, 'bicubic', 'a3de892526c9959a'],
  [1, 300, 3, 4, 4, 'bilinear', 'a140d696acccaa6e'],
  [1, 300, 3, 4, 4, 'nearest', '6dae56567cfd8bdc'],
  [2, 500, 4, 3, 10, 'bicubic', '6d5b01286021c044'],
  [2, 500, 4, 3, 10, 'bilinear', 'd831ba06b25a09ce'],
  [2, 500, 4, 3, 10, 'nearest', '30bb765c287b3589'],
  [300, 1, 1, 4, 4, 'bicubic', 'ab6f6eddd3d58758'],
  [300, 1, 1, 4, 4, 'bilinear', '93109aa86ae4aa0e'],
  [300, 1, 1, 4, 4, 'nearest', '96e782011915562d'],
  [33, 21, 1, 12, 50, 'bicubic', '5fa440e0a1a0b052'],
  [33, 21, 1, 12, 50, 'bilinear', 'd6e8fcfb502d056d'],
  [33, 21, 1, 12, 50, 'nearest', '13cf953ca453ed09'],
  [50, 40, 4, 16, 16, 'bicubic', 'b41537075ac414ae'],
  [50, 40, 4, 16, 16, 'bilinear', 'f284325d0a5eb93e'],
  [50, 40, 4, 16, 16, 'nearest', '4cc2385dc425bc18'],
  [10, 10, 4, 31, 29, 'bicubic', 'e657a4e9f6895be5'],
  [10, 10, 4, 31, 29, 'bilinear', '0bd2c1398cc78cfb'],
  [10, 10, 4, 31, 29, 'nearest', '22833b512ea246f1'],
  [3, 700, 1, 5, 9, 'bicubic', 'cb36d3b95ad6a565'],
  [3, 700, 1, 5, 9, 'bilinear', 'fa874f5a938ef132'],
  [3, 700, 1, 5, 9, 'nearest', 'b1d75a06d9ee1118'],
  [90, 70, 4, 90, 70, 'bicubic', 'fe999af6023e91d8'],
  [90, 70, 4, 90, 70, 'bilinear', 'fe999af6023e91d8'],
  [90, 70, 4, 90, 70, 'nearest', 'fe999af6023e91d8'],
];

test.each(PILLOW)('%i × %i × %i becomes %i × %i by %s as in Pillow', async (...row) => {
  const [width, height, channels, toWidth, toHeight, interpolation, sha256] = row;
  const source = noise(width, height, channels);
  const result = await resize(source, { width: toWidth, height: toHeight }, { interpolation });
  expect(result).toMatchObject({ width: toWidth, height: toHeight, channels });
  expect(createHash('sha256').update(result.data).digest('hex').slice(0, 16)).toBe(sha256);
});

test('the event loop runs while a large image is resized', async () => {
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await resize(noise(2000, 500, 3), { width: 384, height: 384 }, { interpolation: 'bicubic' });
  clearInterval(count);
  expect(turns).toBeGreaterThan(2);
});

test('an aborted resize ends with the reason', async () => {
  const controller = new AbortController();
  const work = resize(
    noise(2000, 500, 3),
    { width: 384, height: 384 },
    { interpolation: 'bicubic', signal: controller.signal },
  );
  controller.abort(new Error('gone'));
  await expect(work).rejects.toThrow('gone');
});

test('the source is left as it is', async () => {
  const source = noise(20, 20, 4);
  await resize(source, { width: 7, height: 9 }, { interpolation: 'bicubic' });
  expect(source).toEqual(noise(20, 20, 4));
});

test.each([
  ['too little data', { data: new Uint8Array(5), width: 2, height: 1, channels: 3 as const }],
  ['no pixels', { data: new Uint8Array(0), width: 0, height: 1, channels: 3 as const }],
])('%s is refused', async (_, source) => {
  await expect(
    resize(source, { width: 1, height: 1 }, { interpolation: 'nearest' }),
  ).rejects.toThrow(RangeError);
});

test.each([0, -1, 1.5, NaN])('a side of %d is refused', async (width) => {
  await expect(
    resize(noise(2, 2, 1), { width, height: 1 }, { interpolation: 'bicubic' }),
  ).rejects.toThrow(RangeError);
});

/** Bytes of a generator that takes two lines in any language. */
function noise(width: number, height: number, channels: 1 | 3 | 4): Raster {
  let state = width * 1000 + height;
  const data = new Uint8Array(width * height * channels).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { data, width, height, channels };
}

test.each<[number, number, Interpolation]>([
  [61, 37, 'bicubic'],
  [37, 61, 'bilinear'],
  [20, 90, 'nearest'],
  [24, 80, 'bicubic'],
])('a window of %d × %d is that part of the whole result (%s)', async (width, height, kernel) => {
  const source: Raster = {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * 97 + (at >> 4)) % 256),
  };
  const size = { width: 40, height: 80 };
  const window = { left: 7, top: 21, width: 24, height: 24 };
  const whole = await resize(source, size, { interpolation: kernel });
  const part = await resize(source, size, { interpolation: kernel, window });
  const rows = Array.from({ length: window.height }, (_, y) => {
    const from = ((window.top + y) * size.width + window.left) * 3;
    return Array.from(whole.data.subarray(from, from + window.width * 3));
  });
  expect(Array.from(part.data)).toEqual(rows.flat());
});
