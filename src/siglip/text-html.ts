// cspell:ignore EACUTE notit
import { decodeHTML, decodeHTMLStrict } from 'entities';

/** What may stand for a character; a name takes at most 32 (Python's Lib/html/__init__.py). */
const REFERENCE = /&(?:#(\d+);?|#[xX]([\da-fA-F]+);?|[^\t\n\f <&#;]{1,32};?)/g;

/** Latin-1's control characters 0x80 to 0x9f mean Windows-1252 to every browser. */
export const WINDOWS_1252 = new TextDecoder('windows-1252');

const CODE_POINT_MAX = 0x10ffff;

/**
 * Python's `html.unescape`: one level, references without `;` included. Linear in the text. It drops the
 * numbers of characters that are none, where browsers and the library keep them.
 */
export function unescapeHtml(text: string): string {
  return text.replace(REFERENCE, (whole, decimal?: string, hex?: string) => {
    if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10));
    if (hex !== undefined) return characterOf(Number.parseInt(hex, 16));
    return decodeHTML(whole);
  });
}

/** HTML, 13.2.5.80: what the numbers mean that are no character. */
function characterOf(code: number): string {
  if (code === 0 || code > CODE_POINT_MAX || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  if (code === 0x0d) return '\r';
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252.decode(Uint8Array.of(code));
  const isNoCharacter = (code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef);
  const isControl = code < 0x20 && !(code >= 0x09 && code <= 0x0c && code !== 0x0b);
  return isNoCharacter || isControl || code === 0x7f ? '' : String.fromCodePoint(code);
}

/**
 * ftfy's narrower idea of it: names with their `;` only, and those in capitals that HTML does not know
 * (`&EACUTE;`).
 */
export function unescapeHtmlStrictly(text: string): string {
  return text.replace(/&#?[\dA-Za-z]{1,24};/g, (reference) => {
    if (reference.startsWith('&#')) {
      const unescaped = unescapeHtml(reference);
      return unescaped.includes(';') ? reference : unescaped;
    }
    const exact = decodeHTMLStrict(reference);
    if (exact !== reference || unescapeHtml(reference) !== reference) return exact;
    const small = decodeHTMLStrict(reference.toLowerCase());
    const isShouted = reference === reference.toUpperCase() && small !== reference.toLowerCase();
    return isShouted ? small.toUpperCase() : reference;
  });
}
