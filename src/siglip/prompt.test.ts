// cspell:ignore icecream
import fc from 'fast-check';
import { canonicalPrompt, DEFAULT_TEMPLATE, parseTemplate, TEMPLATE_CHARS_MAX } from './prompt.js';

function prompt(template: string, label: string): string {
  return canonicalPrompt(parseTemplate(template), label, 'canonicalize');
}

test.each([
  [DEFAULT_TEMPLATE, 'cat', 'this is a photo of cat'],
  ['a photo of {label}', 'a Dog', 'a photo of a dog'],
  ['{}', 'Ice-Cream', 'icecream'],
  ['{label}', 'cat', 'cat'],
  ['{} in the snow', 'dog', 'dog in the snow'],
  ['This is a photo of {}', 'cat', 'this is a photo of cat'],
])('%j with %j', (template, label, wanted) => {
  expect(prompt(template, label)).toBe(wanted);
});

test('a label that looks like a placeholder or a pattern is only text', () => {
  expect(prompt('a {} b', '{}')).toBe('a b');
  expect(prompt('a {label} b', '$& $1 $` {label}')).toBe('a 1 label b');
});

test('prompts that differ in case, punctuation and spaces only are one', () => {
  expect(prompt('A photo of {}.', ' Red   Car!')).toBe(prompt('a photo of {label}', 'red car'));
});

test.each([
  ['a photo', 'has no place for the label'],
  ['', 'has no place for the label'],
  ['{ {', 'has no place for the label'],
  ['{} and {}', '2 placeholders'],
  ['{label} and {}', '2 placeholders'],
  ['{} of {name}', '2 placeholders'],
  ['{name}', 'placeholder is {name}'],
  ['{Label}', 'placeholder is {Label}'],
  ['{ }', 'placeholder is { }'],
  [`{}${'a'.repeat(TEMPLATE_CHARS_MAX)}`, `at most ${String(TEMPLATE_CHARS_MAX)}`],
])('%j is refused: %s', (template, message) => {
  expect(() => parseTemplate(template)).toThrow(message);
});

test('any template is read or refused, and what is around the placeholder is kept', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
      fc.pre(!/[{}]/.test(before + after));
      expect(parseTemplate(`${before}{}${after}`)).toEqual({ before, after });
      expect(() => parseTemplate(before + after)).toThrow('no place for the label');
    }),
  );
});
