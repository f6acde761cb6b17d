/** What an image may cost. All are checked before, or stopped while, it is decoded. */
export interface ImageLimits {
  /** Bytes of the file. */
  readonly imageBytesMax: number;
  /** Pixels of the first frame. A decoded one takes up to 4 bytes a pixel. */
  readonly imagePixelsMax: number;
  /** From the first byte read to the last pixel, waiting for a free thread included. */
  readonly decodeTimeoutMs: number;
}

/** A telephone's picture of 48 megapixels passes, and takes some 200 MB for half a second. */
export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  imageBytesMax: 20 * 2 ** 20,
  imagePixelsMax: 50_000_000,
  decodeTimeoutMs: 10_000,
};

/**
 * Pixels of the longer side; the most that a JPEG or GIF can have. The others could be one pixel high and
 * fifty million long, and the weights for such an axis would take a gigabyte.
 */
export const IMAGE_SIDE_MAX = 65_535;

/** Frames of an animation or pages of a TIFF: only the first is read, but all are looked at. */
export const IMAGE_FRAMES_MAX = 5_000;
