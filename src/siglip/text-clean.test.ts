// cspell:ignore notit notin ampx xdfff xfffe xfdd fjlig
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { canonicalText, CLEAN_CHARS_MAX } from './text-clean.js';
import { unescapeHtml } from './text-html.js';

interface Prompts {
  readonly texts: readonly { readonly text: string; readonly canonical: string }[];
}

const FIXTURE = path.resolve(import.meta.dirname, '../../test/fixtures/prompts.json');
const prompts = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Prompts;

test.each(prompts.texts.map(({ text, canonical }) => [text, canonical]))(
  '%j is cleaned as in the reference',
  (text, canonical) => {
    expect(canonicalText(text)).toBe(canonical);
  },
);

/** Written by mojibake.py beside it, from ftfy 6.3.1: of 100,000 others, none differed either. */
test('what was decoded with the wrong encoding is repaired as in the reference', () => {
  const fixture = path.join(path.dirname(FIXTURE), 'mojibake.json');
  const texts = JSON.parse(readFileSync(fixture, 'utf8')) as Prompts['texts'];
  expect(texts).toHaveLength(600);
  const cleaned = texts.map(({ text }) => ({ text, canonical: canonicalText(text) }));
  expect(cleaned).toEqual(texts);
});

test.each([
  ['a photo of a cafÃ©', 'a photo of a café'],
  ['schÃƒÂ¶n', 'schön'],
  ['itâ€™s a dogâ€™s life', 'its a dogs life'],
  ['Ð¤Ð¾Ñ‚Ð¾', 'фото'],
  ['voilÃ le travail', 'voilà le travail'],
  ['í\xa0½í¸\x80', '😀'],
  ['São Paulo', 'são paulo'],
])('%j is %j', (text, canonical) => {
  expect(canonicalText(text)).toBe(canonical);
});

/** big_vision, evaluators/proj/image_text/prompt_engineering_test.py. */
test.each([
  ['test_test', 'test test'],
  ['test.', 'test'],
  ['test\ntest', 'test test'],
  ['test {}', 'test'],
])('%j is %j as in big_vision', (text, canonical) => {
  expect(canonicalText(text)).toBe(canonical);
});

test('what is cleaned is short, well-formed, and has single spaces only', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('&amp;', '&#', '&#x', '\ud83d', '\ude00', '<', '\u001b[', 'ﬁ', '\u200d', '_'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const cleaned = canonicalText(parts.join(''));
      expect(cleaned.length).toBeLessThanOrEqual(CLEAN_CHARS_MAX);
      expect(cleaned).not.toMatch(/\p{Surrogate}|\s\s|^\s|\s$|[!-/:-@[-`{-~]/u);
    }),
  );
});

/*
 * Each would take minutes or more where the work grows with the square of the text. They take
 * milliseconds; the limit of a whole test is what would fail.
 */
test.each([
  'a',
  ' ',
  '_',
  '&',
  '<',
  'amp;',
  '&amp;',
  '&#',
  '&#9',
  '😀',
  'e\u0301',
  '\u0301',
  '\u001b[',
  '\u001b[1;',
  'ﬁ',
  '\r',
  '\n',
  '\n&',
  'Ã',
  'Ã©',
  'ÃƒÂ©',
  'â€',
  'Ã ',
  '\u0080',
  '\ud83d',
])('a megabyte of %j is cleaned', (unit) => {
  const text = `&${unit.repeat(1_000_000 / unit.length)}`;
  expect(canonicalText(text).length).toBeLessThanOrEqual(CLEAN_CHARS_MAX);
});

test('a cut leaves no half of a character', () => {
  expect(canonicalText(`a${'😀'.repeat(CLEAN_CHARS_MAX)}`)).toMatch(/^a(?:😀)+$/u);
});

test.each([
  ['&notit; &notin; &ampx &copy2', '¬it; ∉ &x ©2'],
  ['&#65;&#x42;&#67 &#xZ;', 'ABC &#xZ;'],
  ['&#128;&#x9f;&#13;&#0;&#xdfff;&#x110000;', '€Ÿ\r\ufffd\ufffd\ufffd'],
  ['&#1;&#x7f;&#xfffe;&#xfdd0;&#9;', '\t'],
  ['&NewLine;&Tab;&fjlig;&bne;', '\n\tfj=\u20e5'],
  ['&unknown; &; & &&amp;', '&unknown; &; & &&'],
])('%j is unescaped as by browsers', (text, wanted) => {
  expect(unescapeHtml(text)).toBe(wanted);
});
// cspell:ignore schön dogâ фото voil
