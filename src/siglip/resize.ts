import { setImmediate } from 'node:timers/promises';
import { axisWeights, type Kernel, resampleColumns, resampleRow } from './resample.js';

/*
 * Pillow's `Image.resize`, to the bit: the reference resizes with it, and every other resampling tried
 * (sharp's, transformers.js') is up to 131 of 255 levels away from it. Sources, version 12.3.0:
 * src/PIL/Image.py (`resize`), src/libImaging/Geometry.c (`ImagingScaleAffine`), Convert.c (`rgba2rgbA`,
 * `rgbA2rgba`).
 */

/** An image of 8 bits per channel. */
export interface Raster {
  /** [height, width, channels], row-major: the channels of a pixel lie side by side. */
  readonly data: Uint8Array;
  /** Pixels, at least 1. */
  readonly width: number;
  /** Pixels, at least 1. */
  readonly height: number;
  /** Grey; red, green, blue; or these and alpha, not premultiplied. */
  readonly channels: 1 | 3 | 4;
}

/** `nearest` is what Pillow takes for palettes, whatever was asked: their indexes do not mix. */
export type Interpolation = Kernel | 'nearest';

/** Pixels, each at least 1. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

type Steps<T> = Generator<undefined, T>;

/** Multiplications, or about as many bytes, between two pauses: 2 to 4 ms. */
const OPERATIONS_PER_STEP = 3_000_000;

export interface ResizeOptions {
  readonly interpolation: Interpolation;
  /** Ends the work, within some milliseconds, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The whole image squashed or stretched to `size`, each axis on its own. Bicubic and bilinear are
 * antialiased. Costs about `4 · channels · height · max(width, size.width)` multiplications for bicubic.
 * Lets the event loop run every few milliseconds; do not change the source meanwhile.
 *
 * @returns a raster with as many channels; the source itself when it has that size
 * @throws RangeError when the data does not fill the raster or a side is no positive integer
 */
export async function resize(
  source: Raster,
  size: Size,
  { interpolation, signal }: ResizeOptions,
): Promise<Raster> {
  const steps = resizeInSteps(source, size, interpolation);
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

function* resizeInSteps(source: Raster, size: Size, interpolation: Interpolation): Steps<Raster> {
  checkRaster(source, size);
  // Before alpha is touched, as in Pillow: an image of the right size stays as it is.
  if (source.width === size.width && source.height === size.height) return source;
  if (interpolation === 'nearest') return resizeToNearest(source, size);

  // Rounded to 8 bits in between, so that the order of the passes shows: Pillow's own exception.
  const columnsFirst = source.height > 100 * source.width && size.height < source.height;
  let image = source.channels === 4 ? yield* premultiply(source) : source;
  if (columnsFirst) image = yield* resizeHeight(image, size.height, interpolation);
  image = yield* resizeWidth(image, size.width, interpolation);
  image = yield* resizeHeight(image, size.height, interpolation);
  return source.channels === 4 ? unpremultiply(image) : image;
}

function* resizeWidth(source: Raster, width: number, kernel: Kernel): Steps<Raster> {
  if (source.width === width) return source;
  const { height, channels } = source;
  const axis = axisWeights(source.width, width, kernel);
  const from = rowsOf(source.data, source.width * channels);
  const { data, row } = rowsOf(new Uint8Array(width * height * channels), width * channels);
  const rowsPerStep = perStep(width * channels * axis.countMax);
  for (let y = 0; y < height; y++) {
    if (y % rowsPerStep === 0) yield;
    resampleRow(from.row(y), row(y), axis, channels);
  }
  return { data, width, height, channels };
}

function* resizeHeight(source: Raster, height: number, kernel: Kernel): Steps<Raster> {
  if (source.height === height) return source;
  const { width, channels } = source;
  const axis = axisWeights(source.height, height, kernel);
  const from = rowsOf(source.data, width * channels);
  const { data, row } = rowsOf(new Uint8Array(width * height * channels), width * channels);
  const rowsPerStep = perStep(width * channels * axis.countMax);
  for (let y = 0; y < height; y++) {
    if (y % rowsPerStep === 0) yield;
    resampleColumns(from.clamped, row(y), axis, y);
  }
  return { data, width, height, channels };
}

function resizeToNearest({ data, channels, ...source }: Raster, { width, height }: Size): Raster {
  const columns = nearestIndexes(source.width, width);
  const target = new Uint8Array(width * height * channels);
  let at = 0;
  for (const row of nearestIndexes(source.height, height)) {
    for (const column of columns) {
      const from = (row * source.width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        target[at++] = data[from + channel] ?? 0;
      }
    }
  }
  return { data: target, width, height, channels };
}

/** Which source pixel each pixel of the result takes: summed up as in Pillow, rounding errors included. */
function nearestIndexes(from: number, to: number): Int32Array {
  const scale = from / to;
  const indexes = new Int32Array(to);
  let position = scale * 0.5;
  for (let index = 0; index < to; index++, position += scale) {
    indexes[index] = Math.min(Math.trunc(position), from - 1);
  }
  return indexes;
}

/** A copy in which transparent pixels count for nothing. */
function* premultiply({ data, ...shape }: Raster): Steps<Raster> {
  const result = new Uint8Array(data.length);
  for (let from = 0; from < data.length; from += OPERATIONS_PER_STEP) {
    premultiplyRange(data, result, from, Math.min(from + OPERATIONS_PER_STEP, data.length));
    yield;
  }
  return { data: result, ...shape };
}

/** `colour · alpha / 255`, rounded, for the pixels from byte `from` to byte `to`. */
function premultiplyRange(data: Uint8Array, target: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at += 4) {
    const alpha = data[at + 3] ?? 0;
    for (let channel = at; channel < at + 3; channel++) {
      const product = (data[channel] ?? 0) * alpha + 128;
      target[channel] = ((product >> 8) + product) >> 8;
    }
    target[at + 3] = alpha;
  }
}

/** Undoes {@link premultiply}, rounding down. A bicubic pass can leave a colour above its alpha. */
function unpremultiply({ data, ...shape }: Raster): Raster {
  const result = new Uint8Array(data);
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] ?? 0;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++) {
      result[channel] = Math.min(255, Math.trunc((255 * (data[channel] ?? 0)) / alpha));
    }
  }
  return { data: result, ...shape };
}

/** Clamped, so that storing a sum clips it to 0–255; and one type of array for V8 to compile for. */
function rowsOf(data: Uint8Array, rowLength: number) {
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  const row = (y: number) => clamped.subarray(y * rowLength, (y + 1) * rowLength);
  return { data, clamped, row };
}

function perStep(operationsPerRow: number): number {
  return Math.ceil(OPERATIONS_PER_STEP / operationsPerRow);
}

function checkRaster({ data, width, height, channels }: Raster, size: Size): void {
  const sides = [width, height, size.width, size.height];
  if (!sides.every((side) => Number.isSafeInteger(side) && side > 0)) {
    throw new RangeError(`The sides of an image are positive integers, not ${sides.join(', ')}.`);
  }
  if (data.length !== width * height * channels) {
    throw new RangeError(
      `${String(data.length)} bytes are no image of ${String(width)} × ${String(height)} × ${String(channels)}.`,
    );
  }
}
