import { AppError } from '../errors.js';

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

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;
const DATA_URL = /^data:image\/[\w.+-]{1,40};base64,/;

/** @throws AppError BAD_USER_INPUT unless exactly one source is given */
export function checkSource(source: ImageSource): void {
  const { base64, url, uploadId } = source;
  const given = [base64, url, uploadId].filter((value) => value !== undefined);
  if (given.length !== 1) throw bad('Give each image as one of base64, url and uploadId.');
}

/**
 * Bytes of an image in base64 (either alphabet, padding optional), with or without the head of a data URL.
 * @throws AppError BAD_USER_INPUT, PAYLOAD_TOO_LARGE
 */
export function decodeBase64(text: string): Buffer {
  const body = text.startsWith('data:') ? text.replace(DATA_URL, '') : text;
  if (body.length > (IMAGE_BYTES_MAX / 3) * 4 + 4) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `An image has at most ${String(IMAGE_BYTES_MAX / 2 ** 20)} MiB.`,
    );
  }
  if (!BASE64.test(body)) throw bad('The image is not valid base64.');
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length === 0) throw bad('The image is empty.');
  return bytes;
}

function bad(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'image' } });
}
