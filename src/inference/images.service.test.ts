import { IMAGE_BYTES_MAX } from './image-source.js';
import { IMAGES_AT_ONCE, ImagesService, type PreparedImage } from './images.service.js';

/** Images that note how many are fetched at the same time, and how many were begun. */
function imagesOf(count: number, bytesEach: number) {
  // One array for all of them: the sum is what counts.
  const bytes = new Uint8Array(bytesEach);
  const seen = { now: 0, most: 0, begun: 0 };
  const images = Array.from({ length: count }, (_, at): PreparedImage => {
    return {
      identity: { at },
      load: async () => {
        seen.begun++;
        seen.most = Math.max(seen.most, ++seen.now);
        await new Promise((resolve) => setImmediate(resolve));
        seen.now--;
        return { bytes, sha256: String(at) };
      },
    };
  });
  return { images, seen };
}

const { signal } = new AbortController();
const service = new ImagesService({} as never, {} as never);

test('64 images are fetched a few at a time, and come in order', async () => {
  const { images, seen } = imagesOf(64, 10);
  const files = await service.load(images, signal);
  expect(files.map(({ sha256 }) => Number(sha256))).toEqual([...files.keys()]);
  expect(seen).toEqual({ now: 0, most: IMAGES_AT_ONCE, begun: 64 });
});

test('images that are too large together are refused, and no more of them are fetched', async () => {
  const { images, seen } = imagesOf(64, IMAGE_BYTES_MAX);
  const loading = service.load(images, signal);
  await expect(loading).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  await expect(loading).rejects.toThrow(/^Image 17 of 64: .* MiB in total\. Split/);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.begun).toBeLessThanOrEqual(2 * IMAGES_AT_ONCE);
});

test('an image that cannot be fetched is named', async () => {
  const { images } = imagesOf(63, 10);
  const broken = { identity: {}, load: () => Promise.reject(new Error('broken')) };
  await expect(service.load([...images, broken], signal)).rejects.toThrow('broken');
});
