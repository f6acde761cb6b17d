// cspell:ignore Nsgif
import sharp, { type Metadata, type Sharp } from 'sharp';
import { AppError } from '../errors.js';
import { countWebpChunks, detectFormat, type ImageFormat } from './image-format.js';
import { type ImageLayout, imageLayout } from './image-layout.js';
import { IMAGE_FRAMES_MAX, IMAGE_SIDE_MAX, type ImageLimits } from './image-limits.js';
import type { Raster } from './resize.js';

/*
 * The only use of sharp. Every loader of libvips is blocked but those below, from memory: no SVG, PDF or
 * ImageMagick, no file, no URL. Set for the whole process, when this file is first imported.
 */
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
    'VipsForeignLoadHeifBuffer',
    'VipsForeignLoadTiffBuffer',
  ],
});
// No picture is decoded twice here, so that a cache only keeps memory that the next one needs.
sharp.cache(false);
// One thread an image: several images keep all cores busy, and one does not take them from the others.
sharp.concurrency(1);

/** An image as the reference would hold it before resizing. */
export interface DecodedImage extends Raster {
  readonly indexed: boolean;
}

export interface DecodeOptions extends ImageLimits {
  /** Turn the picture as its EXIF orientation says. A TIFF is always turned, as Pillow does. */
  readonly exifOrientation: boolean;
}

/** libvips's names; AVIF is one codec of its HEIF loader. */
const LOADERS: Record<ImageFormat, string> = {
  jpeg: 'jpeg',
  png: 'png',
  webp: 'webp',
  gif: 'gif',
  avif: 'heif',
  tiff: 'tiff',
};

/**
 * Decodes the first frame to 8 bits. Limits are checked on the bytes, then on the header, before a pixel
 * is decoded. Runs on a libuv thread, which at a time limit goes on until libvips notices.
 *
 * Equal, to the bit, to Pillow for JPEG, PNG, WebP, GIF and TIFF, but for three things. Better on purpose:
 * CMYK goes through libvips's profile of coated paper instead of `255 − ink`, and 16 bits of gray become 8
 * by their brightness, where Pillow makes all above 255 white. Transparent pixels of a GIF are black, in
 * Pillow of some color. Color profiles in the file are ignored, as in the reference.
 *
 * @throws AppError PAYLOAD_TOO_LARGE for too many bytes or pixels; UNSUPPORTED_MEDIA_TYPE for none of the
 *   formats; BAD_USER_INPUT for a damaged image; REQUEST_TIMEOUT. Messages name limits, never internals
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeOptions,
): Promise<DecodedImage> {
  const format = checkBytes(bytes, options);
  try {
    const metadata = await open(bytes, options).metadata();
    checkMetadata(metadata, format);
    const layout = imageLayout(bytes, format, metadata);
    const image = open(bytes, options);
    if (options.exifOrientation || format === 'tiff') image.autoOrient();
    return await decode(image, layout);
  } catch (cause) {
    throw cause instanceof AppError ? cause : decodeError(cause, format, options);
  }
}

function checkBytes(bytes: Uint8Array, { imageBytesMax }: ImageLimits): ImageFormat {
  checkMost(bytes.length, imageBytesMax, 'bytes');
  const format = detectFormat(bytes);
  if (!format) {
    throw new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      bytes.length === 0
        ? 'The image is empty.'
        : 'The image is not a JPEG, PNG, WebP, GIF, AVIF or TIFF file.',
    );
  }
  if (format === 'webp') {
    checkMost(countWebpChunks(bytes, IMAGE_FRAMES_MAX + 1), IMAGE_FRAMES_MAX, 'frames or more');
  }
  return format;
}

function checkMetadata(metadata: Metadata, format: ImageFormat): void {
  const { width, height, compression, pages = 1 } = metadata;
  if (metadata.format !== LOADERS[format] || (format === 'avif' && compression !== 'av1')) {
    throw new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The image starts like ${shown(format)} but is not valid ${shown(format)}.`,
    );
  }
  checkMost(pages, IMAGE_FRAMES_MAX, 'frames');
  checkMost(Math.max(width, height), IMAGE_SIDE_MAX, 'pixels on a side');
}

function checkMost(found: number, most: number, unit: string): void {
  if (found <= most) return;
  throw new AppError(
    'PAYLOAD_TOO_LARGE',
    `The image has ${String(found)} ${unit}; at most ${String(most)} are allowed.`,
  );
}

function open(bytes: Uint8Array, limits: ImageLimits): Sharp {
  return sharp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    // What a decoder repairs with a warning passes, as in Pillow: such photos are everywhere.
    failOn: 'error',
    // Looked at in the header, by `metadata` too.
    limitInputPixels: Math.max(limits.imagePixelsMax, 1),
    ignoreIcc: true,
  }).timeout({ seconds: Math.min(Math.ceil(limits.decodeTimeoutMs / 1000), 3600) });
}

async function decode(image: Sharp, { indexed, alpha, gray }: ImageLayout): Promise<DecodedImage> {
  if (!alpha) image.removeAlpha();
  const { data, info } = await image
    .toColorspace(gray && !alpha ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 2) throw new Error('libvips gave gray with alpha.');
  return { data, width, height, channels, indexed };
}

function decodeError(cause: unknown, format: ImageFormat, limits: ImageLimits): AppError {
  const fault = String(cause);
  if (fault.includes('timeout')) {
    return new AppError('REQUEST_TIMEOUT', 'The image took too long to decode.', { cause });
  }
  if (fault.includes('pixel limit')) {
    const message = `The image has over ${String(limits.imagePixelsMax)} pixels.`;
    return new AppError('PAYLOAD_TOO_LARGE', message, { cause });
  }
  return new AppError('BAD_USER_INPUT', `The ${shown(format)} image is damaged.`, { cause });
}

function shown(format: ImageFormat): string {
  return format === 'webp' ? 'WebP' : format.toUpperCase();
}
