/** RFC 2397: media type, parameters, and whether what follows the comma is base64; all of it may be missing. */
const HEAD = /^\s*data:([^,]*),/i;
const IS_BASE64 = /;\s*base64\s*$/i;

/** Whether a text is a data: URL whose content is base64, or says that it is an image. */
export function isDataUrlOfImage(text: string): boolean {
  const head = HEAD.exec(text.slice(0, 1_000))?.[1];
  return head !== undefined && (IS_BASE64.test(head) || /^\s*image\//i.test(head));
}

/**
 * Content of a data: URL, read as browsers read it: the media type is not looked at, and base64 as `decodeForgiving`
 * takes it.
 * @returns undefined for a text that is not a data: URL, or whose content is broken
 */
export function decodeDataUrl(text: string): Buffer | undefined {
  const match = HEAD.exec(text);
  if (match === null) return undefined;
  // Browsers leave the fragment out before they decode.
  const [content = ''] = text.slice(match[0].length).split('#', 1);
  const bytes = percentDecoded(content);
  return IS_BASE64.test(match[1] ?? '') ? decodeForgiving(bytes.toString('latin1')) : bytes;
}

/**
 * Bytes of base64 as the WHATWG's forgiving decoder takes it: white space anywhere, padding or none, any last bits;
 * and in the URL-safe alphabet (RFC 4648 5) too.
 * @returns undefined for anything else
 */
export function decodeForgiving(text: string): Buffer | undefined {
  const compact = /[\t\n\f\r ]/.test(text) ? text.replace(/[\t\n\f\r ]+/g, '') : text;
  const [digits = ''] = compact.split('=', 1);
  const isWhole = /^={0,2}$/.test(compact.slice(digits.length, digits.length + 3));
  if (!isWhole || digits.length % 4 === 1 || !/^[A-Za-z0-9+/_-]*$/.test(digits)) return undefined;
  return Buffer.from(digits, 'base64');
}

/** Each `%41` as the byte that it stands for; any other character as UTF-8. */
function percentDecoded(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (!bytes.includes('%')) return bytes;
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const digits = bytes[at] === PERCENT ? bytes.toString('latin1', at + 1, at + 3) : '';
    const isEncoded = /^[\da-f]{2}$/i.test(digits);
    bytes[length++] = isEncoded ? Number.parseInt(digits, 16) : (bytes[at] ?? 0);
    if (isEncoded) at += 2;
  }
  return bytes.subarray(0, length);
}

const PERCENT = 0x25;
