import { AppError } from '../errors.js';
import type { PreprocessConfig } from './model-config.js';
import { decodeImage } from './image-decode.js';
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image-limits.js';
import { type Raster, resize, type Size, type Window } from './resize.js';

export interface PixelOptions extends Partial<ImageLimits> {
  /** True by default: the picture as a person sees it. False: as the reference does, which ignores EXIF. */
  readonly exifOrientation?: boolean | undefined;
  /** Ends the call with the signal's reason; what libvips has begun ends by itself. */
  readonly signal?: AbortSignal | undefined;
}

type PixelConfig = Pick<
  PreprocessConfig,
  'imageSize' | 'interpolation' | 'rgb' | 'resizeMode' | 'cropOffset'
>;

/** What an image is resized to, and which part of that is the input. */
type Target = (source: Size, config: PixelConfig) => { size: Size; window: Window | undefined };

const TARGETS: Readonly<Record<PreprocessConfig['resizeMode'], Target>> = {
  squash: (_source, { imageSize }) => ({
    size: { width: imageSize, height: imageSize },
    window: undefined,
  }),
  // torchvision's `Resize(size)` and transformers' `get_resize_output_image_size`: the longer side is cut to an integer.
  shortest: ({ width, height }, { imageSize, cropOffset }) => {
    const longer = Math.trunc((imageSize * Math.max(width, height)) / Math.min(width, height));
    const size =
      width <= height ? { width: imageSize, height: longer } : { width: longer, height: imageSize };
    const offset = (side: number) => OFFSETS[cropOffset](side - imageSize);
    const [left, top] = [offset(size.width), offset(size.height)];
    return { size, window: { left, top, width: imageSize, height: imageSize } };
  },
};

/** Pixels before the crop, of those that are left over. */
const OFFSETS: Readonly<Record<PreprocessConfig['cropOffset'], (surplus: number) => number>> = {
  floor: (surplus) => Math.floor(surplus / 2),
  // Half to even, as Python rounds.
  round: (surplus) => {
    const half = Math.floor(surplus / 2);
    return surplus % 2 === 0 ? half : half + (half % 2);
  },
};

/**
 * Makes an image file what the vision graph takes. Decodes on a thread of libuv's pool and resizes here,
 * in steps of a few milliseconds. Safe to run in parallel: each call holds its decoded image, up to
 * 4 bytes a pixel, so that callers bound how many run at once.
 *
 * @param config of the checkpoint: the size and the resampling
 * @returns uint8 `[imageSize, imageSize, 3]`: rows from the top, pixels from the left, red, green, blue
 * @throws AppError as {@link decodeImage}
 */
export async function imagePixels(
  bytes: Uint8Array,
  config: PixelConfig,
  { exifOrientation = true, signal, ...limits }: PixelOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const allLimits = { ...DEFAULT_IMAGE_LIMITS, ...limits };
  const deadline = startDeadline(allLimits.decodeTimeoutMs, signal);
  try {
    const image = await deadline.race(decodeImage(bytes, { ...allLimits, exifOrientation }));
    const rgbFirst = config.rgb === 'before-resize';
    // What is resized as RGB has no palette any more, and no alpha to weigh colors by.
    const interpolation = image.indexed && !rgbFirst ? 'nearest' : config.interpolation;
    const source = rgbFirst ? toRgb(image) : image;
    const { size, window } = TARGETS[config.resizeMode](source, config);
    const { signal: until } = deadline;
    return toRgb(await resize(source, size, { interpolation, window, signal: until })).data;
  } finally {
    deadline.stop();
  }
}

/** Alpha is dropped, not laid on a background: so does the reference. */
function toRgb(raster: Raster): Raster {
  const { data, width, height, channels } = raster;
  if (channels === 3) return raster;
  const pixels = new Uint8Array(width * height * 3);
  const second = channels === 1 ? 0 : 1;
  for (let at = 0, from = 0; at < pixels.length; at += 3, from += channels) {
    pixels[at] = data[from] ?? 0;
    pixels[at + 1] = data[from + second] ?? 0;
    pixels[at + 2] = data[from + 2 * second] ?? 0;
  }
  return { data: pixels, width, height, channels: 3 };
}

/** One signal for the caller's and for the time limit. */
function startDeadline(timeoutMs: number, signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new AppError('REQUEST_TIMEOUT', `The image took over ${String(timeoutMs)} ms to decode.`),
    );
  }, timeoutMs);
  const abort = () => {
    controller.abort(signal?.reason);
  };
  signal?.addEventListener('abort', abort);
  const stop = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, race: raceWith(controller.signal), stop };
}

/** Settles with the work, or with the signal's reason: whichever is first. The work goes on unheard. */
function raceWith(signal: AbortSignal) {
  return <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
      work.then(resolve, reject);
    });
}
