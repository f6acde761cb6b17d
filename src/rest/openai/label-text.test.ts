import { labelsOfText } from './label-text.js';

test.each([
  ['Which of these is it: cat, dog or bird?', ['cat', 'dog', 'bird']],
  ['labels:red circle;green heart|blue square', ['red circle', 'green heart', 'blue square']],
  ['First: look. Then choose: "a cat", \'a dog\', or “a bird”.', ['a cat', 'a dog', 'a bird']],
  [
    'Pick one:\n- red circle\n- green heart, filled\n* a: b\n',
    ['red circle', 'green heart, filled', 'a: b'],
  ],
  ['1. cat\n2) dog\nAnswer with one word.', ['cat', 'dog']],
  ['Choose from:\ncat\ndog', ['cat', 'dog']],
  ['cat, dog, and bird', ['cat', 'dog', 'bird']],
  ['cat OR dog', ['cat', 'dog']],
  ['cat, dog, cat', ['cat', 'dog']],
  ['Is it this: cat?', ['cat']],
  ['an orange, a doctor', ['an orange', 'a doctor']],
])('%j holds %j', (text, labels) => {
  expect(labelsOfText(text)).toEqual(labels);
});

test.each(['', 'What is in this picture?', 'Choose from: ', ': ,;|?', '  \n '])(
  '%j holds no labels',
  (text) => {
    expect(labelsOfText(text)).toEqual([]);
  },
);

test('a megabyte of spaces, stops and quotes is read at once', () => {
  const startedAt = performance.now();
  for (const filler of [' ', '.', '"', '\n', ' or', ':', '- ']) {
    expect(labelsOfText(`: a${filler.repeat(1_000_000)}z`)).not.toEqual([]);
  }
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
