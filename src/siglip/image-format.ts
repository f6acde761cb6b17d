/** The formats that are read; of animated ones the first frame. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif' | 'tiff';

/** Brands of an AVIF's `ftyp` box (av1-avif, section 6); HEIC has the same box with other brands. */
const AVIF_BRANDS = new Set(['avif', 'avis']);

/** Longest `ftyp` box that is looked at: room for 60 brands. */
const FTYP_BYTES_MAX = 256;

/**
 * The format by the bytes alone, whatever a name or header says; `undefined` for every other one.
 * Asked before the decoder is: it knows more formats than we let in, and guesses in its own order.
 */
export function detectFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = latin1(bytes, 0, 12);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'webp';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'tiff';
  if (start.slice(4, 8) === 'ftyp' && brands(bytes).some((brand) => AVIF_BRANDS.has(brand))) {
    return 'avif';
  }
  return undefined;
}

/** Major and compatible brands of the `ftyp` box at the start; its second word is a version. */
function brands(bytes: Uint8Array): string[] {
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0);
  const box = latin1(bytes, 8, Math.min(size, FTYP_BYTES_MAX));
  return Array.from({ length: Math.floor(box.length / 4) }, (_, i) => box.slice(i * 4, i * 4 + 4));
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.subarray(from, to)).toString('latin1');
}

/**
 * How many chunks follow each other in a WebP, a frame being one; counted up to `most`. The decoder lists
 * them all before it reads the first, in time that grows with their square: 19 MB of them take minutes.
 */
export function countWebpChunks(bytes: Uint8Array, most: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  // Name and size, 4 bytes each, then the content, filled up to an even length.
  for (let at = 12; at + 8 <= bytes.length && count < most; count++) {
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return count;
}
