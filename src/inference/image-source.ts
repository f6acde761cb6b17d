import { AppError } from '../errors.js';
import { decodeDataUrl, decodeForgiving } from './data-url.js';

/** Where an image comes from: exactly one of these. */
export interface ImageSource {
  readonly base64?: string | undefined;
  readonly url?: string | undefined;
  readonly uploadId?: string | undefined;
}

/** Of one image, decoded from base64 or downloaded. */
export const IMAGE_BYTES_MAX = 10 * 2 ** 20;

/** Of the body of a call: images come in base64, a third longer, with some room for the rest. */
export const CALL_BYTES_MAX = Math.ceil(IMAGE_BYTES_MAX / 3) * 4 + 256 * 1024;

/** @throws AppError BAD_USER_INPUT unless exactly one source is given */
export function checkSource(source: ImageSource): void {
  const { base64, url, uploadId } = source;
  const given = [base64, url, uploadId].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw bad('Set exactly one of `base64`, `url` and `uploadId` for each image.');
}

/**
 * Bytes of an image in base64 or in a data: URL, as forgiving as browsers are.
 * @throws AppError BAD_USER_INPUT, PAYLOAD_TOO_LARGE
 */
export function decodeImageText(text: string): Buffer {
  const isUrl = /^\s*[a-z][a-z\d+.-]{1,20}:/i.test(text);
  const bytes = isUrl ? decodeDataUrl(text) : decodeForgiving(text);
  if (bytes === undefined) {
    throw bad(
      isUrl && !/^\s*data:/i.test(text)
        ? 'Send an image as base64, as a data: URL, by its https: address, or as the id of a file.'
        : `The ${isUrl ? 'data: URL of the image' : 'image'} is not valid base64.`,
    );
  }
  if (bytes.length > IMAGE_BYTES_MAX) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `An image can have at most ${String(IMAGE_BYTES_MAX / 2 ** 20)} MiB.`,
    );
  }
  if (bytes.length === 0) throw bad('The image is empty.');
  return bytes;
}

function bad(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'image' } });
}
