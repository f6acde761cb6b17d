import { isBad } from './text-badness.js';
import { WINDOWS_1252 } from './text-html.js';

/**
 * Rounds of one repair. ftfy goes on until nothing changes; each round undoes one wrong decoding, and no
 * text has gone through more than a few.
 */
const ROUNDS_MAX = 10;

/** What byte 0x1A stands for in the sloppy encodings: a character that is lost. */
const LOST = 0x1a;
const REPLACEMENT = 0xfffd;

/** IBM's, upper half; browsers do not know it. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xa0';

interface Encoding {
  readonly name: string;
  /** Byte of each character code that it has. */
  readonly bytes: ReadonlyMap<number, number>;
  /** Bytes that mean nothing are themselves, and a lost character is {@link LOST}. */
  readonly sloppy: boolean;
}

/** In the order in which they are tried. */
const ENCODINGS: readonly Encoding[] = [
  encoding('latin-1', (byte) => byte, false),
  ...[
    'windows-1252',
    'windows-1251',
    'windows-1250',
    'windows-1253',
    'windows-1254',
    'windows-1257',
  ].map((name) => encoding(name, decoderOf(name), true)),
  encoding('iso-8859-2', decoderOf('iso-8859-2'), false),
  encoding('macintosh', decoderOf('macintosh'), false),
  encoding('cp437', (byte) => CP437.charCodeAt(byte - 0x80), false),
];

/*
 * Bytes are kept as strings of characters 0 to 255, so that regular expressions go over them. These, and
 * what is done with them, are those of ftfy 6.3.1 (Apache-2.0), ftfy/chardata.py and ftfy/fixes.py.
 */

/** UTF-8 whose byte 0xA0 became a space. */
const ALTERED =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf][\x80-\xbf]|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf][\x80-\xbf] /g;
/** An à alone, and no Portuguese word that begins with it. */
const A_GRAVE = /\xc3 (?! |quele|quela|quilo|s )/g;
/** UTF-8 that lost some bytes. */
const LOSSY =
  // eslint-disable-next-line no-control-regex -- 0x1A is what a lost byte is kept as
  /[\xc2-\xdf]\x1a|[\xc2-\xc3]\?|\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]|[\xe0-\xef][\x1a?][\x1a\x80-\xbf]|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]|[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]|[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]|\x1a/g;
/** Two surrogates of three bytes each (CESU-8), and Java's zero. */
const VARIANTS = /\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]|\xc0\x80/g;

const STRICT_CONTINUATION =
  '\\x80-\\xbf\\xc6\\xd8\\xe6\\xf8\\u0104\\u0105\\u013d\\u013e\\u0141\\u0142\\u0152\\u0153\\u0156\\u0157\\u015a\\u015b\\u015e-\\u0161\\u0164\\u0165\\u0178-\\u017e\\u0192\\u02c6\\u02c7\\u02d8\\u02db-\\u02dd\\u0384-\\u0386\\u0388-\\u038a\\u038c\\u038e\\u038f\\u0401-\\u040c\\u040e\\u040f\\u0451-\\u045c\\u045e\\u045f\\u0490\\u0491\\u2020\\u2021\\u2030\\u2039\\u203a\\u20ac\\u2116\\u2122';
const CONTINUATION = `${STRICT_CONTINUATION} \\u2013-\\u2015\\u2018-\\u201a\\u201c-\\u201e\\u2022\\u2026`;
const FIRST_OF_2 =
  '\\xc2-\\xdf\\u0100\\u0102\\u0106\\u010c\\u010e\\u0110\\u0112\\u0116\\u0118\\u011a\\u011e\\u0122\\u012a\\u0130\\u0136\\u0139\\u013b\\u0141\\u0143\\u0145\\u0147\\u014c\\u0150\\u0158\\u015a\\u015e\\u0160\\u0162\\u016a\\u016e\\u0170\\u0172\\u0179\\u017b\\u017d\\u0392-\\u03a1\\u03a3-\\u03af\\u0412-\\u042f';
const FIRST_OF_3 =
  '\\xe0-\\xef\\u0101\\u0103\\u0105\\u0107\\u010d\\u010f\\u0113\\u0117\\u0119\\u011b\\u0123\\u012b\\u012f\\u0137\\u013a\\u013c\\u0155\\u017a\\u03b0-\\u03bf\\u0430-\\u043f';
