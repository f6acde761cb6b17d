/**
 * Kinds of characters that mixing up UTF-8 with a one-byte encoding gives, as parts of character classes.
 * They and the pairs below are those of ftfy 6.3.1 (Apache-2.0), ftfy/badness.py: the reference repairs
 * exactly what it calls bad, and any other choice would give other ids.
 */
const COMMON = '\\xa0\\xad\\xb4\\xb7\\u2013-\\u2015\\u2019\\u2026';
const C1 = '\\x80-\\x9f';
const BAD =
  '\\xa4\\xa6\\xa8\\xaa\\xac\\xaf\\xb8\\xba\\u0192\\u02c6\\u02c7\\u02d8\\u02db\\u02dc\\u2020\\u2021\\u2030\\u2310\\u25ca\\ufffd';
const LAW = '\\xa7\\xb6';
const CURRENCY = '\\xa2\\xa3\\xa5\\u20a7\\u20ac';
const START = '\\xa1\\xa9\\xab\\xbf\\u0384\\u0385\\u2018\\u201a\\u201c\\u201e\\u2022\\u2039\\uf8ff';
const END = '\\xae\\xbb\\u02dd\\u201d\\u203a\\u2122';
const NUMERIC =
  '\\xb1-\\xb3\\xb5\\xb9\\xbc-\\xbe\\xd7\\xf7\\u2044\\u2116\\u2202\\u2206\\u220f\\u2211\\u221a\\u221e\\u2229\\u222b\\u2248\\u2260\\u2261\\u2264\\u2265';
/** Letters that faces are made of. */
const KAOMOJI = '\\xb0\\xd2-\\xd6\\xd9-\\xdc\\xf2-\\xf6\\xf8-\\xfc\\u014c\\u0150\\u016a\\u0172';
const UPPER =
  '\\xc0-\\xd1\\xd8\\xdc\\xdd\\u0100\\u0102\\u0104\\u0106\\u010c\\u010e\\u0110\\u0112\\u0116\\u0118\\u011a\\u011e\\u0122\\u012a\\u0130\\u0136\\u0139\\u013b\\u013d\\u0141\\u0143\\u0145\\u0147\\u0152\\u0158\\u015a\\u015e\\u0160\\u0162\\u0164\\u016e\\u0170\\u0178\\u0179\\u017b\\u017d\\u0490';
const LOWER =
  '\\xdf-\\xf1\\xfc\\u0101\\u0103\\u0105\\u0107\\u010d\\u010f\\u0111\\u0113\\u0117\\u0119\\u011b\\u011f\\u0123\\u012b\\u012f\\u0137\\u013a\\u013c\\u013e\\u0142\\u0153\\u0155\\u015b\\u015f\\u0161\\u0165\\u017a\\u017c\\u017e\\u0491\\ufb01\\ufb02';
const UPPER_COMMON =
  '\\xde\\u0386\\u0388-\\u038a\\u038c\\u038e\\u038f\\u0391-\\u03ab\\u0401-\\u042f';
const LOWER_COMMON = '\\u03ac-\\u03c9\\u0430-\\u045f';
const BOX =
  '\\u2502\\u250c\\u2510\\u2518\\u251c\\u2524\\u252c\\u253c\\u2550-\\u256c\\u2580\\u2584\\u2588\\u258c\\u2590-\\u2593';
/** Python's `\s` and `\w`. */
const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const WORD = '\\p{L}\\p{N}_';

const ODD = BOX + START + END + CURRENCY + NUMERIC + LAW;
const OF_CYRILLIC = C1 + BAD + START + END + CURRENCY + '\\xb0\\xb5';
const OF_ARABIC = COMMON + CURRENCY + BAD + NUMERIC + START + 'ŸŠ®°µ»';

const BADNESS = new RegExp(
  [
    `[${C1}]`,
    `[${BAD}${LOWER}${UPPER}${ODD}][${BAD}]`,
    `[a-zA-Z][${LOWER_COMMON}${UPPER_COMMON}][${BAD}]`,
    `[${BAD}][${LOWER}${UPPER}${ODD}]`,
    `[${LOWER}${LOWER_COMMON}${BOX}${END}${CURRENCY}${NUMERIC}][${UPPER}]`,
    `[${BOX}${END}${CURRENCY}${NUMERIC}][${LOWER}]`,
    `[${LOWER}${BOX}${END}][${CURRENCY}]`,
    `[${SPACE}][${UPPER}][${CURRENCY}]`,
    `[${UPPER}${BOX}][${NUMERIC}${LAW}]`,
    `[${LOWER}${UPPER}${BOX}${CURRENCY}${END}][${START}][${NUMERIC}]`,
    `[${LOWER}${UPPER}${CURRENCY}${NUMERIC}${BOX}${LAW}][${END}][${START}]`,
    `[${CURRENCY}${NUMERIC}${BOX}][${START}]`,
    `[a-z][${UPPER}][${START}${CURRENCY}]`,
    `[${BOX}][${KAOMOJI}]`,
    `[${LOWER}${UPPER}${CURRENCY}${NUMERIC}${START}${END}${LAW}][${BOX}]`,
    `[${BOX}][${END}]`,
    `[${LOWER}${UPPER}][${START}${END}][${WORD}]`,
    // A ligature that no letter follows.
    '[Œœ][^A-Za-z]',
    `[${UPPER}]°`,
    // Windows-1252 in pairs, Arabic in two pairs, and scripts of South Asia.
    `[ÂÃÎÐ][€œŠš¢£Ÿž\\xa0\\xad®©°·»${START}${END}–—´]`,
    '×[²³]',
    `[ØÙ][${OF_ARABIC}][ØÙ][${OF_ARABIC}]`,
    'à[²µ¹¼½¾]',
    // Mac OS Roman.
    '√[±∂†≠®™´≤≥¥µø]',
    '≈[°¢]',
    '‚Ä[ìîïòôúùû†°¢π]',
    '‚[âó][àä°ê]',
    // Windows-1251.
    'вЂ',
    `[ВГРС][${OF_CYRILLIC}][ВГРС]`,
    'ГўВЂВ.[A-Za-z ]',
    // An à, an á, or a space that does not break.
    'Ã[\\xa0¡]',
    `[a-z][${SPACE}]?[ÃÂ][ ]`,
    '^[ÃÂ][ ]',
    `[a-z.,?!${END}]Â[ ${START}${END}]`,
    // Windows-1253 and 1257.
    'β€[™\\xa0Ά\\xad®°]',
    `[ΒΓΞΟ][${C1}${BAD}${START}${END}${CURRENCY}°][ΒΓΞΟ]`,
    'ā€',
  ].join('|'),
  'u',
);

/** Whether a text holds characters side by side that hardly anybody writes, as `cafÃ©` does. */
export function isBad(text: string): boolean {
  return BADNESS.test(text);
}
// cspell:ignore ÂÃÎÐ ìîïòôúùû ВГРС ΒΓΞΟ
