import type { ImageFormat } from './image-format.js';

/** How the reference, Pillow 12.3, holds a decoded image; its `resize` goes by that. */
export interface ImageLayout {
  /** One byte a pixel that is a color's number or a single bit: such are never mixed with each other. */
  readonly indexed: boolean;
  /** The file has an alpha channel. A color or palette entry declared transparent is none. */
  readonly alpha: boolean;
  readonly gray: boolean;
}

/** What the decoder tells of a file. */
export interface DecodedKind {
  /** Color channels and alpha, the latter also where a single color is transparent. */
  readonly hasAlpha: boolean;
  /** libvips's interpretation: `b-w` and `grey16` are gray. */
  readonly space: string;
}

/**
 * @param bytes of an image that the decoder took: its header is whole
 * @param kind what the decoder says; where that does not tell, the header does
 */
export function imageLayout(
  bytes: Uint8Array,
  format: ImageFormat,
  kind: DecodedKind,
): ImageLayout {
  const gray = kind.space === 'b-w' || kind.space === 'grey16';
  const plain = { indexed: false, alpha: kind.hasAlpha, gray };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (format) {
    case 'png':
      return pngLayout(view, gray);
    case 'gif':
      return { indexed: !hasGrayPalette(bytes, view), alpha: false, gray: false };
    case 'tiff':
      return { ...plain, indexed: isIndexedTiff(view) };
    default:
      return plain;
  }
}

/** IHDR is always first: bits per sample at 24, color type at 25 (PNG, 11.2.2). */
function pngLayout(view: DataView, gray: boolean): ImageLayout {
  const bits = view.getUint8(24);
  const colorType = view.getUint8(25);
  return {
    indexed: colorType === 3 || (colorType === 0 && bits === 1),
    alpha: colorType === 4 || colorType === 6,
    gray,
  };
}

/**
 * Pillow takes a GIF for grayscale when entry `i` of its palette is the gray `i`
 * (GifImagePlugin.py, `_is_palette_needed`). Only the global palette is looked at.
 */
function hasGrayPalette(bytes: Uint8Array, view: DataView): boolean {
  const flags = view.getUint8(10);
  if ((flags & 0x80) === 0) return false;
  const palette = bytes.subarray(13, 13 + 3 * 2 ** ((flags & 7) + 1));
  return palette.every((value, at) => value === Math.floor(at / 3));
}

const TIFF_BITS_PER_SAMPLE = 258;
const TIFF_PHOTOMETRIC = 262;
const TIFF_SAMPLES_PER_PIXEL = 277;
const TIFF_PALETTE = 3;

/** A palette, or one sample of one bit, in the first directory (TIFF 6.0, section 2). */
function isIndexedTiff(view: DataView): boolean {
  const littleEndian = view.getUint8(0) === 0x49;
  const directory = view.getUint32(4, littleEndian);
  if (directory + 2 > view.byteLength) return false;
  const entries = view.getUint16(directory, littleEndian);
  const tags = new Map<number, number>();
  for (let at = directory + 2; at + 12 <= view.byteLength && tags.size < entries; at += 12) {
    // The value of a SHORT lies in the entry itself; more than one, elsewhere: never of interest here.
    tags.set(view.getUint16(at, littleEndian), view.getUint16(at + 8, littleEndian));
  }
  const isOneBit =
    (tags.get(TIFF_BITS_PER_SAMPLE) ?? 1) === 1 && (tags.get(TIFF_SAMPLES_PER_PIXEL) ?? 1) === 1;
  return tags.get(TIFF_PHOTOMETRIC) === TIFF_PALETTE || isOneBit;
}