const FIRST_OF_4 = '\\xf0\\xf3\\u0111\\u011f\\u0161\\u03c0\\u03c3\\u0440\\u0443';
/** What looks like UTF-8 in the midst of other text. */
const EMBEDDED = new RegExp(
  `(?<![${STRICT_CONTINUATION}])(?:[${FIRST_OF_2}][${CONTINUATION}]|[${FIRST_OF_3}][${CONTINUATION}]{2}|[${FIRST_OF_4}][${CONTINUATION}]{3})+`,
  'g',
);

/**
 * `ftfy.fix_encoding` by its defaults: a text that was UTF-8 and was decoded as something else, once or
 * several times, becomes what it was (`cafÃ©` → `café`). What does not look like that stays.
 */
export function fixEncoding(text: string): string {
  let current = text;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (!isBad(current)) break;
    const next = fixOnce(current);
    if (next === current) break;
    current = next;
  }
  return current;
}

/** Latin-1's control characters 0x80 to 0x9f are Windows-1252 to every browser. */
export function fixC1Controls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (c) => C1_CONTROLS[c.charCodeAt(0) - 0x80] ?? c);
}

const C1_CONTROLS = WINDOWS_1252.decode(Uint8Array.from({ length: 0x20 }, (_, at) => 0x80 + at));

function fixOnce(text: string): string {
  for (const one of ENCODINGS) {
    const fixed = decodedAnew(text, one);
    if (fixed !== undefined) return fixed;
  }
  const fixed = text.replace(EMBEDDED, (part) =>
    part.length < text.length && isBad(part) ? fixEncoding(part) : part,
  );
  return fixed === text ? fixC1Controls(text) : fixed;
}

/** The text in the bytes of this encoding, read as UTF-8; undefined when it is not in it, or they are not. */
function decodedAnew(text: string, { name, bytes, sloppy }: Encoding): string | undefined {
  let raw = '';
  for (let at = 0; at < text.length; at++) {
    const byte = bytes.get(text.charCodeAt(at));
    if (byte === undefined) return undefined;
    raw += String.fromCharCode(byte);
  }
  // In Mac OS Roman it would be a dash before a space.
  if (name !== 'macintosh' && raw.search(ALTERED) >= 0) {
    raw = raw
      .replace(A_GRAVE, '\xc3\xa0 ')
      .replace(ALTERED, (sequence) => sequence.replaceAll(' ', '\xa0'));
  }
  if (sloppy) raw = raw.replace(LOSSY, '\xef\xbf\xbd');
  raw = raw.replace(VARIANTS, joinSurrogates);
  try {
    return UTF8.decode(Buffer.from(raw, 'latin1'));
  } catch {
    return undefined;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bits of two surrogates of three bytes each, in the four bytes of UTF-8; or the zero that two stood for. */
function joinSurrogates(sequence: string): string {
  if (sequence.length === 2) return '\0';
  const [, a = 0, b = 0, , c = 0, d = 0] = Buffer.from(sequence, 'latin1');
  const high = ((a & 0x0f) << 16) + ((b & 0x3f) << 10);
  const low = ((c & 0x0f) << 6) + (d & 0x3f);
  return Buffer.from(String.fromCodePoint(0x10000 + high + low)).toString('latin1');
}

/** Character code of a byte; one that means nothing is itself. */
function decoderOf(label: string): (byte: number) => number {
  const decoder = new TextDecoder(label);
  return (byte) => {
    const code = decoder.decode(Uint8Array.of(byte)).charCodeAt(0);
    return code === REPLACEMENT ? byte : code;
  };
}

function encoding(name: string, decode: (byte: number) => number, sloppy: boolean): Encoding {
  const bytes = new Map<number, number>();
  for (let byte = 0; byte < 0x80; byte++) bytes.set(byte, byte);
  for (let byte = 0x80; byte <= 0xff; byte++) bytes.set(decode(byte), byte);
  if (sloppy) {
    bytes.delete(LOST);
    bytes.set(REPLACEMENT, LOST);
  }
  return { name, bytes, sloppy };
}
// cspell:ignore Çüéâäàåçêëèïîì Æôöòûùÿ ƒáíóúñ Σσµτ quele quela quilo
