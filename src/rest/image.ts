import type { ImageSource } from '../inference/index.js';

/**
 * Where an image is, told by the text that clients send for it: an address, the id of an upload, a data: URL, or
 * base64. Anything else is refused with the other images of the call, so that the refusal can say which one it is.
 */
export function imageSourceOf(text: string): ImageSource {
  const trimmed = text.length < 10_000 ? text.trim() : text;
  if (/^https?:\/\//i.test(trimmed)) return { url: trimmed };
  if (/^file_[0-9a-z]{26}$/.test(trimmed)) return { uploadId: trimmed };
  return { base64: text };
}
