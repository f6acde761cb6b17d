import { setImmediate } from 'node:timers/promises';
import { type Axis, axisWeights, type Kernel, resampleColumns, resampleRow } from './resample.js';

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
  /** Gray; red, green, blue; or these and alpha, not premultiplied. */
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

/** A part of the result, in its pixels: inside of it. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

export interface ResizeOptions {
  readonly interpolation: Interpolation;
  /** What is kept of the result; all by default. No more than that is computed of it. */
  readonly window?: Window | undefined;
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
  { interpolation, window, signal }: ResizeOptions,
): Promise<Raster> {
  const target = axesOf(size, window ?? { left: 0, top: 0, ...size });
  const steps = resizeInSteps(source, size, target, interpolation);
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done) return step.value;
    await setImmediate();
  }
}

interface Axes {
  readonly columns: Axis;
  readonly rows: Axis;
}

function axesOf(size: Size, { left, top, width, height }: Window): Axes {
  if (left < 0 || top < 0 || left + width > size.width || top + height > size.height) {
    throw new RangeError('A window lies inside of the image.');
  }
  return {
    columns: { size: size.width, first: left, count: width },
    rows: { size: size.height, first: top, count: height },
  };
}

function* resizeInSteps(
  source: Raster,
  size: Size,
  target: Axes,
  interpolation: Interpolation,
): Steps<Raster> {
  checkRaster(source, size);
  // Before alpha is touched, as in Pillow: an image of the right size stays as it is.
  const isSameSize = source.width === size.width && source.height === size.height;
  if (isSameSize) return cut(source, target.columns, target.rows);
  if (interpolation === 'nearest') return resizeToNearest(source, target);

  // Rounded to 8 bits in between, so that the order of the passes shows: Pillow's own exception.
  const columnsFirst = source.height > 100 * source.width && size.height < source.height;
  let image = source.channels === 4 ? yield* premultiply(source) : source;
  if (columnsFirst) image = yield* resizeHeight(image, target.rows, interpolation);
  image = yield* resizeWidth(image, target.columns, interpolation);
  if (!columnsFirst) image = yield* resizeHeight(image, target.rows, interpolation);
  return source.channels === 4 ? unpremultiply(image) : image;
}

function* resizeWidth(source: Raster, target: Axis, kernel: Kernel): Steps<Raster> {
  if (source.width === target.size) return cut(source, target, wholeAxis(source.height));
  const { height, channels } = source;
  const width = target.count;
  const axis = axisWeights(source.width, target, kernel);
  const from = rowsOf(source.data, source.width * channels);
  const { data, row } = rowsOf(new Uint8Array(width * height * channels), width * channels);
  const rowsPerStep = perStep(width * channels * axis.countMax);
  for (let y = 0; y < height; y++) {
    if (y % rowsPerStep === 0) yield;
    resampleRow(from.row(y), row(y), axis, channels);
  }
  return { data, width, height, channels };
}

function* resizeHeight(source: Raster, target: Axis, kernel: Kernel): Steps<Raster> {
  if (source.height === target.size) return cut(source, wholeAxis(source.width), target);
  const { width, channels } = source;
  const height = target.count;
  const axis = axisWeights(source.height, target, kernel);
  const from = rowsOf(source.data, width * channels);
  const { data, row } = rowsOf(new Uint8Array(width * height * channels), width * channels);
  const rowsPerStep = perStep(width * channels * axis.countMax);
  for (let y = 0; y < height; y++) {
    if (y % rowsPerStep === 0) yield;
    resampleColumns(from.clamped, row(y), axis, y);
  }
  return { data, width, height, channels };
}

function wholeAxis(size: number): Axis {
  return { size, first: 0, count: size };
}

/** A part of an image of the right size; the image itself where that is all. */
function cut(source: Raster, columns: Axis, rows: Axis): Raster {
  if (columns.count === source.width && rows.count === source.height) return source;
  return resizeToNearest(source, { columns, rows });
}

function resizeToNearest({ data, channels, ...source }: Raster, { columns, rows }: Axes): Raster {
  const [width, height] = [columns.count, rows.count];
  const fromColumns = nearestIndexes(source.width, columns);
  const target = new Uint8Array(width * height * channels);
  let at = 0;
  for (const row of nearestIndexes(source.height, rows)) {
    for (const column of fromColumns) {
      const from = (row * source.width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        target[at++] = data[from + channel] ?? 0;
      }
    }
  }
  return { data: target, width, height, channels };
}

/** Which source pixel each pixel of the result takes: summed up as in Pillow, rounding errors included. */
function nearestIndexes(from: number, { size, first, count }: Axis): Int32Array {
  const scale = from / size;
  const indexes = new Int32Array(count);
  let position = scale * 0.5;
  for (let index = 0; index < first + count; index++, position += scale) {
    if (index >= first) indexes[index - first] = Math.min(Math.trunc(position), from - 1);
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

/** `color · alpha / 255`, rounded, for the pixels from byte `from` to byte `to`. */
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

/** Undoes {@link premultiply}, rounding down. A bicubic pass can leave a color above its alpha. */
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
