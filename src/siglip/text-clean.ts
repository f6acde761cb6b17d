import type { TextCleaning } from './model-config.js';
import { unescapeHtml, unescapeHtmlStrictly } from './text-html.js';
import { fixC1Controls, fixEncoding } from './text-mojibake.js';

/**
 * Characters of a cleaned text that are kept. 64 tokens take some 300, and at most about 1000; the rest
 * would cost time in the tokenizer and be read by no model, save behind a longer run of characters that
 * the vocabulary does not have: such a run is one token.
 */
export const CLEAN_CHARS_MAX = 2048;

/**
 * Rounds of repairs. ftfy repeats them until nothing changes, which for `&amp;amp;amp;…` takes time that
 * grows with the square of the text.
 */
const ROUNDS_MAX = 10;

/** Python's, as `str.split` takes it; JavaScript's lacks the next-line character and adds U+FEFF. */
const WHITESPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** The 32 of ASCII, which Python calls `string.punctuation`; other punctuation stays. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** As `re` of Python takes `\s`: with the separators of ASCII. */
const WHITESPACE_OF_RE = new RegExp(
  `[\\t-\\r${String.fromCharCode(0x1c)}- \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+`,
  'g',
);

/**
 * Cleans a text as the reference of its model does ({@link TextCleaning}).
 *
 * @returns at most {@link CLEAN_CHARS_MAX} characters, well-formed; nothing but spaces where the model reads nothing
 */
export function cleanText(text: string, cleaning: TextCleaning): string {
  return CLEANERS[cleaning](text);
}

const CLEANERS: Readonly<Record<TextCleaning, (text: string) => string>> = {
  canonicalize: canonicalText,
  siglip: siglipText,
  lower: (text) => bounded(text.toLowerCase()),
  'whitespace-lower': (text) =>
    bounded(
      unescapeHtml(unescapeHtml(repair(text)))
        .replace(WHITESPACE, ' ')
        .trim()
        .toLowerCase(),
    ),
  clip: clipText,
};

/**
 * Cleans a text as open_clip does for SigLIP: `clean="canonicalize"`
 * (src/open_clip/tokenizer.py), which repairs with ftfy 6.3, unescapes HTML twice, makes `_` a space,
 * drops ASCII punctuation, lowercases, and makes all whitespace single spaces.
 *
 * Linear in the text. Cleaning the result again may change it: `&#x5f;` and the like.
 *
 * @returns at most {@link CLEAN_CHARS_MAX} characters, well-formed
 */
export function canonicalText(text: string): string {
  const unescaped = unescapeHtml(unescapeHtml(repair(text)));
  const canonical = unescaped
    .replaceAll('_', ' ')
    .replace(PUNCTUATION, '')
    .toLowerCase()
    .replace(WHITESPACE, ' ')
    .trim();
  // Cut inside of a pair, half a character would be left.
  return canonical.slice(0, CLEAN_CHARS_MAX).replace(LONE_SURROGATE, '').trim();
}

/**
 * As transformers' `SiglipTokenizer.canonicalize_text`, which gets the text behind SentencePiece's mark for a space:
 * spaces at its beginning are one, not none.
 */
function siglipText(text: string): string {
  const spaced = text.replaceAll('▁', ' ').toLowerCase().replace(PUNCTUATION, '');
  return bounded(`▁${spaced}`.replace(WHITESPACE_OF_RE, ' ').replace(/ $/, '').slice(1));
}

/** The normalizer of transformers' `CLIPTokenizer`; Rust lowers each character by itself, a sigma at an end as well. */
function clipText(text: string): string {
  const spaced = text
    .slice(0, CLEAN_CHARS_MAX)
    .normalize('NFC')
    .replace(/\p{White_Space}+/gu, ' ');
  return bounded(Array.from(spaced, (character) => character.toLowerCase()).join(''));
}

function bounded(text: string): string {
  return text.slice(0, CLEAN_CHARS_MAX).replace(LONE_SURROGATE, '\ufffd');
}

/**
 * `ftfy.fix_text` by its defaults, line by line: what is broken in one says nothing of the others. Up to the
 * line with a `<`, which may be HTML on purpose, character references are resolved, however often they
 * were escaped.
 */
function repair(text: string): string {
  let isPlain = true;
  return text.replace(LINE, (line) => {
    isPlain &&= !line.includes('<');
    if (SOUND.test(line)) return line;
    return repeatedly(line, isPlain ? repairAll : repairCharacters);
  });
}

const LINE = /[^\n]*\n|[^\n]+/g;
/** What no repair changes: most lines, and those that would otherwise take the time. */
const SOUND = /^[\t\n\f -%'-~]*$/;

const repairAll = (text: string) => repairCharacters(unescapeHtmlStrictly(text));

function repeatedly(text: string, step: (text: string) => string): string {
  let current = text;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const next = step(current);
    if (next === current) break;
    current = next;
  }
  return current;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
const LATIN_LIGATURES = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\ufb00-\ufb06]/g;
const ANSI_ESCAPE = new RegExp(`${String.fromCharCode(0x1b)}\\[[\\d;]*[a-zA-Z]`, 'g');
/** Not whitespace, and not the joiners and marks that shape other characters. */
const CONTROL = /(?![\t\n\f\r\u0080-\u009f])\p{Cc}|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

/** ftfy/fixes.py, in its order. */
function repairCharacters(text: string): string {
  return fixC1Controls(fixEncoding(text))
    .replace(LATIN_LIGATURES, ligature)
    .replace(/[\u3000\uff01-\uffef]/g, (c) => c.normalize('NFKC'))
    .replace(/[\u201c-\u201f]/g, '"')
    .replace(/[\u02bc\u2018-\u201b]/g, "'")
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(ANSI_ESCAPE, '')
    .replace(CONTROL, '')
    .normalize('NFC');
}

/** Taken apart one level only: the long s of U+FB05 stays long. */
function ligature(character: string): string {
  return character === '\ufb05' ? '\u017ft' : character.normalize('NFKC');
}
