import { AppError } from '../errors.js';
import type { ImageSource } from '../inference/index.js';

/**
 * Where an image is, told by the text that clients send for it: an address, the id of an upload, a data URL,
 * or base64.
 * @throws AppError BAD_USER_INPUT
 */
export function imageSourceOf(text: string): ImageSource {
  if (/^https?:\/\//i.test(text)) return { url: text };
  if (/^file_[0-9a-z]{26}$/.test(text)) return { uploadId: text };
  if (/^[a-z][a-z0-9+.-]{1,20}:/i.test(text) && !text.startsWith('data:')) {
    throw new AppError(
      'BAD_USER_INPUT',
      'Send an image as base64, as a data: URL, by its https: address, or as the id of a file.',
      { details: { argument: 'image' } },
    );
  }
  return { base64: text };
}
